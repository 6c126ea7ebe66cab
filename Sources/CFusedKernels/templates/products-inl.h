// Register tiles of matrix products, which all other loops of the cells are made of, for one number type.
//
// A tile is `M` rows by `V` vectors of columns, held in registers while k runs. `tiles-inl.h` says how large it may be. M
// and V are constants in every function that is left after inlining.
//
// A vector of the result is fma(a[m][k], b[k][v], ·) for k = 0, 1, 2, …: no partial sums, so that the bits of a row do not
// depend on the size of the tile that it falls into.

/// sums[m][v] += Σ_k a[m · aRow + k · aStep] b[k · bStep + v · lanes …] for `count` values of k, `M` rows and `V` vectors.
ALWAYS_INLINE void Typed(accumulate)(
  Vector sums[][maxVectors], const int M, const int V, const Scalar *a, const ptrdiff_t aRow, const ptrdiff_t aStep,
  const Scalar *b, const ptrdiff_t bStep, const size_t count
) {
  for (size_t k = 0; k < count; k += 1) {
    if (GATE_ROWS == MAX_ROWS || M > GATE_ROWS || V <= 2) {
      // All columns in registers, one element at a time.
      Vector columns[maxVectors];
      UNROLL for (int v = 0; v < V; v += 1) columns[v] = load(b + v * lanes);
      UNROLL for (int m = 0; m < M; m += 1) {
        const Vector element = splat(a[m * aRow]);
        UNROLL for (int v = 0; v < V; v += 1) sums[m][v] = multiplyAdd(element, columns[v], sums[m][v]);
      }
    } else {
      // 3 × 4 in 16 registers: all elements, one vector of columns at a time.
      Vector elements[MAX_ROWS];
      UNROLL for (int m = 0; m < M; m += 1) elements[m] = splat(a[m * aRow]);
      UNROLL for (int v = 0; v < V; v += 1) {
        const Vector columns = load(b + v * lanes);
        UNROLL for (int m = 0; m < M; m += 1) sums[m][v] = multiplyAdd(elements[m], columns, sums[m][v]);
      }
    }
    a += aStep;
    b += bStep;
  }
}

/// A tile of C from `a`, `start` and `c`, where its rows of A, S and C begin.
ALWAYS_INLINE void Typed(packedTile)(
  const int M, const int V, const CFKPackedProduct *product, const Scalar *a, const Scalar *start, Scalar *c
) {
  const size_t last = product->lastCount;
  Vector sums[MAX_ROWS][maxVectors];
  UNROLL for (int m = 0; m < M; m += 1) {
    UNROLL for (int v = 0; v < V; v += 1) {
      if (start == NULL) {
        sums[m][v] = splat(0);
      } else {
        const Scalar *from = start + m * product->startRow + v * product->startVector;
        sums[m][v] = v == V - 1 && last < lanes ? loadFirst(from, last) : load(from);
      }
    }
  }
  const Scalar *b = product->b;
  for (size_t run = 0; run < product->runs; run += 1) {
    Typed(accumulate)(sums, M, V, a, product->aRow, 1, b, V * lanes, product->runLength);
    a += product->runStride;
    b += product->runLength * V * lanes;
  }
  UNROLL for (int m = 0; m < M; m += 1) {
    UNROLL for (int v = 0; v < V; v += 1) {
      Scalar *to = c + m * product->cRow + v * product->cVector;
      if (v == V - 1 && last < lanes) storeFirst(to, sums[m][v], last);
      else store(to, sums[m][v]);
    }
  }
}

/// The tile of `M` rows from `row` on.
ALWAYS_INLINE void Typed(packedRows)(const int M, const int V, const CFKPackedProduct *product, const size_t row) {
  Typed(packedTile)(
    M, V, product, (const Scalar *)product->a + row * product->aRow,
    product->start == NULL ? NULL : (const Scalar *)product->start + row * product->startRow,
    (Scalar *)product->c + row * product->cRow);
}

static void Typed(packedProduct)(const CFKPackedProduct *product) {
  if (product->vectors <= plainVectors) {
    FOR_TILES(row, height, product->rows, MAX_ROWS) {
#define TILE_OF_VECTORS(V) Typed(packedRows)(M_, V, product, row)
#define TILE_OF_ROWS(M) { enum { M_ = M }; FOR_VECTORS(product->vectors, TILE_OF_VECTORS) }
      FOR_ROWS(height, TILE_OF_ROWS)
#undef TILE_OF_ROWS
#undef TILE_OF_VECTORS
    }
  } else {
    // The gates of a block, where a plain tile has fewer vectors than there are gates.
    FOR_TILES(row, height, product->rows, GATE_ROWS) {
#define TILE_OF_ROWS(M) \
  { \
    if (product->vectors == 3) Typed(packedRows)(M, 3, product, row); \
    else Typed(packedRows)(M, 4, product, row); \
  }
      FOR_GATE_ROWS(height, TILE_OF_ROWS)
#undef TILE_OF_ROWS
    }
  }
}

/// A tile of C from packed factors. Where it `isShort` it has a single vector, of which C has `last` columns.
ALWAYS_INLINE void Typed(outerTile)(
  const int M, const int V, const bool isShort, const CFKOuterProduct *product, const CFKRowRun *run,
  const size_t gradientOffset, Scalar *c, const size_t last
) {
  Vector sums[MAX_ROWS][maxVectors];
  UNROLL for (int m = 0; m < M; m += 1) {
    UNROLL for (int v = 0; v < V; v += 1) {
      const Scalar *from = c + m * product->cRow + v * lanes;
      sums[m][v] = isShort ? loadFirst(from, last) : load(from);
    }
  }
  Typed(accumulate)(
    sums, M, V, (const Scalar *)run->gradients + gradientOffset, 1, product->gradientRow, run->factors, V * lanes,
    run->count);
  UNROLL for (int m = 0; m < M; m += 1) {
    UNROLL for (int v = 0; v < V; v += 1) {
      Scalar *to = c + m * product->cRow + v * lanes;
      if (isShort) storeFirst(to, sums[m][v], last);
      else store(to, sums[m][v]);
    }
  }
}

/// All rows of C that `product` names, in the columns from `column` on: `vectors` whole vectors, or a short one of `last`
/// columns. The factors of `run` are packed.
static void Typed(outerColumns)(
  const CFKOuterProduct *product, const CFKRowRun *run, const size_t column, const size_t vectors, const bool isShort,
  const size_t last
) {
  for (size_t block = product->firstBlock; block < product->lastBlock; block += 1) {
    const size_t unit = block * lanes;
    const size_t units = product->units - unit < lanes ? product->units - unit : lanes;
    for (size_t gate = 0; gate < product->gates; gate += 1) {
      FOR_TILES(row, height, units, OUTER_ROWS) {
        const size_t offset = block * product->gradientPanel + product->gateVector[gate] * lanes + row;
        Scalar *c = (Scalar *)product->c + (gate * product->units + unit + row) * product->cRow + column;
#define TILE_OF_VECTORS(V) Typed(outerTile)(M_, V, false, product, run, offset, c, lanes)
#define TILE_OF_ROWS(M) \
  { \
    enum { M_ = M }; \
    if (isShort) Typed(outerTile)(M_, 1, true, product, run, offset, c, last); \
    else FOR_OUTER_VECTORS(vectors, TILE_OF_VECTORS) \
  }
        FOR_OUTER_ROWS(height, TILE_OF_ROWS)
#undef TILE_OF_ROWS
#undef TILE_OF_VECTORS
      }
    }
  }
}

/// `width` columns from `column` on, for as many rows at a time as a packed copy holds.
///
/// Rows of factors are often a power of two apart, so that a column of them occupies few sets of the cache: the copy is read
/// from the first level instead. It also joins runs that the ends of sequences cut short.
static void Typed(outerPanel)(
  const CFKOuterProduct *product, const size_t column, const size_t width, const size_t vectors, const bool isShort
) {
  _Alignas(64) Scalar packed[packedBytes / sizeof(Scalar)];
  const size_t stride = vectors * lanes, capacity = packedBytes / sizeof(Scalar) / stride;
  CFKRowRun joined = {.factors = packed};
  for (size_t i = 0; i < product->runCount; i += 1) {
    const CFKRowRun *run = &product->runs[i];
    for (size_t k = 0; k < run->count; k += 1) {
      const Scalar *gradient = (const Scalar *)run->gradients + (ptrdiff_t)k * product->gradientRow;
      const bool continues =
        gradient == (const Scalar *)joined.gradients + (ptrdiff_t)joined.count * product->gradientRow;
      if (joined.count == capacity || (joined.count > 0 && !continues)) {
        Typed(outerColumns)(product, &joined, column, vectors, isShort, width);
        joined.count = 0;
      }
      if (joined.count == 0) joined.gradients = gradient;
      const Scalar *from = (const Scalar *)run->factors + (ptrdiff_t)k * run->factorRow + column;
      Scalar *to = packed + joined.count * stride;
      if (isShort) {
        store(to, loadFirst(from, width));
      } else {
        for (size_t v = 0; v < vectors; v += 1) store(to + v * lanes, load(from + v * lanes));
      }
      joined.count += 1;
    }
  }
  if (joined.count > 0) Typed(outerColumns)(product, &joined, column, vectors, isShort, width);
}

static void Typed(outerProduct)(const CFKOuterProduct *product) {
  const size_t whole = product->columns / lanes, last = product->columns % lanes;
  const size_t panels = (whole + OUTER_VECTORS - 1) / OUTER_VECTORS;
  for (size_t panel = 0; panel < panels; panel += 1) {
    const size_t first = whole * panel / panels, vectors = whole * (panel + 1) / panels - first;
    Typed(outerPanel)(product, first * lanes, vectors * lanes, vectors, false);
  }
  if (last > 0) Typed(outerPanel)(product, whole * lanes, last, 1, true);
}

static void Typed(addRowSums)(const void *rows, size_t count, ptrdiff_t stride, size_t vectors, void *sums) {
  for (size_t v = 0; v < vectors; v += 1) {
    const Scalar *row = (const Scalar *)rows + v * lanes;
    Scalar *to = (Scalar *)sums + v * lanes;
    Vector sum = load(to);
    for (size_t i = 0; i < count; i += 1) sum = sum + load(row + (ptrdiff_t)i * stride);
    store(to, sum);
  }
}

static void Typed(transposeRows)(
  const void *source, size_t stride, size_t rows, size_t columns, void *target, size_t step
) {
  const Scalar *from = source;
  Scalar *to = target;
  for (size_t k = 0; k < columns; k += 1) {
    for (size_t lane = 0; lane < rows; lane += 1) to[k * step + lane] = from[lane * stride + k];
    for (size_t lane = rows; lane < lanes; lane += 1) to[k * step + lane] = 0;
  }
}
