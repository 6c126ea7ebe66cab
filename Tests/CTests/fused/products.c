#include "products.h"

#include "memory.h"

static void runPackedProduct(const void *product) { subject.loops->packedProduct(product); }

/// A product in two parts, the second of which has the last rows.
static void runPackedRows(const void *context) {
  CFKPackedProduct product = *(const CFKPackedProduct *)context;
  const size_t rows = product.rows, cut = rows / 3;
  product.rows = cut;
  subject.loops->packedProduct(&product);
  product.rows = rows - cut;
  product.a = moved(product.a, (ptrdiff_t)(cut * product.aRow));
  product.start = moved(product.start, (ptrdiff_t)(cut * product.startRow));
  product.c = moved(product.c, (ptrdiff_t)(cut * product.cRow));
  subject.loops->packedProduct(&product);
}

typedef enum { startZero, startElsewhere, startSame, startRepeated, startKinds } Start;

static void checkPackedProduct(size_t rows, size_t vectors, size_t last, size_t runs, size_t runLength) {
  const size_t lanes = subject.loops->lanes, columns = (vectors - 1) * lanes + last;
  const Start kind = (Start)randomIndex(startKinds);
  const bool isInPanels = randomChoice();
  beginCase(
    "packedProduct, %zu rows, %zu vectors, %zu elements of the last, %zu runs of %zu, start %d, in panels %d", rows,
    vectors, last, runs, runLength, kind, isInPanels);
  Layout c = isInPanels ? panels(rows, 1, columns) : matrix(rows, columns);
  c.columns = columns;
  Layout start = c;
  if (kind == startElsewhere) {
    start = matrix(rows, columns);
  } else if (kind == startRepeated) {
    start = elements(columns);
    start.row = 0;
  }
  if (kind != startZero) fill(start, rows, 1, -1);
  const size_t runStride = runLength + 2, aRow = runs * runStride + 1;
  const Layout a = elements(rows * aRow), b = elements(runs * runLength * vectors * lanes);
  fill(b, 1, 1, -1);
  for (size_t row = 0; row < rows; row += 1) {
    for (size_t run = 0; run < runs; run += 1) {
      for (size_t k = 0; k < runLength; k += 1) setValue(a.first + row * aRow + run * runStride + k, randomNumber());
    }
  }

  for (size_t row = 0; row < rows; row += 1) {
    for (size_t column = 0; column < columns; column += 1) {
      Bounded sum = kind == startZero ? exactly(0) : operand(start, row, 0, column);
      for (size_t run = 0; run < runs; run += 1) {
        for (size_t k = 0; k < runLength; k += 1) {
          const double factor = valueAt(b.first + (run * runLength + k) * vectors * lanes + column);
          sum = multiplyAdd(exactly(valueAt(a.first + row * aRow + run * runStride + k)), exactly(factor), sum);
        }
      }
      expect(c, row, 0, column, sum);
    }
  }
  const CFKPackedProduct product = {
    .rows = rows, .a = pointerTo(a.first), .aRow = aRow, .runs = runs, .runLength = runLength, .runStride = runStride,
    .b = pointerTo(b.first), .vectors = vectors, .start = kind == startZero ? NULL : pointerTo(start.first),
    .startRow = start.row, .startVector = start.panel, .c = pointerTo(c.first), .cRow = c.row, .cVector = c.panel,
    .lastCount = last
  };
  check(runPackedProduct, runPackedRows, &product);
}

void checkPackedProducts(size_t rows) {
  for (size_t vectors = 1; vectors <= 4; vectors += 1) {
    for (size_t last = 1; last <= subject.loops->lanes; last += 1) {
      for (size_t runs = 1; runs <= 3; runs += 1) {
        checkPackedProduct(rows, vectors, last, runs, 1);
        checkPackedProduct(rows, vectors, last, runs, 5);
      }
    }
  }
}

static void runOuterProduct(const void *product) { subject.loops->outerProduct(product); }

/// An outer product in two parts, the second of which has the last blocks.
static void runOuterBlocks(const void *context) {
  CFKOuterProduct product = *(const CFKOuterProduct *)context;
  const size_t last = product.lastBlock, cut = (product.firstBlock + last) / 2;
  product.lastBlock = cut;
  subject.loops->outerProduct(&product);
  product.firstBlock = cut;
  product.lastBlock = last;
  subject.loops->outerProduct(&product);
}

/// Runs of rows of gradients and factors, some of which continue the run before and some of which do not.
typedef struct {
  CFKRowRun runs[3];
  size_t count;
  size_t gradients[3], factors[3];
  ptrdiff_t gradientStep, factorSteps[3];
} Runs;

static Runs cutRuns(size_t rows, Layout gradients, Layout factors, bool rises) {
  Runs runs = {.count = rows < 3 ? 1 : 3, .gradientStep = rises ? 1 : -1};
  size_t done = 0;
  for (size_t i = 0; i < runs.count; i += 1) {
    const size_t count = i + 1 == runs.count ? rows - done : rows * (i + 1) / (runs.count + 1) - done;
    // A row is left out before the last run. Factors may run in either direction and repeat rows.
    const size_t first = done + (i == 2);
    runs.gradients[i] = rises ? first : rows - first;
    runs.factorSteps[i] = randomChoice() ? 1 : -1;
    runs.factors[i] = runs.factorSteps[i] > 0 ? 0 : rows - 1;
    runs.runs[i] = (CFKRowRun){
      .gradients = pointerTo(gradients.first + runs.gradients[i] * gradients.row),
      .factors = pointerTo(factors.first + runs.factors[i] * factors.row), .count = count,
      .factorRow = runs.factorSteps[i] * (ptrdiff_t)factors.row
    };
    done += count;
  }
  return runs;
}

void checkOuterProduct(size_t units, size_t rows, size_t columns) {
  // The orders of a vanilla cell, of both matrices of a GRU, and of an LSTM.
  static const size_t gateCounts[] = {1, 3, 3, 4};
  static const size_t orders[][4] = {{0}, {1, 2, 0}, {1, 2, 3}, {0, 1, 2, 3}};
  const size_t lanes = subject.loops->lanes, cell = randomIndex(4), gates = gateCounts[cell];
  const size_t vectors = gates == 1 ? 1 : 4;
  const bool rises = randomChoice();
  beginCase(
    "outerProduct, %zu units, %zu rows, %zu columns, %zu gates from vector %zu on, rows %s", units, rows, columns,
    gates, orders[cell][0], rises ? "rise" : "fall");
  const Layout gradients = panels(rows + 1, vectors, units), factors = matrix(rows, columns);
  const Layout c = matrix(gates * units, columns);
  fill(gradients, rows + 1, vectors, -1);
  fill(factors, rows, 1, -1);
  fill(c, gates * units, 1, -1);
  const Runs runs = cutRuns(rows, gradients, factors, rises);
  const size_t blocks = blocksOf(units), first = randomIndex(blocks), last = first + 1 + randomIndex(blocks - first);

  for (size_t gate = 0; gate < gates; gate += 1) {
    for (size_t unit = first * lanes; unit < units && unit < last * lanes; unit += 1) {
      for (size_t column = 0; column < columns; column += 1) {
        Bounded sum = operand(c, gate * units + unit, 0, column);
        for (size_t i = 0; i < runs.count; i += 1) {
          for (size_t k = 0; k < runs.runs[i].count; k += 1) {
            const size_t gradient = runs.gradients[i] + k * (size_t)runs.gradientStep;
            const size_t factor = runs.factors[i] + k * (size_t)runs.factorSteps[i];
            sum = multiplyAdd(
              operand(gradients, gradient, orders[cell][gate], unit), operand(factors, factor, 0, column), sum);
          }
        }
        expect(c, gate * units + unit, 0, column, sum);
      }
    }
  }
  CFKOuterProduct product = {
    .runs = runs.runs, .runCount = runs.count, .firstBlock = first, .lastBlock = last,
    .gradientRow = runs.gradientStep * (ptrdiff_t)gradients.row, .gradientPanel = gradients.panel, .gates = gates,
    .c = pointerTo(c.first), .cRow = c.row, .units = units, .columns = columns
  };
  for (size_t gate = 0; gate < gates; gate += 1) product.gateVector[gate] = orders[cell][gate];
  check(runOuterProduct, runOuterBlocks, &product);
}

typedef struct {
  const void *rows;
  size_t count;
  ptrdiff_t stride;
  size_t vectors;
  void *sums;
} RowSums;

static void runRowSums(const void *context) {
  const RowSums *sums = context;
  subject.loops->addRowSums(sums->rows, sums->count, sums->stride, sums->vectors, sums->sums);
}

void checkRowSums(size_t rows) {
  for (size_t vectors = 1; vectors <= 5; vectors += 1) {
    for (int rises = 0; rises < 2; rises += 1) {
      beginCase("addRowSums, %zu rows, %zu vectors, rows %s", rows, vectors, rises ? "rise" : "fall");
      const size_t columns = vectors * subject.loops->lanes;
      const Layout from = matrix(rows + 1, columns), sums = elements(columns);
      fill(from, rows, 1, -1);
      fill(sums, 1, 1, -1);
      for (size_t column = 0; column < columns; column += 1) {
        Bounded sum = operand(sums, 0, 0, column);
        for (size_t i = 0; i < rows; i += 1) sum = plus(sum, operand(from, rises ? i : rows - 1 - i, 0, column));
        expect(sums, 0, 0, column, sum);
      }
      const size_t first = rises || rows == 0 ? 0 : rows - 1;
      const ptrdiff_t stride = (ptrdiff_t)from.row;
      const RowSums context = {
        pointerTo(indexOf(from, first, 0, 0)), rows, rises ? stride : -stride, vectors, pointerTo(sums.first)
      };
      check(runRowSums, NULL, &context);
    }
  }
}

typedef struct {
  Layout source, target;
  size_t rows, columns;
} Transpose;

static void runTranspose(const void *context) {
  const Transpose *transpose = context;
  subject.loops->transposeRows(
    pointerTo(transpose->source.first), transpose->source.row, transpose->rows, transpose->columns,
    pointerTo(transpose->target.first), transpose->target.row);
}

void checkTransposes(size_t columns) {
  const size_t lanes = subject.loops->lanes;
  for (size_t rows = 1; rows <= lanes; rows += 1) {
    beginCase("transposeRows, %zu rows, %zu columns", rows, columns);
    const Transpose transpose = {matrix(rows, columns), matrix(columns, lanes), rows, columns};
    fill(transpose.source, rows, 1, -1);
    for (size_t column = 0; column < columns; column += 1) {
      for (size_t lane = 0; lane < lanes; lane += 1) {
        expect(
          transpose.target, column, 0, lane, lane < rows ? operand(transpose.source, lane, 0, column) : exactly(0));
      }
    }
    check(runTranspose, NULL, &transpose);
  }
}
