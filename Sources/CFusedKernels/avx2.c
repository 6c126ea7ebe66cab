// The loops for AVX2 with FMA: 8 floats or 4 doubles at a time.
#include "loops.h"

#if defined(__x86_64__)

#include <immintrin.h>

BEGIN_TARGET("avx2,fma")

typedef __m256 FloatVector;
typedef __m256d DoubleVector;
enum { floatLanes = 8, doubleLanes = 4, ceilingBytes = sizeof(FloatVector), ceilingAccumulators = 12 };
// Tiles of gates: 12 accumulators, three elements and a vector of weights, all 16 registers. Plain tiles: 12 accumulators,
// two vectors and an element; at 3 x 4 the compiler keeps an accumulator in memory, which takes twice the time.
#define GATE_ROWS 3
#define PLAIN_VECTORS 2

static inline FloatVector splatFloats(float x) { return _mm256_set1_ps(x); }
static inline FloatVector loadFloats(const float *p) { return _mm256_loadu_ps(p); }
static inline void storeFloats(float *p, FloatVector v) { _mm256_storeu_ps(p, v); }
static inline __m256i firstFloats(size_t n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
static inline FloatVector loadFirstFloats(const float *p, size_t n) { return _mm256_maskload_ps(p, firstFloats(n)); }
static inline void storeFirstFloats(float *p, FloatVector v, size_t n) { _mm256_maskstore_ps(p, firstFloats(n), v); }
static inline FloatVector fmaFloats(FloatVector a, FloatVector b, FloatVector c) { return _mm256_fmadd_ps(a, b, c); }
static inline FloatVector minFloats(FloatVector limit, FloatVector x) { return _mm256_min_ps(limit, x); }
static inline FloatVector maxFloats(FloatVector limit, FloatVector x) { return _mm256_max_ps(limit, x); }
static inline FloatVector absFloats(FloatVector x) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), x); }
static inline FloatVector copySignFloats(FloatVector magnitude, FloatVector sign) {
  return _mm256_or_ps(magnitude, _mm256_and_ps(sign, _mm256_set1_ps(-0.0f)));
}
static inline FloatVector whereAboveZeroFloats(FloatVector x, FloatVector y) {
  return _mm256_and_ps(_mm256_cmp_ps(x, _mm256_setzero_ps(), _CMP_GT_OQ), y);
}
static inline FloatVector exponentFloats(FloatVector k) {
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_castps_si256(k), 23));
}

static inline DoubleVector splatDoubles(double x) { return _mm256_set1_pd(x); }
static inline DoubleVector loadDoubles(const double *p) { return _mm256_loadu_pd(p); }
static inline void storeDoubles(double *p, DoubleVector v) { _mm256_storeu_pd(p, v); }
static inline __m256i firstDoubles(size_t n) {
  return _mm256_cmpgt_epi64(_mm256_set1_epi64x((long long)n), _mm256_setr_epi64x(0, 1, 2, 3));
}
static inline DoubleVector loadFirstDoubles(const double *p, size_t n) {
  return _mm256_maskload_pd(p, firstDoubles(n));
}
static inline void storeFirstDoubles(double *p, DoubleVector v, size_t n) {
  _mm256_maskstore_pd(p, firstDoubles(n), v);
}
static inline DoubleVector fmaDoubles(DoubleVector a, DoubleVector b, DoubleVector c) {
  return _mm256_fmadd_pd(a, b, c);
}
static inline DoubleVector minDoubles(DoubleVector limit, DoubleVector x) { return _mm256_min_pd(limit, x); }
static inline DoubleVector maxDoubles(DoubleVector limit, DoubleVector x) { return _mm256_max_pd(limit, x); }
static inline DoubleVector absDoubles(DoubleVector x) { return _mm256_andnot_pd(_mm256_set1_pd(-0.0), x); }
static inline DoubleVector copySignDoubles(DoubleVector magnitude, DoubleVector sign) {
  return _mm256_or_pd(magnitude, _mm256_and_pd(sign, _mm256_set1_pd(-0.0)));
}
static inline DoubleVector whereAboveZeroDoubles(DoubleVector x, DoubleVector y) {
  return _mm256_and_pd(_mm256_cmp_pd(x, _mm256_setzero_pd(), _CMP_GT_OQ), y);
}
static inline DoubleVector exponentDoubles(DoubleVector k) {
  return _mm256_castsi256_pd(_mm256_slli_epi64(_mm256_castpd_si256(k), 52));
}

static inline void addToDoubles(DoubleVector *low, DoubleVector *high, FloatVector v) {
  *low = _mm256_add_pd(*low, _mm256_cvtps_pd(_mm256_castps256_ps128(v)));
  *high = _mm256_add_pd(*high, _mm256_cvtps_pd(_mm256_extractf128_ps(v, 1)));
}

#include "templates/loops-inl.h"

END_TARGET

const CFKLoops cfkAVX2Loops = LOOPS(CFKInstructionSetAVX2);

#endif
