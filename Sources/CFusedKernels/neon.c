// The loops for NEON, which every 64-bit ARM processor has: 4 floats or 2 doubles at a time.
#include "loops.h"

#if defined(__aarch64__)

#include <arm_neon.h>
#include <string.h>

typedef float32x4_t FloatVector;
typedef float64x2_t DoubleVector;
// The widest ARM cores take four FMAs per cycle with a latency of four.
enum { floatLanes = 4, doubleLanes = 2, ceilingBytes = sizeof(FloatVector), ceilingAccumulators = 16 };
// As for AVX-512: there are 32 registers.
#define GATE_ROWS 6
#define PLAIN_VECTORS 4

static inline FloatVector splatFloats(float x) { return vdupq_n_f32(x); }
static inline FloatVector loadFloats(const float *p) { return vld1q_f32(p); }
static inline void storeFloats(float *p, FloatVector v) { vst1q_f32(p, v); }
// NEON has no masked loads and stores: a tail goes through a vector's worth of stack.
static inline FloatVector loadFirstFloats(const float *p, size_t n) {
  float padded[floatLanes] = {0};
  memcpy(padded, p, n * sizeof(float));
  return vld1q_f32(padded);
}
static inline void storeFirstFloats(float *p, FloatVector v, size_t n) {
  float padded[floatLanes];
  vst1q_f32(padded, v);
  memcpy(p, padded, n * sizeof(float));
}
static inline FloatVector fmaFloats(FloatVector a, FloatVector b, FloatVector c) { return vfmaq_f32(c, a, b); }
static inline FloatVector minFloats(FloatVector limit, FloatVector x) { return vminq_f32(limit, x); }
static inline FloatVector maxFloats(FloatVector limit, FloatVector x) { return vmaxq_f32(limit, x); }
static inline FloatVector absFloats(FloatVector x) { return vabsq_f32(x); }
static inline FloatVector copySignFloats(FloatVector magnitude, FloatVector sign) {
  return vbslq_f32(vdupq_n_u32(0x80000000u), sign, magnitude);
}
static inline FloatVector whereAboveZeroFloats(FloatVector x, FloatVector y) {
  return vreinterpretq_f32_u32(vandq_u32(vcgtzq_f32(x), vreinterpretq_u32_f32(y)));
}
static inline FloatVector exponentFloats(FloatVector k) {
  return vreinterpretq_f32_u32(vshlq_n_u32(vreinterpretq_u32_f32(k), 23));
}

static inline DoubleVector splatDoubles(double x) { return vdupq_n_f64(x); }
static inline DoubleVector loadDoubles(const double *p) { return vld1q_f64(p); }
static inline void storeDoubles(double *p, DoubleVector v) { vst1q_f64(p, v); }
static inline DoubleVector loadFirstDoubles(const double *p, size_t n) {
  double padded[doubleLanes] = {0};
  memcpy(padded, p, n * sizeof(double));
  return vld1q_f64(padded);
}
static inline void storeFirstDoubles(double *p, DoubleVector v, size_t n) {
  double padded[doubleLanes];
  vst1q_f64(padded, v);
  memcpy(p, padded, n * sizeof(double));
}
static inline DoubleVector fmaDoubles(DoubleVector a, DoubleVector b, DoubleVector c) { return vfmaq_f64(c, a, b); }
static inline DoubleVector minDoubles(DoubleVector limit, DoubleVector x) { return vminq_f64(limit, x); }
static inline DoubleVector maxDoubles(DoubleVector limit, DoubleVector x) { return vmaxq_f64(limit, x); }
static inline DoubleVector absDoubles(DoubleVector x) { return vabsq_f64(x); }
static inline DoubleVector copySignDoubles(DoubleVector magnitude, DoubleVector sign) {
  return vbslq_f64(vdupq_n_u64(0x8000000000000000u), sign, magnitude);
}
static inline DoubleVector whereAboveZeroDoubles(DoubleVector x, DoubleVector y) {
  return vreinterpretq_f64_u64(vandq_u64(vcgtzq_f64(x), vreinterpretq_u64_f64(y)));
}
static inline DoubleVector exponentDoubles(DoubleVector k) {
  return vreinterpretq_f64_u64(vshlq_n_u64(vreinterpretq_u64_f64(k), 52));
}

static inline void addToDoubles(DoubleVector *low, DoubleVector *high, FloatVector v) {
  *low = vaddq_f64(*low, vcvt_f64_f32(vget_low_f32(v)));
  *high = vaddq_f64(*high, vcvt_high_f64_f32(v));
}

#include "templates/loops-inl.h"

const CFKLoops cfkNEONLoops = LOOPS(CFKInstructionSetNEON);

#endif
