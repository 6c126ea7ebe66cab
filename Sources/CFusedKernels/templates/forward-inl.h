// One step of each cell, for one number type: a register tile of products that ends in the gates. See `products-inl.h`.

/// Writes the units that one block has of the hidden state of a row, and those of the masked state if there is a mask.
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

/// The units that a block beginning at `unit` has of a row of `units` elements, zero in the other lanes.
ALWAYS_INLINE Vector Typed(loadUnits)(const Scalar *row, const size_t unit, const size_t units) {
  return units - unit >= lanes ? load(row + unit) : loadFirst(row + unit, units - unit);
}

/// The gates and states of one row and one block from its sums: LSTM (Hochreiter & Schmidhuber 1997; Gers et al. 2000),
/// gates in the order i f g o.
///
///     i = σ(sums[0]), f = σ(sums[1]), g = tanh(sums[2]), o = σ(sums[3])
///     c = f ⊙ c_before + i ⊙ g
///     h = o ⊙ tanh(c)
ALWAYS_INLINE void Typed(lstmGates)(
  const CFKForwardStep *step, const size_t block, const size_t row, const Vector *sums
) {
  const Scalar *cellBefore = (const Scalar *)step->cellBefore + block * step->cellBeforePanel + row * lanes;
  Scalar *cell = (Scalar *)step->cell + block * step->cellPanel + row * lanes;
  const Vector input = sigmoidOf(sums[0]), forget = sigmoidOf(sums[1]);
  const Vector candidate = tanhOf(sums[2]), output = sigmoidOf(sums[3]);
  const Vector now = multiplyAdd(forget, load(cellBefore), input * candidate);
  store(cell, now);
  if (step->gates != NULL) {
    Scalar *gates = (Scalar *)step->gates + block * step->gatesPanel + row * 4 * lanes;
    store(gates, input);
    store(gates + lanes, forget);
    store(gates + 2 * lanes, candidate);
    store(gates + 3 * lanes, output);
  }
  Typed(storeHidden)(step, row, block * lanes, output * tanhOf(now));
}

/// The same for a GRU that resets after the product (Cho et al. 2014, in the form of cuDNN and PyTorch), gates in the order
/// r z n. The candidate has two sums: sums[2] is U_n h + b_hn, sums[3] is W_n x + b_in.
///
///     r = σ(sums[0]), z = σ(sums[1]), n = tanh(r ⊙ sums[2] + sums[3])
///     h = n + z ⊙ (h_before - n)
ALWAYS_INLINE void Typed(gruGates)(
  const CFKForwardStep *step, const size_t block, const size_t row, const Vector *sums
) {
  const Scalar *before = (const Scalar *)step->hiddenBefore + row * step->hiddenBeforeRow;
  const Vector reset = sigmoidOf(sums[0]), update = sigmoidOf(sums[1]);
  const Vector candidate = tanhOf(multiplyAdd(reset, sums[2], sums[3]));
  if (step->gates != NULL) {
    Scalar *gates = (Scalar *)step->gates + block * step->gatesPanel + row * 4 * lanes;
    store(gates, reset);
    store(gates + lanes, update);
    store(gates + 2 * lanes, candidate);
    store(gates + 3 * lanes, sums[2]);
  }
  const Vector hiddenBefore = Typed(loadUnits)(before, block * lanes, step->units);
  Typed(storeHidden)(step, row, block * lanes, multiplyAdd(update, hiddenBefore - candidate, candidate));
}

/// `M` rows of one block of a cell with `G` gates in each product: 4 in an LSTM, 3 in a GRU. In a GRU the candidate's input
/// product is set aside before the recurrent product, which needs its register.
ALWAYS_INLINE void Typed(gateTile)(
  const int M, const int G, const CFKForwardStep *step, const size_t block, const size_t row
) {
  Vector sums[MAX_ROWS][maxVectors];
  Vector candidateProducts[MAX_ROWS];
  const Scalar *start = (const Scalar *)step->start + block * step->startPanel + row * step->startRow;
  UNROLL for (int m = 0; m < M; m += 1) {
    UNROLL for (int v = 0; v < G; v += 1) sums[m][v] = load(start + m * step->startRow + v * lanes);
  }
  const Scalar *weights = (const Scalar *)step->weights + (block * step->depth + step->skippedDepth) * G * lanes;
  Typed(accumulate)(
    sums, M, G, (const Scalar *)step->inputs + row * step->inputRow, step->inputRow, 1, weights, G * lanes,
    step->inputCount);
  if (G == 3) {
    const Vector candidateStart = load((const Scalar *)step->candidateStart + block * lanes);
    UNROLL for (int m = 0; m < M; m += 1) {
      candidateProducts[m] = sums[m][2];
      sums[m][2] = candidateStart;
    }
  }
  Typed(accumulate)(
    sums, M, G, (const Scalar *)step->hidden + row * step->hiddenRow, step->hiddenRow, 1,
    weights + step->inputCount * G * lanes, G * lanes, step->hiddenCount);
  if (G == 3) {
    UNROLL for (int m = 0; m < M; m += 1) sums[m][3] = candidateProducts[m];
  }
  SPILL(sums, M, 4)
  for (int m = 0; m < M; m += 1) {
    if (G == 3) Typed(gruGates)(step, block, row + m, spilled[m]);
    else Typed(lstmGates)(step, block, row + m, spilled[m]);
  }
}

/// Adds `count` products of one row to the sums of two blocks whose panels lie `panel` apart.
ALWAYS_INLINE void Typed(accumulatePair)(
  Vector sums[][maxVectors], const int G, const Scalar *a, const Scalar *b, const size_t panel, const size_t count
) {
  for (size_t k = 0; k < count; k += 1) {
    const Vector element = splat(a[k]);
    UNROLL for (int p = 0; p < 2; p += 1) {
      UNROLL for (int v = 0; v < G; v += 1) {
        sums[p][v] = multiplyAdd(element, load(b + p * panel + v * lanes), sums[p][v]);
      }
    }
    b += G * lanes;
  }
}

/// One row of the blocks `block` and `block + 1`. A single row is bound by latency, because each multiply-add needs the
/// result of the one before it, and so does each operation of the gates. Two blocks at once hide half of it.
ALWAYS_INLINE void Typed(gatePair)(const int G, const CFKForwardStep *step, const size_t block) {
  Vector sums[2][maxVectors];
  Vector candidateProducts[2];
  const Scalar *start = (const Scalar *)step->start + block * step->startPanel;
  UNROLL for (int p = 0; p < 2; p += 1) {
    UNROLL for (int v = 0; v < G; v += 1) sums[p][v] = load(start + p * step->startPanel + v * lanes);
  }
  const size_t panel = step->depth * G * lanes;
  const Scalar *weights = (const Scalar *)step->weights + block * panel + step->skippedDepth * G * lanes;
  Typed(accumulatePair)(sums, G, step->inputs, weights, panel, step->inputCount);
  if (G == 3) {
    UNROLL for (int p = 0; p < 2; p += 1) {
      candidateProducts[p] = sums[p][2];
      sums[p][2] = load((const Scalar *)step->candidateStart + (block + p) * lanes);
    }
  }
  Typed(accumulatePair)(sums, G, step->hidden, weights + step->inputCount * G * lanes, panel, step->hiddenCount);
  if (G == 3) {
    UNROLL for (int p = 0; p < 2; p += 1) sums[p][3] = candidateProducts[p];
  }
  UNROLL for (int p = 0; p < 2; p += 1) {
    if (G == 3) Typed(gruGates)(step, block + p, 0, sums[p]);
    else Typed(lstmGates)(step, block + p, 0, sums[p]);
  }
}

/// `M` rows of `V` blocks of a vanilla cell (Elman 1990), h = tanh(sums) or max(0, sums). Several blocks at once, because
/// each has a single gate.
ALWAYS_INLINE void Typed(vanillaTile)(
  const int M, const int V, const CFKForwardStep *step, const size_t block, const size_t row
) {
  Vector sums[MAX_ROWS][maxVectors];
  const Scalar *start = (const Scalar *)step->start + block * step->startPanel + row * step->startRow;
  UNROLL for (int m = 0; m < M; m += 1) {
    UNROLL for (int v = 0; v < V; v += 1) sums[m][v] = load(start + v * step->startPanel + m * step->startRow);
  }
  const Scalar *weights =
    (const Scalar *)step->weights + block * step->depth * lanes + step->skippedDepth * V * lanes;
  Typed(accumulate)(
    sums, M, V, (const Scalar *)step->inputs + row * step->inputRow, step->inputRow, 1, weights, V * lanes,
    step->inputCount);
  Typed(accumulate)(
    sums, M, V, (const Scalar *)step->hidden + row * step->hiddenRow, step->hiddenRow, 1,
    weights + step->inputCount * V * lanes, V * lanes, step->hiddenCount);
  SPILL(sums, M, V)

  for (int m = 0; m < M; m += 1) {
    for (int v = 0; v < V; v += 1) {
      const Vector sum = spilled[m][v];
      Typed(storeHidden)(
        step, row + m, (block + v) * lanes, step->rectifies ? largest(splat(0), sum) : tanhOf(sum));
    }
  }
}

/// All rows of the blocks from `first` up to `last`.
ALWAYS_INLINE void Typed(gateForward)(const int G, const CFKForwardStep *step, const size_t first, const size_t last) {
  // One stream of weights from the second-level cache is faster than two (LSTM of 64 units: 667 ns, in pairs 707); from the
  // first level two are (32 units: 181 ns, in pairs 171).
  const size_t weights = (last - first) * step->depth * G * lanes * sizeof(Scalar);
  const bool isPaired = step->rows == 1 && weights <= 32 * 1024;
  for (size_t i = first; i < last; i += 1) {
    const size_t block = step->descends ? first + last - 1 - i : i;
    if (isPaired && i + 1 < last) {
      Typed(gatePair)(G, step, step->descends ? block - 1 : block);
      i += 1;
      continue;
    }
    FOR_TILES(row, height, step->rows, GATE_ROWS) {
#define TILE_OF_ROWS(M) Typed(gateTile)(M, G, step, block, row)
      FOR_GATE_ROWS(height, TILE_OF_ROWS)
#undef TILE_OF_ROWS
    }
  }
}

static void Typed(lstmForward)(const CFKForwardStep *step, size_t first, size_t last) {
  Typed(gateForward)(4, step, first, last);
}

static void Typed(gruForward)(const CFKForwardStep *step, size_t first, size_t last) {
  Typed(gateForward)(3, step, first, last);
}

/// The first block of group `group` and the number of its blocks: see `CFKCellLoops`.
ALWAYS_INLINE void Typed(blocksOfGroup)(const size_t units, const size_t group, size_t *block, size_t *vectors) {
  const size_t blocks = (units + lanes - 1) / lanes, groups = (blocks + plainVectors - 1) / plainVectors;
  *block = blocks * group / groups;
  *vectors = blocks * (group + 1) / groups - *block;
}

static void Typed(vanillaForward)(const CFKForwardStep *step, size_t first, size_t last) {
  for (size_t i = first; i < last; i += 1) {
    size_t block, vectors;
    Typed(blocksOfGroup)(step->units, step->descends ? first + last - 1 - i : i, &block, &vectors);
    FOR_TILES(row, height, step->rows, MAX_ROWS) {
#define TILE_OF_VECTORS(V) Typed(vanillaTile)(M_, V, step, block, row)
#define TILE_OF_ROWS(M) { enum { M_ = M }; FOR_VECTORS(vectors, TILE_OF_VECTORS) }
      FOR_ROWS(height, TILE_OF_ROWS)
#undef TILE_OF_ROWS
#undef TILE_OF_VECTORS
    }
  }
}
