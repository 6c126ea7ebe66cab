// The loops for AVX-512 (F, DQ, BW, VL): 16 floats or 8 doubles at a time.
#include "loops.h"

#if defined(__x86_64__)

#include <immintrin.h>

BEGIN_TARGET("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma")

typedef __m512 FloatVector;
typedef __m512d DoubleVector;
enum { floatLanes = 16, doubleLanes = 8, ceilingBytes = sizeof(FloatVector), ceilingAccumulators = 12 };
// Tiles of 24 accumulators, four vectors of weights and an element: 29 of 32 registers.
#define GATE_ROWS 6
#define PLAIN_VECTORS 4

static inline FloatVector splatFloats(float x) { return _mm512_set1_ps(x); }
static inline FloatVector loadFloats(const float *p) { return _mm512_loadu_ps(p); }
static inline void storeFloats(float *p, FloatVector v) { _mm512_storeu_ps(p, v); }
static inline __mmask16 firstFloats(size_t n) { return (__mmask16)((1u << n) - 1); }
static inline FloatVector loadFirstFloats(const float *p, size_t n) { return _mm512_maskz_loadu_ps(firstFloats(n), p); }
static inline void storeFirstFloats(float *p, FloatVector v, size_t n) { _mm512_mask_storeu_ps(p, firstFloats(n), v); }
static inline FloatVector fmaFloats(FloatVector a, FloatVector b, FloatVector c) { return _mm512_fmadd_ps(a, b, c); }
static inline FloatVector minFloats(FloatVector limit, FloatVector x) { return _mm512_min_ps(limit, x); }
static inline FloatVector maxFloats(FloatVector limit, FloatVector x) { return _mm512_max_ps(limit, x); }
static inline FloatVector absFloats(FloatVector x) { return _mm512_abs_ps(x); }
static inline FloatVector copySignFloats(FloatVector magnitude, FloatVector sign) {
  return _mm512_or_ps(magnitude, _mm512_and_ps(sign, _mm512_set1_ps(-0.0f)));
}
static inline FloatVector whereAboveZeroFloats(FloatVector x, FloatVector y) {
  return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(x, _mm512_setzero_ps(), _CMP_GT_OQ), y);
}
static inline FloatVector exponentFloats(FloatVector k) {
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_castps_si512(k), 23));
}

static inline DoubleVector splatDoubles(double x) { return _mm512_set1_pd(x); }
static inline DoubleVector loadDoubles(const double *p) { return _mm512_loadu_pd(p); }
static inline void storeDoubles(double *p, DoubleVector v) { _mm512_storeu_pd(p, v); }
static inline __mmask8 firstDoubles(size_t n) { return (__mmask8)((1u << n) - 1); }
static inline DoubleVector loadFirstDoubles(const double *p, size_t n) {
  return _mm512_maskz_loadu_pd(firstDoubles(n), p);
}
static inline void storeFirstDoubles(double *p, DoubleVector v, size_t n) {
  _mm512_mask_storeu_pd(p, firstDoubles(n), v);
}
static inline DoubleVector fmaDoubles(DoubleVector a, DoubleVector b, DoubleVector c) {
  return _mm512_fmadd_pd(a, b, c);
}
static inline DoubleVector minDoubles(DoubleVector limit, DoubleVector x) { return _mm512_min_pd(limit, x); }
static inline DoubleVector maxDoubles(DoubleVector limit, DoubleVector x) { return _mm512_max_pd(limit, x); }
static inline DoubleVector absDoubles(DoubleVector x) { return _mm512_abs_pd(x); }
static inline DoubleVector copySignDoubles(DoubleVector magnitude, DoubleVector sign) {
  return _mm512_or_pd(magnitude, _mm512_and_pd(sign, _mm512_set1_pd(-0.0)));
}
static inline DoubleVector whereAboveZeroDoubles(DoubleVector x, DoubleVector y) {
  return _mm512_maskz_mov_pd(_mm512_cmp_pd_mask(x, _mm512_setzero_pd(), _CMP_GT_OQ), y);
}
static inline DoubleVector exponentDoubles(DoubleVector k) {
  return _mm512_castsi512_pd(_mm512_slli_epi64(_mm512_castpd_si512(k), 52));
}

static inline void addToDoubles(DoubleVector *low, DoubleVector *high, FloatVector v) {
  *low = _mm512_add_pd(*low, _mm512_cvtps_pd(_mm512_castps512_ps256(v)));
  *high = _mm512_add_pd(*high, _mm512_cvtps_pd(_mm512_extractf32x8_ps(v, 1)));
}

#include "templates/loops-inl.h"

END_TARGET

const CFKLoops cfkAVX512Loops = LOOPS(CFKInstructionSetAVX512);

#endif
