// The fused loops for both number types, over the vocabulary that `activations.h` describes and
//
//   GATE_ROWS                               rows of a register tile of four gates, 3 or 6
//   PLAIN_VECTORS                           vectors of a register tile of six rows of anything else, 2 or 4
//   whereAboveZeroFloats(x, y)              y where x > 0, otherwise 0
//
// The templates are written once for both types: `type-float.h` and `type-double.h` give their words a meaning.
#pragma once

#include "CFKCells.h"

#define ALWAYS_INLINE __attribute__((always_inline)) static inline
#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 8")
#endif

#include "tiles.h"

#include "type-float.h"
#include "products.h"
#include "forward.h"
#include "backward.h"
#include "type-end.h"
#include "type-double.h"
#include "products.h"
#include "forward.h"
#include "backward.h"
#include "type-end.h"

// The part of `CFKLoops` that is made here.
#define FUSED_LOOPS(type, count) \
  { \
    .lanes = count, .groupBlocks = plainVectors, .lstmForward = lstmForward##type, .gruForward = gruForward##type, \
    .vanillaForward = vanillaForward##type, .lstmBackward = lstmBackward##type, .gruBackward = gruBackward##type, \
    .vanillaBackward = vanillaBackward##type, .packedProduct = packedProduct##type, \
    .outerProduct = outerProduct##type, .transposeRows = transposeRows##type, \
    .addRowSums = addRowSums##type \
  }
