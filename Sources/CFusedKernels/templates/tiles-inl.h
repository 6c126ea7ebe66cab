// How work is cut into register tiles, for both number types: over `GATE_ROWS` and `PLAIN_VECTORS`, see `loops-inl.h`.
#pragma once

// A tile of gates has at most `GATE_ROWS` rows. A plain tile, of columns that need not stay together, may have another
// form, `MAX_ROWS` by `plainVectors`; so may one of an outer product, whose rows are the lanes of a block, `OUTER_ROWS` by
// `OUTER_VECTORS`.
#define MAX_ROWS 6
enum { maxVectors = 4, plainVectors = PLAIN_VECTORS };
/// Bytes of the copy of the factors in an outer product. A first-level cache of 32 KiB holds it beside the gradients that
/// it is multiplied with; less where tiles are small and read as many gradients as factors.
enum { packedBytes = PLAIN_VECTORS == 2 ? 10 * 1024 : 24 * 1024 };

/// Calls `tile(M)` with a constant M for `rows` rows.
#define FOR_ROWS(rows, tile) \
  switch (rows) { \
  case 1: tile(1); break; \
  case 2: tile(2); break; \
  case 3: tile(3); break; \
  case 4: tile(4); break; \
  case 5: tile(5); break; \
  default: tile(6); break; \
  }

#if GATE_ROWS == 6
#define FOR_GATE_ROWS FOR_ROWS
#else
#define FOR_GATE_ROWS(rows, tile) \
  switch (rows) { \
  case 1: tile(1); break; \
  case 2: tile(2); break; \
  default: tile(3); break; \
  }
#endif

#if PLAIN_VECTORS == 4
#define OUTER_ROWS 6
#define OUTER_VECTORS 4
#define FOR_OUTER_ROWS FOR_ROWS
#define FOR_OUTER_VECTORS FOR_VECTORS
#define FOR_VECTORS(vectors, tile) \
  switch (vectors) { \
  case 1: tile(1); break; \
  case 2: tile(2); break; \
  case 3: tile(3); break; \
  default: tile(4); break; \
  }
#else
#define FOR_VECTORS(vectors, tile) \
  switch (vectors) { \
  case 1: tile(1); break; \
  default: tile(2); break; \
  }
// A block of 8 lanes is two such tiles, with as many accumulators as there is room for.
#define OUTER_ROWS 4
#define OUTER_VECTORS 2
#define FOR_OUTER_ROWS(rows, tile) \
  switch (rows) { \
  case 1: tile(1); break; \
  case 2: tile(2); break; \
  case 3: tile(3); break; \
  default: tile(4); break; \
  }
#define FOR_OUTER_VECTORS FOR_VECTORS
#endif

// Rows are cut into as few tiles as possible, of heights as equal as possible: 32 rows are 5 5 6 5 5 6 and not 6 6 6 6 6 2,
// because a low tile reads as many weights as a high one.
// One tile needs no division, which would be a tenth of a small step.
#define FOR_TILES(row, height, rows, maxHeight) \
  for (size_t tiles_ = (rows) <= (maxHeight) ? (rows) > 0 : ((rows) + (maxHeight) - 1) / (maxHeight), tile_ = 0, \
       row = 0, height; \
       tile_ < tiles_ && (height = tiles_ == 1 ? (rows) : (rows) * (tile_ + 1) / tiles_ - row, true); \
       row += height, tile_ += 1)

// Once the sums are complete they go to memory, a tile's worth that stays in the first-level cache: the gates are
// computed row by row in a loop, and an array that a loop indexes cannot be in registers.
#define SPILL(sums, M, V) \
  Vector spilled[MAX_ROWS][maxVectors]; \
  UNROLL for (int m = 0; m < (M); m += 1) { \
    UNROLL for (int v = 0; v < (V); v += 1) spilled[m][v] = (sums)[m][v]; \
  }
