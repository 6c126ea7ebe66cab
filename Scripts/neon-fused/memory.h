// The memory of one case, all of it: operands, results and what lies between them.
//
// Whatever is not an operand is a NaN of its own, so that a loop which reads too far spoils its result, and one which
// writes too far is found. After the loop has run, each element is near what is expected there or has its old bits.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "CFusedKernels.h"
#include "bounded.h"

/// The loops under test.
typedef struct {
  const char *set, *type;
  const CFKCellLoops *loops;
  size_t elementBytes;
} Subject;

extern Subject subject;

/// Begins the use of `subject` for all cases from here on.
void begin(const CFKLoops *loops, const char *set, bool isDouble);

/// Begins a case: forgets all places. The words name it where it fails.
void beginCase(const char *format, ...) __attribute__((format(printf, 1, 2)));

/// Rows of elements, whether they lie in panels, `[block][row][vector][lane]`, or one after the other, which is the
/// same with blocks that lie `lanes` apart.
typedef struct {
  size_t first, row, panel;
  /// Elements that a row has of each vector's columns; there are zeros past them.
  size_t columns;
} Place;

/// A matrix, with a gap behind each row.
Place matrix(size_t rows, size_t columns);
/// Panels of `[row][vector][lane]` for as many blocks as `units` need, with a gap behind each panel.
Place panels(size_t rows, size_t vectors, size_t units);
/// The same without gaps, as weights and biases lie.
Place packedPanels(size_t rows, size_t vectors, size_t units);
/// As many elements, one after the other.
Place elements(size_t count);

/// Where the element of a place is that belongs to a vector's column `column`.
size_t placeOf(Place place, size_t row, size_t vector, size_t column);
/// The element as an operand; zero past the last column.
Bounded operand(Place place, size_t row, size_t vector, size_t column);
/// Says what the loop is to leave there.
void expect(Place place, size_t row, size_t vector, size_t column, Bounded value);

void setValue(size_t index, double value);
double valueAt(size_t index);
void expectAt(size_t index, Bounded value);
void *pointerTo(size_t index);
/// `pointer` moved by as many elements; NULL stays NULL.
void *moved(const void *pointer, ptrdiff_t count);

/// Random operands from -1 up to 1 in all rows and vectors of a place, or from `least` on.
void fill(Place place, size_t rows, size_t vectors, double least);

/// Runs a loop and checks all memory. Where there are `pieces`, starts again with these and wants the same bits.
void check(void (*run)(const void *context), void (*pieces)(const void *context), const void *context);

/// Cases so far, and those that failed.
extern size_t cases, failures;

double randomNumber(void);
/// From 0 up to `count`, exclusively.
size_t randomIndex(size_t count);
bool randomChoice(void);
static inline size_t blocksOf(size_t units) { return (units + subject.loops->lanes - 1) / subject.loops->lanes; }
