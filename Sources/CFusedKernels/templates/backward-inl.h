// One step of backpropagation through time of each cell, for one number type: a register tile of the product of the next
// step's gate gradients with the recurrent weights that ends in this step's gate gradients. See `products-inl.h`.

/// The part of a tile's gradient for the hidden state that comes through the recurrent weights of the next step in time.
ALWAYS_INLINE void Typed(backwardTile)(
  const int M, const int V, const CFKBackwardStep *step, const size_t block, const size_t row,
  Vector dHidden[][maxVectors]
) {
  Vector sums[MAX_ROWS][maxVectors];
  UNROLL for (int m = 0; m < M; m += 1) {
    UNROLL for (int v = 0; v < V; v += 1) sums[m][v] = splat(0);
  }
  if (step->dNext != NULL) {
    const Scalar *a = (const Scalar *)step->dNext + row * step->dNextRow;
    const Scalar *b = (const Scalar *)step->weights + block * step->depth * lanes;
    for (size_t k = 0; k < step->depth; k += step->runLength) {
      Typed(accumulate)(sums, M, V, a, step->dNextRow, 1, b, V * lanes, step->runLength);
      a += step->dNextPanel;
      b += step->runLength * V * lanes;
    }
  }
  UNROLL for (int m = 0; m < M; m += 1) {
    UNROLL for (int v = 0; v < V; v += 1) dHidden[m][v] = sums[m][v];
  }
}

/// One vector of the whole gradient for the hidden state: that part times the mask, plus `dHidden` and `dOutputs`.
ALWAYS_INLINE Vector Typed(completeGradient)(
  const CFKBackwardStep *step, const size_t block, const size_t row, Vector dHidden
) {
  const size_t unit = block * lanes;
  if (step->mask != NULL) {
    const Scalar *mask = (const Scalar *)step->mask + row * step->maskRow;
    dHidden = dHidden * Typed(loadUnits)(mask, unit, step->units);
  }
  if (step->dHidden != NULL) {
    dHidden = dHidden + load((const Scalar *)step->dHidden + block * step->dHiddenPanel + row * lanes);
  }
  const Scalar *dOutputs = (const Scalar *)step->dOutputs + row * step->dOutputRow;
  return dHidden + Typed(loadUnits)(dOutputs, unit, step->units);
}

/// The chain rule through the equations of `lstmGates`, for one row of one block.
ALWAYS_INLINE void Typed(lstmGradient)(
  const CFKBackwardStep *step, const size_t block, const size_t row, const Vector dHidden
) {
  const Vector one = splat(1);
  const Scalar *gates = (const Scalar *)step->gates + block * step->gatesPanel + row * 4 * lanes;
  const Vector input = load(gates), forget = load(gates + lanes);
  const Vector candidate = load(gates + 2 * lanes), output = load(gates + 3 * lanes);
  const Vector before = load((const Scalar *)step->cellBefore + block * step->cellBeforePanel + row * lanes);
  const Vector tanhOfCell = tanhOf(load((const Scalar *)step->cell + block * step->cellPanel + row * lanes));
  Scalar *dCell = (Scalar *)step->dCell + block * step->dCellPanel + row * lanes;
  Scalar *dGates = (Scalar *)step->dGates + block * step->dGatesPanel + row * 4 * lanes;

  const Vector throughOutput = dHidden * output;
  const Vector dCellNow = multiplyAdd(throughOutput, one - tanhOfCell * tanhOfCell, load(dCell));
  const Vector throughInput = dCellNow * input;
  const Vector throughForget = dCellNow * forget;
  store(dCell, throughForget);
  store(dGates, throughInput * candidate * (one - input));
  store(dGates + lanes, throughForget * before * (one - forget));
  store(dGates + 2 * lanes, throughInput * (one - candidate * candidate));
  store(dGates + 3 * lanes, throughOutput * tanhOfCell * (one - output));
}

/// The chain rule through the equations of `gruGates`. The candidate has one gradient for its input product and another,
/// scaled by the reset gate, for its recurrent product. In the order n r z n·r the three gradients for the input weights are
/// neighbours, and so are the three for the recurrent weights.
ALWAYS_INLINE void Typed(gruGradient)(
  const CFKBackwardStep *step, const size_t block, const size_t row, const Vector dHidden
) {
  const Vector one = splat(1);
  const Scalar *gates = (const Scalar *)step->gates + block * step->gatesPanel + row * 4 * lanes;
  const Vector reset = load(gates), update = load(gates + lanes);
  const Vector candidate = load(gates + 2 * lanes), product = load(gates + 3 * lanes);
  const Scalar *hidden = (const Scalar *)step->hidden + row * step->hiddenRow;
  const Vector before = Typed(loadUnits)(hidden, block * lanes, step->units);
  Scalar *dGates = (Scalar *)step->dGates + block * step->dGatesPanel + row * 4 * lanes;
  Scalar *dBefore = (Scalar *)step->dHiddenBefore + block * step->dHiddenPanel + row * lanes;

  const Vector throughUpdate = dHidden * update;
  store(dBefore, throughUpdate);
  const Vector dCandidate = (dHidden - throughUpdate) * (one - candidate * candidate);
  const Vector throughReset = dCandidate * reset;
  store(dGates, dCandidate);
  store(dGates + lanes, throughReset * product * (one - reset));
  store(dGates + 2 * lanes, throughUpdate * (before - candidate) * (one - update));
  store(dGates + 3 * lanes, throughReset);
}

/// The chain rule through the equation of `vanillaTile`.
ALWAYS_INLINE void Typed(vanillaGradient)(
  const CFKBackwardStep *step, const size_t block, const size_t row, const Vector dHidden
) {
  const Scalar *after = (const Scalar *)step->hidden + row * step->hiddenRow;
  const Vector hidden = Typed(loadUnits)(after, block * lanes, step->units);
  Scalar *dGates = (Scalar *)step->dGates + block * step->dGatesPanel + row * lanes;
  if (step->rectifies) store(dGates, whereAboveZero(hidden, dHidden));
  else store(dGates, dHidden * (splat(1) - hidden * hidden));
}

// One function for each cell: the product, and then the cell's chain rule on each vector of the tile.
#define BACKWARD(name, gradient) \
  static void Typed(name)(const CFKBackwardStep *step, size_t first, size_t last) { \
    for (size_t i = first; i < last; i += 1) { \
      size_t block, vectors; \
      Typed(blocksOfGroup)(step->units, step->descends ? first + last - 1 - i : i, &block, &vectors); \
      FOR_TILES(row, height, step->rows, MAX_ROWS) { \
        Vector dHidden[MAX_ROWS][maxVectors]; \
        FOR_ROWS(height, BACKWARD_TILE_OF_ROWS) \
        for (size_t m = 0; m < height; m += 1) { \
          for (size_t v = 0; v < vectors; v += 1) { \
            Typed(gradient)( \
              step, block + v, row + m, Typed(completeGradient)(step, block + v, row + m, dHidden[m][v])); \
          } \
        } \
      } \
    } \
  }
#define BACKWARD_TILE_OF_VECTORS(V) Typed(backwardTile)(M_, V, step, block, row, dHidden)
#define BACKWARD_TILE_OF_ROWS(M) { enum { M_ = M }; FOR_VECTORS(vectors, BACKWARD_TILE_OF_VECTORS) }

BACKWARD(lstmBackward, lstmGradient)
BACKWARD(gruBackward, gruGradient)
BACKWARD(vanillaBackward, vanillaGradient)

#undef BACKWARD
#undef BACKWARD_TILE_OF_ROWS
#undef BACKWARD_TILE_OF_VECTORS
