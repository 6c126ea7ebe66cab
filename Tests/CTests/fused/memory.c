#include "memory.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { capacity = 1 << 18, gap = 17, maxLines = 20 };

Subject subject;
double roundoff;
size_t cases = 0, failures = 0;

static _Alignas(64) unsigned char memory[capacity * sizeof(double)];
static unsigned char before[sizeof memory], whole[sizeof memory];
static Bounded expected[capacity];
static bool isExpected[capacity];
static size_t used;
static char caseName[160];

void begin(const CFKLoops *loops, const char *set, bool isDouble) {
  subject = (Subject){
    .set = set, .type = isDouble ? "Double" : "Float", .loops = isDouble ? &loops->doubleCells : &loops->floatCells,
    .elementBytes = isDouble ? sizeof(double) : sizeof(float)
  };
  roundoff = 1.001 * (isDouble ? 0x1p-52 : 0x1p-24);
}

void beginCase(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(caseName, sizeof caseName, format, arguments);
  va_end(arguments);
  used = 0;
  elements(0);
}

void *pointerTo(size_t index) { return memory + index * subject.elementBytes; }

void *moved(const void *pointer, ptrdiff_t count) {
  return pointer == NULL ? NULL : (unsigned char *)pointer + count * (ptrdiff_t)subject.elementBytes;
}

void setValue(size_t index, double value) {
  const float narrow = (float)value;
  memcpy(pointerTo(index), subject.elementBytes == 4 ? (const void *)&narrow : &value, subject.elementBytes);
}

double valueAt(size_t index) {
  float narrow;
  double value;
  if (subject.elementBytes == 8) {
    memcpy(&value, pointerTo(index), sizeof value);
    return value;
  }
  memcpy(&narrow, pointerTo(index), sizeof narrow);
  return narrow;
}

/// A NaN with its index as payload.
static void writeGuard(size_t index) {
  const uint32_t narrow = 0x7FC00000u | (uint32_t)index;
  const uint64_t wide = 0x7FF8000000000000u | index;
  memcpy(pointerTo(index), subject.elementBytes == 4 ? (const void *)&narrow : &wide, subject.elementBytes);
}

static size_t reserve(size_t count) {
  const size_t first = used;
  used += count + gap;
  if (used > capacity) {
    fprintf(stderr, "%s does not fit the memory\n", caseName);
    exit(1);
  }
  for (size_t i = first; i < used; i += 1) {
    writeGuard(i);
    isExpected[i] = false;
  }
  return first;
}

Layout matrix(size_t rows, size_t columns) {
  const size_t stride = columns + 3;
  return (Layout){reserve(rows * stride), stride, subject.loops->lanes, columns};
}

static Layout panelsApart(size_t rows, size_t vectors, size_t units, size_t apart) {
  const size_t lanes = subject.loops->lanes, blocks = blocksOf(units);
  const size_t row = vectors * lanes, panel = rows * row + apart;
  return (Layout){reserve(blocks * panel), row, panel, blocks * lanes};
}

Layout panels(size_t rows, size_t vectors, size_t units) { return panelsApart(rows, vectors, units, 5); }
Layout packedPanels(size_t rows, size_t vectors, size_t units) { return panelsApart(rows, vectors, units, 0); }
Layout elements(size_t count) { return (Layout){reserve(count), count, subject.loops->lanes, count}; }

size_t indexOf(Layout layout, size_t row, size_t vector, size_t column) {
  const size_t lanes = subject.loops->lanes;
  return layout.first + column / lanes * layout.panel + row * layout.row + vector * lanes + column % lanes;
}

Bounded operand(Layout layout, size_t row, size_t vector, size_t column) {
  return exactly(column < layout.columns ? valueAt(indexOf(layout, row, vector, column)) : 0);
}

void expectAt(size_t index, Bounded value) {
  expected[index] = value;
  isExpected[index] = true;
}

void expect(Layout layout, size_t row, size_t vector, size_t column, Bounded value) {
  if (column < layout.columns) expectAt(indexOf(layout, row, vector, column), value);
}

void fill(Layout layout, size_t rows, size_t vectors, double least) {
  for (size_t row = 0; row < rows; row += 1) {
    for (size_t vector = 0; vector < vectors; vector += 1) {
      for (size_t column = 0; column < layout.columns; column += 1) {
        const double value = least + (1 - least) * (randomNumber() + 1) / 2;
        setValue(indexOf(layout, row, vector, column), value);
      }
    }
  }
}

static void fail(const char *what, size_t index, double found, double wanted, double bound) {
  failures += 1;
  if (failures > maxLines) return;
  printf(
    "FAIL %s %s, %s: %s at element %zu: %.9g, not %.9g; off by %.3g, at most %.3g\n", subject.set, subject.type,
    caseName, what, index, found, wanted, fabs(found - wanted), bound);
}

void check(void (*run)(const void *), void (*pieces)(const void *), const void *context) {
  const size_t bytes = used * subject.elementBytes;
  cases += 1;
  memcpy(before, memory, bytes);
  run(context);
  // One line for each case is enough, hence the returns.
  for (size_t i = 0; i < used; i += 1) {
    const size_t offset = i * subject.elementBytes;
    const double found = valueAt(i);
    if (isExpected[i]) {
      // Written so that NaN counts as an error.
      if (fabs(found - expected[i].value) <= expected[i].error) continue;
      return fail("result", i, found, expected[i].value, expected[i].error);
    }
    if (memcmp(memory + offset, before + offset, subject.elementBytes) != 0) {
      return fail("wrote where nothing is expected", i, found, NAN, 0);
    }
  }
  if (pieces == NULL) return;
  memcpy(whole, memory, bytes);
  memcpy(memory, before, bytes);
  pieces(context);
  if (memcmp(memory, whole, bytes) == 0) return;
  size_t i = 0;
  while (memcmp(memory + i * subject.elementBytes, whole + i * subject.elementBytes, subject.elementBytes) == 0) i += 1;
  const double found = valueAt(i);
  memcpy(memory, whole, bytes);
  fail("other bits in pieces", i, found, valueAt(i), 0);
}

// SplitMix64 (Steele, Lea, Flood 2014): the same numbers in every run.
static uint64_t randomBits(void) {
  static uint64_t state = 13;
  uint64_t bits = state += 0x9E3779B97F4A7C15u;
  bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9u;
  bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EBu;
  return bits ^ (bits >> 31);
}

double randomNumber(void) { return (double)(int64_t)randomBits() * 0x1p-63; }
size_t randomIndex(size_t count) { return (size_t)(randomBits() % count); }
bool randomChoice(void) { return randomIndex(2) == 1; }
