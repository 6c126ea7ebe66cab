// All loops of one instruction set, written once. An instruction set's file defines the vocabulary below, includes this
// file, and makes its table with `LOOPS`.
//
// Templates, `…-inl.h`, are included and never compiled on their own. Those for one number type are included twice, between
// `float-inl.h` or `double-inl.h`, which give their words a meaning, and `end-inl.h`.
//
// The vocabulary. For the instruction set:
//
//   GATE_ROWS                               max. rows of a register tile of four gates, 3 or 6
//   PLAIN_VECTORS                           max. vectors of any other register tile, of six rows, 2 or 4
//   ceilingBytes, ceilingAccumulators       bytes of the vectors that the arithmetic ceiling is measured with, and how many
//                                           of them: at least the latency of an FMA times the number of units that take one
//                                           per cycle, and few enough to leave two registers for constants
//   FloatVector, DoubleVector               types on which + - * / work lane by lane
//   addToDoubles(low, high, v)              adds the lower and the upper half of the floats v to two vectors of doubles
//
// and for each number type (with the names for Float):
//
//   floatLanes                              elements in a vector
//   splatFloats(x)                          x in every lane
//   loadFloats(p), storeFloats(p, v)        unaligned
//   loadFirstFloats(p, n)                   the first n < floatLanes elements, zero in the other lanes
//   storeFirstFloats(p, v, n)               writes n < floatLanes elements and nothing else
//   fmaFloats(a, b, c)                      a * b + c, rounded once where the hardware does so at full speed
//   minFloats(limit, x), maxFloats(...)     NaN where x is NaN
//   absFloats(x)                            x without its sign
//   copySignFloats(magnitude, sign)         for magnitude >= 0
//   exponentFloats(k)                       k's bits shifted left until the lowest is the lowest bit of the exponent
//   whereAboveZeroFloats(x, y)              y where x > 0, otherwise 0
#pragma once

#include <stddef.h>

#include "CFusedKernels.h"

#define ALWAYS_INLINE __attribute__((always_inline)) static inline
#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 8")
#endif

#include "tiles-inl.h"

#include "float-inl.h"
#include "activations-inl.h"
#include "ceiling-inl.h"
#include "products-inl.h"
#include "forward-inl.h"
#include "backward-inl.h"
#include "end-inl.h"

#include "double-inl.h"
#include "activations-inl.h"
#include "ceiling-inl.h"
#include "products-inl.h"
#include "forward-inl.h"
#include "backward-inl.h"
#include "end-inl.h"

#include "softmax-inl.h"

/// The table of the instruction set `set`.
#define LOOPS(set) \
  { \
    .instructionSet = set, .vectorBytes = sizeof(FloatVector), \
    .sigmoidFloat = sigmoidFloat, .sigmoidDouble = sigmoidDouble, \
    .tanhFloat = tanhFloat, .tanhDouble = tanhDouble, \
    .exponentialsFloat = exponentialsFloat, .argmaxFloat = argmaxFloat, \
    .burnFloat = burnFloat, .burnDouble = burnDouble, \
    .floatCells = CELL_LOOPS(Float, floatLanes), .doubleCells = CELL_LOOPS(Double, doubleLanes) \
  }

/// The part of it for the cells with one number type.
#define CELL_LOOPS(type, laneCount) \
  { \
    .lanes = laneCount, .groupBlocks = plainVectors, \
    .lstmForward = lstmForward##type, .lstmBackward = lstmBackward##type, \
    .gruForward = gruForward##type, .gruBackward = gruBackward##type, \
    .vanillaForward = vanillaForward##type, .vanillaBackward = vanillaBackward##type, \
    .packedProduct = packedProduct##type, .outerProduct = outerProduct##type, \
    .transposeRows = transposeRows##type, .addRowSums = addRowSums##type \
  }
