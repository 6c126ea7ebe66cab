// The innermost vector loops, one file per instruction set, and the run-time choice between them.
//
// C holds only what Swift cannot express: code for an instruction set that the rest of the program is not compiled for.
// Time loops, gates, gradients and the partition of work are Swift, in the Kernels module.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "CFKThreads.h"

/// The vector instruction sets there are loops for, in rising order of preference on their architecture.
typedef enum : int32_t {
  CFKInstructionSetScalar = 0,
  CFKInstructionSetNEON = 1,
  CFKInstructionSetAVX2 = 2,
  CFKInstructionSetAVX512 = 3,
} CFKInstructionSet;

/// The loops of one instruction set.
///
/// Every element-wise loop allows `y == x` and any `count`, needs no alignment, and gives an element the same bits
/// wherever it stands in the array: a tail is computed with the same operations as the body.
typedef struct {
  CFKInstructionSet instructionSet;
  /// Width of a vector register in bytes; 4 for scalar.
  size_t vectorBytes;

  /// y[i] = 1 / (1 + exp(-x[i])).
  void (*sigmoidFloat)(const float *x, float *y, size_t count);
  void (*sigmoidDouble)(const double *x, double *y, size_t count);
  /// y[i] = tanh(x[i]).
  void (*tanhFloat)(const float *x, float *y, size_t count);
  void (*tanhDouble)(const double *x, double *y, size_t count);

  /// Runs `rounds` rounds of independent fused multiply-adds in registers and returns how many floating-point
  /// operations that were (a multiply-add counts two). Timing it gives the arithmetic ceiling of the core.
  /// For scalar: whatever the baseline of the architecture offers.
  double (*burnFloat)(size_t rounds);
  double (*burnDouble)(size_t rounds);
} CFKLoops;

/// The loops of `set`, or NULL where this processor or this build has none. Asks the processor once.
const CFKLoops *CFKLoopsFor(CFKInstructionSet set);

/// The widest instruction set that this processor, and the operating system on it, can run.
CFKInstructionSet CFKBestInstructionSet(void);

/// Makes the calling thread flush denormal results and inputs to zero; returns the mode it was in.
uint64_t CFKFlushDenormals(void);
/// Puts the calling thread back in the floating-point mode that `CFKFlushDenormals` returned.
void CFKRestoreFloatingPointMode(uint64_t mode);
