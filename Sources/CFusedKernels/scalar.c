// The loops for any processor: one element at a time, in the baseline of the architecture. The compiler is free to
// vectorise them.
#include "loops.h"

#include <string.h>

typedef float FloatVector;
typedef double DoubleVector;
enum { floatLanes = 1, doubleLanes = 1 };
// The ceiling of the baseline is that of its 16-byte vectors (SSE2, NEON), which every 64-bit processor has.
enum { ceilingBytes = 16, ceilingAccumulators = 12 };
// As for AVX2: there are 16 registers.
#define GATE_ROWS 3
#define PLAIN_VECTORS 2

static inline FloatVector splatFloats(float x) { return x; }
static inline FloatVector loadFloats(const float *p) { return *p; }
static inline void storeFloats(float *p, FloatVector v) { *p = v; }
// With one lane there is no tail; these two only complete the vocabulary.
static inline FloatVector loadFirstFloats(const float *p, size_t n) { return n == 0 ? 0 : *p; }
static inline void storeFirstFloats(float *p, FloatVector v, size_t n) {
  if (n != 0) *p = v;
}
// Fused where the baseline has such an instruction; elsewhere fma() would be a slow library call. Two roundings do no
// harm, because of how ln 2 is split (`activations-inl.h`), but they must be the same everywhere: of `a * b + c` clang
// makes one rounding in some places and two in others, where it vectorises a sum.
static inline FloatVector fmaFloats(FloatVector a, FloatVector b, FloatVector c) {
#if defined(__FP_FAST_FMAF)
  return __builtin_fmaf(a, b, c);
#else
  return a * b + c;
#endif
}
static inline FloatVector minFloats(FloatVector limit, FloatVector x) { return limit < x ? limit : x; }
static inline FloatVector maxFloats(FloatVector limit, FloatVector x) { return limit > x ? limit : x; }
static inline FloatVector absFloats(FloatVector x) { return __builtin_fabsf(x); }
static inline FloatVector copySignFloats(FloatVector magnitude, FloatVector sign) {
  return __builtin_copysignf(magnitude, sign);
}
static inline FloatVector whereAboveZeroFloats(FloatVector x, FloatVector y) { return x > 0 ? y : 0; }
static inline FloatVector exponentFloats(FloatVector k) {
  uint32_t bits;
  memcpy(&bits, &k, sizeof bits);
  bits <<= 23;
  memcpy(&k, &bits, sizeof k);
  return k;
}

static inline DoubleVector splatDoubles(double x) { return x; }
static inline DoubleVector loadDoubles(const double *p) { return *p; }
static inline void storeDoubles(double *p, DoubleVector v) { *p = v; }
static inline DoubleVector loadFirstDoubles(const double *p, size_t n) { return n == 0 ? 0 : *p; }
static inline void storeFirstDoubles(double *p, DoubleVector v, size_t n) {
  if (n != 0) *p = v;
}
static inline DoubleVector fmaDoubles(DoubleVector a, DoubleVector b, DoubleVector c) {
#if defined(__FP_FAST_FMA)
  return __builtin_fma(a, b, c);
#else
  return a * b + c;
#endif
}
static inline DoubleVector minDoubles(DoubleVector limit, DoubleVector x) { return limit < x ? limit : x; }
static inline DoubleVector maxDoubles(DoubleVector limit, DoubleVector x) { return limit > x ? limit : x; }
static inline DoubleVector absDoubles(DoubleVector x) { return __builtin_fabs(x); }
static inline DoubleVector copySignDoubles(DoubleVector magnitude, DoubleVector sign) {
  return __builtin_copysign(magnitude, sign);
}
static inline DoubleVector whereAboveZeroDoubles(DoubleVector x, DoubleVector y) { return x > 0 ? y : 0; }
static inline DoubleVector exponentDoubles(DoubleVector k) {
  uint64_t bits;
  memcpy(&bits, &k, sizeof bits);
  bits <<= 52;
  memcpy(&k, &bits, sizeof k);
  return k;
}

// With one lane there are no halves.
static inline void addToDoubles(DoubleVector *low, DoubleVector *high, FloatVector v) {
  (void)high;
  *low += v;
}

#include "templates/loops-inl.h"

const CFKLoops cfkScalarLoops = LOOPS(CFKInstructionSetScalar);
