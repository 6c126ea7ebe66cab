// The arithmetic ceiling of a core for one number type: multiply-adds on registers alone. See `ceilingBytes` and
// `ceilingAccumulators` in `loops-inl.h`.

typedef Scalar Typed(CeilingVector) __attribute__((vector_size(ceilingBytes)));

/// One round is one multiply-add on every accumulator. a -> 0.9375 a + 0.0625 tends to 1 from any start: no infinities, no
/// denormals. The starts differ so that the compiler cannot merge the chains, and the sum goes through a volatile so that it
/// cannot drop them. Plain operators, because the compiler fuses them where the instruction set has such an instruction.
static double Typed(burn)(size_t rounds) {
  Typed(CeilingVector) accumulators[ceilingAccumulators];
  for (int i = 0; i < ceilingAccumulators; i += 1) {
    accumulators[i] = (Typed(CeilingVector)){0} + ((Scalar)0.5 + (Scalar)i);
  }
  for (size_t round = 0; round < rounds; round += 1) {
#pragma GCC unroll 16
    for (int i = 0; i < ceilingAccumulators; i += 1) {
      accumulators[i] = accumulators[i] * (Scalar)0.9375 + (Scalar)0.0625;
    }
  }
  Typed(CeilingVector) sum = accumulators[0];
  for (int i = 1; i < ceilingAccumulators; i += 1) sum = sum + accumulators[i];
  volatile Typed(CeilingVector) sink = sum;
  (void)sink;
  return 2.0 * (double)(ceilingBytes / sizeof(Scalar)) * ceilingAccumulators * (double)rounds;
}
