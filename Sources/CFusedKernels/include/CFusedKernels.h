// The innermost vector loops: templates, a file for each instruction set, and the choice between them at run time.
//
// C holds only what Swift cannot express: code for an instruction set that the rest of the program is not compiled for.
// Time loops, packing of weights and the distribution of work over threads are Swift, in the Kernels module. How to add an
// instruction set or a cell: ExtendingTheKernels.md in the documentation of that module.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "CFKCells.h"
#include "CFKFloatingPoint.h"
#include "CFKThreads.h"

/// The vector instruction sets that there are loops for. The numbers say nothing about their order: `dispatch.c` does.
#if defined(__clang__) || (defined(__GNUC__) && __GNUC__ >= 13)
typedef enum : int32_t {
#else
typedef enum {  // Older compilers have no syntax for the type, but choose one of the same size.
#endif
  CFKInstructionSetScalar = 0,
  CFKInstructionSetNEON = 1,
  CFKInstructionSetAVX2 = 2,
  CFKInstructionSetAVX512 = 3,
} CFKInstructionSet;

/// The loops of one instruction set.
///
/// Every element-wise loop allows `y == x` and any `count`, needs no alignment, and gives an element the same bits
/// at any index of the array: the tail is computed with the same operations as the body.
typedef struct {
  CFKInstructionSet instructionSet;
  /// Width of a vector register in bytes; 4 for scalar.
  size_t vectorBytes;

  /// y[i] = 1 / (1 + exp(-x[i])), in [0, 1]. At most 3 ULP wherever the exact result is a normal number. Where it is
  /// denormal the absolute error is at most 2^-127 (Double: 2^-1023), half the smallest normal number.
  /// Exact for ±0 and ±infinity; NaN propagates.
  void (*sigmoidFloat)(const float *x, float *y, size_t count);
  void (*sigmoidDouble)(const double *x, double *y, size_t count);
  /// y[i] = tanh(x[i]), in [-1, 1]. At most 3 ULP on all finite numbers; a denormal is its own tanh. Exact for ±0 and
  /// ±infinity; odd to the bit; NaN propagates.
  void (*tanhFloat)(const float *x, float *y, size_t count);
  void (*tanhDouble)(const double *x, double *y, size_t count);
  /// y[i] = exp(x[i] - largest) for x[i] <= largest, and returns the sum of all y[i], added up in double. `y` may be NULL,
  /// which gives the sum alone. At most 2 ULP of the exponential of the rounded difference wherever that is a normal number;
  /// where it is denormal, the absolute error is at most the smallest normal number. Exact for differences of zero and
  /// -infinity; NaN propagates.
  double (*exponentialsFloat)(const float *x, float largest, float *y, size_t count);
  /// The index of the largest of `count` >= 1 numbers, the first of equal ones. If one of them is NaN: some index below
  /// `count`.
  size_t (*argmaxFloat)(const float *x, size_t count);

  /// Runs `rounds` rounds of independent fused multiply-adds in registers and returns the number of floating-point
  /// operations, a multiply-add counting as two. Its time gives the arithmetic ceiling of the core. For scalar: in 16-byte
  /// vectors, fused if the baseline of the architecture can.
  double (*burnFloat)(size_t rounds);
  double (*burnDouble)(size_t rounds);

  /// The loops of the cells.
  CFKCellLoops floatCells, doubleCells;
} CFKLoops;

/// The loops of `set`; NULL if this processor cannot run them or this build has none.
const CFKLoops *CFKLoopsFor(CFKInstructionSet set);

/// The widest instruction set that this processor, and the operating system on it, can run.
CFKInstructionSet CFKBestInstructionSet(void);
