// The whole memory of one case: operands, results and the gaps between them.
//
// Whatever is not an operand is a NaN with a payload of its own, so that a loop which reads too far has a NaN in its result,
// and one which writes too far is found. After the loop has run, each element is either within its bound of the expected
// value or has its old bits.
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

/// Begins a case: frees the whole memory. The words name the case if it fails.
void beginCase(const char *format, ...) __attribute__((format(printf, 1, 2)));

/// Where rows of elements are in memory: in panels, `[block][row][vector][lane]`, or one after the other, which is the same
/// with panels that are `lanes` apart.
typedef struct {
  size_t first, row, panel;
  /// Elements that a row has of each vector's columns; there are zeros past them.
  size_t columns;
} Layout;

/// A matrix, with a gap behind each row.
Layout matrix(size_t rows, size_t columns);
/// Panels of `[row][vector][lane]` for the blocks of `units`, with a gap behind each panel.
Layout panels(size_t rows, size_t vectors, size_t units);
/// The same without gaps, as for weights and biases.
Layout packedPanels(size_t rows, size_t vectors, size_t units);
/// `count` elements, one after the other.
Layout elements(size_t count);

/// The index of the element in column `column` of a vector.
size_t indexOf(Layout layout, size_t row, size_t vector, size_t column);
/// That element as an operand; zero past the last column.
Bounded operand(Layout layout, size_t row, size_t vector, size_t column);
/// Sets the value that the loop must leave there.
void expect(Layout layout, size_t row, size_t vector, size_t column, Bounded value);

void setValue(size_t index, double value);
double valueAt(size_t index);
void expectAt(size_t index, Bounded value);
void *pointerTo(size_t index);
/// `pointer` advanced by `count` elements; NULL stays NULL.
void *moved(const void *pointer, ptrdiff_t count);

/// Random operands between `least` and 1 in all rows and vectors of a layout.
void fill(Layout layout, size_t rows, size_t vectors, double least);

/// Runs a loop and checks all memory. If `pieces` is not NULL, it then computes the same result in pieces from the same
/// operands, which must have the same bits.
void check(void (*run)(const void *context), void (*pieces)(const void *context), const void *context);

/// Number of cases so far, and of those that failed.
extern size_t cases, failures;

/// Between -1 and 1.
double randomNumber(void);
/// From 0 up to but not including `count`.
size_t randomIndex(size_t count);
bool randomChoice(void);
static inline size_t blocksOf(size_t units) { return (units + subject.loops->lanes - 1) / subject.loops->lanes; }
