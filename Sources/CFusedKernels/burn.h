// The arithmetic ceiling of a core: multiply-adds on registers alone, over the same vocabulary as `activations.h`.
//
// The including file defines `burnAccumulators`: at least the latency of an FMA times the number of units that take one
// per cycle, and few enough to leave two registers for the constants.
#pragma once

#include <stddef.h>

/// One round is one FMA on every accumulator. a -> 0.9375 a + 0.0625 tends to 1 from any start: no infinities, no
/// denormals. The starts differ so that the compiler cannot see one chain in all of them, and the sum goes through a
/// volatile so that it cannot drop them.
static double burnFloat(size_t rounds) {
  const FloatVector factor = splatFloats(0.9375f), addend = splatFloats(0.0625f);
  FloatVector accumulators[burnAccumulators];
  for (int i = 0; i < burnAccumulators; i += 1) accumulators[i] = splatFloats(0.5f + (float)i);
  for (size_t round = 0; round < rounds; round += 1) {
#pragma GCC unroll 16
    for (int i = 0; i < burnAccumulators; i += 1) accumulators[i] = fmaFloats(accumulators[i], factor, addend);
  }
  FloatVector sum = accumulators[0];
  for (int i = 1; i < burnAccumulators; i += 1) sum = sum + accumulators[i];
  volatile FloatVector sink = sum;
  (void)sink;
  return 2.0 * (double)floatLanes * burnAccumulators * (double)rounds;
}

static double burnDouble(size_t rounds) {
  const DoubleVector factor = splatDoubles(0.9375), addend = splatDoubles(0.0625);
  DoubleVector accumulators[burnAccumulators];
  for (int i = 0; i < burnAccumulators; i += 1) accumulators[i] = splatDoubles(0.5 + (double)i);
  for (size_t round = 0; round < rounds; round += 1) {
#pragma GCC unroll 16
    for (int i = 0; i < burnAccumulators; i += 1) accumulators[i] = fmaDoubles(accumulators[i], factor, addend);
  }
  DoubleVector sum = accumulators[0];
  for (int i = 1; i < burnAccumulators; i += 1) sum = sum + accumulators[i];
  volatile DoubleVector sink = sum;
  (void)sink;
  return 2.0 * (double)doubleLanes * burnAccumulators * (double)rounds;
}
