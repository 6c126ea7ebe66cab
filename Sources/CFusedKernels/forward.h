// One step of each cell, for one number type: a register tile of products that ends in the gates. See `products.h`.

/// Writes the hidden state of one row and one block, `count` units of it, and the masked one where that is wanted.
ALWAYS_INLINE void Typed(storeHidden)(
  const CFKForwardStep *step, const size_t row, const size_t unit, const Vector hidden
) {
  const size_t count = step->units - unit;
  Scalar *output = (Scalar *)step->outputs + row * step->outputRow + unit;
  if (count >= lanes) store(output, hidden);
  else storeFirst(output, hidden, count);
  if (step->mask == NULL) return;
  const Scalar *mask = (const Scalar *)step->mask + row * step->maskRow + unit;
  Scalar *masked = (Scalar *)step->masked + row * step->maskedRow + unit;
  if (count >= lanes) store(masked, hidden * load(mask));
  else storeFirst(masked, hidden * loadFirst(mask, count), count);
}

ALWAYS_INLINE Vector Typed(loadUnits)(const Scalar *row, const size_t unit, const size_t units) {
  return units - unit >= lanes ? load(row + unit) : loadFirst(row + unit, units - unit);
}

/// LSTM (Hochreiter & Schmidhuber 1997; Gers et al. 2000): gates i f g o.
ALWAYS_INLINE void Typed(lstmTile)(const int M, const CFKForwardStep *step, const size_t block, const size_t row) {
  Vector sums[MOST_ROWS][mostVectors];
  const Scalar *start = (const Scalar *)step->start + block * step->startPanel + row * step->startRow;
  UNROLL for (int m = 0; m < M; m += 1) {
    UNROLL for (int v = 0; v < 4; v += 1) sums[m][v] = load(start + m * step->startRow + v * lanes);
  }
  const Scalar *weights = (const Scalar *)step->weights + (block * step->depth + step->skippedDepth) * 4 * lanes;
  Typed(accumulate)(
    sums, M, 4, (const Scalar *)step->inputs + row * step->inputRow, step->inputRow, 1, weights, 4 * lanes,
    step->inputCount, false, lanes);
  Typed(accumulate)(
    sums, M, 4, (const Scalar *)step->hidden + row * step->hiddenRow, step->hiddenRow, 1,
    weights + step->inputCount * 4 * lanes, 4 * lanes, step->hiddenCount, false, lanes);
  SPILL(sums, M, 4)

  const Scalar *cellBefore = (const Scalar *)step->cellBefore + block * step->cellBeforePanel + row * lanes;
  Scalar *cell = (Scalar *)step->cell + block * step->cellPanel + row * lanes;
  Scalar *gates = step->gates == NULL ? NULL : (Scalar *)step->gates + block * step->gatesPanel + row * 4 * lanes;
  for (int m = 0; m < M; m += 1) {
    const Vector input = sigmoidOf(spilled[m][0]), forget = sigmoidOf(spilled[m][1]);
    const Vector candidate = tanhOf(spilled[m][2]), output = sigmoidOf(spilled[m][3]);
    const Vector now = multiplyAdd(forget, load(cellBefore + m * lanes), input * candidate);
    store(cell + m * lanes, now);
    if (gates != NULL) {
      store(gates + (m * 4 + 0) * lanes, input);
      store(gates + (m * 4 + 1) * lanes, forget);
      store(gates + (m * 4 + 2) * lanes, candidate);
      store(gates + (m * 4 + 3) * lanes, output);
    }
    Typed(storeHidden)(step, row + m, block * lanes, output * tanhOf(now));
  }
}

/// GRU that resets after the product: gates r z n, and the recurrent part of n in a sum of its own.
ALWAYS_INLINE void Typed(gruTile)(const int M, const CFKForwardStep *step, const size_t block, const size_t row) {
  Vector sums[MOST_ROWS][mostVectors];
  Vector products[MOST_ROWS][mostVectors];
  const Scalar *start = (const Scalar *)step->start + block * step->startPanel + row * step->startRow;
  UNROLL for (int m = 0; m < M; m += 1) {
    UNROLL for (int v = 0; v < 3; v += 1) sums[m][v] = load(start + m * step->startRow + v * lanes);
  }
  const Scalar *weights = (const Scalar *)step->weights + (block * step->depth + step->skippedDepth) * 3 * lanes;
  Typed(accumulate)(
    sums, M, 3, (const Scalar *)step->inputs + row * step->inputRow, step->inputRow, 1, weights, 3 * lanes,
    step->inputCount, false, lanes);
  // The candidate's input product rests while its register takes the recurrent one.
  Vector candidateProducts[MOST_ROWS];
  const Vector candidateStart = load((const Scalar *)step->candidateStart + block * lanes);
  UNROLL for (int m = 0; m < M; m += 1) {
    candidateProducts[m] = sums[m][2];
    products[m][0] = sums[m][0];
    products[m][1] = sums[m][1];
    products[m][2] = candidateStart;
  }
  Typed(accumulate)(
    products, M, 3, (const Scalar *)step->hidden + row * step->hiddenRow, step->hiddenRow, 1,
    weights + step->inputCount * 3 * lanes, 3 * lanes, step->hiddenCount, false, lanes);
  UNROLL for (int m = 0; m < M; m += 1) products[m][3] = candidateProducts[m];
  SPILL(products, M, 4)

  Scalar *gates = step->gates == NULL ? NULL : (Scalar *)step->gates + block * step->gatesPanel + row * 4 * lanes;
  for (int m = 0; m < M; m += 1) {
    const Scalar *before = (const Scalar *)step->hiddenBefore + (row + m) * step->hiddenBeforeRow;
    const Vector reset = sigmoidOf(spilled[m][0]), update = sigmoidOf(spilled[m][1]);
    const Vector candidate = tanhOf(multiplyAdd(reset, spilled[m][2], spilled[m][3]));
    if (gates != NULL) {
      store(gates + (m * 4 + 0) * lanes, reset);
      store(gates + (m * 4 + 1) * lanes, update);
      store(gates + (m * 4 + 2) * lanes, candidate);
      store(gates + (m * 4 + 3) * lanes, spilled[m][2]);
    }
    const Vector hiddenBefore = Typed(loadUnits)(before, block * lanes, step->units);
    Typed(storeHidden)(
      step, row + m, block * lanes, multiplyAdd(update, hiddenBefore - candidate, candidate));
  }
}

/// Vanilla (Elman 1990): V blocks of units at once, because there is one gate.
ALWAYS_INLINE void Typed(vanillaTile)(
  const int M, const int V, const CFKForwardStep *step, const size_t block, const size_t row
) {
  Vector sums[MOST_ROWS][mostVectors];
  const Scalar *start = (const Scalar *)step->start + block * step->startPanel + row * step->startRow;
  UNROLL for (int m = 0; m < M; m += 1) {
    UNROLL for (int v = 0; v < V; v += 1) sums[m][v] = load(start + v * step->startPanel + m * step->startRow);
  }
  const Scalar *weights =
    (const Scalar *)step->weights + block * step->depth * lanes + step->skippedDepth * V * lanes;
  Typed(accumulate)(
    sums, M, V, (const Scalar *)step->inputs + row * step->inputRow, step->inputRow, 1, weights, V * lanes,
    step->inputCount, false, lanes);
  Typed(accumulate)(
    sums, M, V, (const Scalar *)step->hidden + row * step->hiddenRow, step->hiddenRow, 1,
    weights + step->inputCount * V * lanes, V * lanes, step->hiddenCount, false, lanes);
  SPILL(sums, M, V)

  for (int m = 0; m < M; m += 1) {
    for (int v = 0; v < V; v += 1) {
      const Vector sum = spilled[m][v];
      Typed(storeHidden)(
        step, row + m, (block + v) * lanes, step->rectifies ? largest(splat(0), sum) : tanhOf(sum));
    }
  }
}

static void Typed(lstmForward)(const CFKForwardStep *step, size_t first, size_t last) {
  for (size_t i = first; i < last; i += 1) {
    const size_t block = step->descends ? first + last - 1 - i : i;
    FOR_TILES(row, height, step->rows, GATE_ROWS) {
#define TILE_OF_ROWS(M) Typed(lstmTile)(M, step, block, row)
      FOR_GATE_ROWS(height, TILE_OF_ROWS)
#undef TILE_OF_ROWS
    }
  }
}

static void Typed(gruForward)(const CFKForwardStep *step, size_t first, size_t last) {
  for (size_t i = first; i < last; i += 1) {
    const size_t block = step->descends ? first + last - 1 - i : i;
    FOR_TILES(row, height, step->rows, GATE_ROWS) {
#define TILE_OF_ROWS(M) Typed(gruTile)(M, step, block, row)
      FOR_GATE_ROWS(height, TILE_OF_ROWS)
#undef TILE_OF_ROWS
    }
  }
}

/// The blocks of group `group`: see `CFKCellLoops`.
ALWAYS_INLINE void Typed(blocksOfGroup)(const size_t units, const size_t group, size_t *block, size_t *vectors) {
  const size_t blocks = (units + lanes - 1) / lanes, groups = (blocks + plainVectors - 1) / plainVectors;
  *block = blocks * group / groups;
  *vectors = blocks * (group + 1) / groups - *block;
}

static void Typed(vanillaForward)(const CFKForwardStep *step, size_t first, size_t last) {
  for (size_t i = first; i < last; i += 1) {
    size_t block, vectors;
    Typed(blocksOfGroup)(step->units, step->descends ? first + last - 1 - i : i, &block, &vectors);
    FOR_TILES(row, height, step->rows, MOST_ROWS) {
#define TILE_OF_VECTORS(V) Typed(vanillaTile)(M_, V, step, block, row)
#define TILE_OF_ROWS(M) { enum { M_ = M }; FOR_VECTORS(vectors, TILE_OF_VECTORS) }
      FOR_ROWS(height, TILE_OF_ROWS)
#undef TILE_OF_ROWS
#undef TILE_OF_VECTORS
    }
  }
}
