// Sigmoid, tanh and the exponentials of a softmax, written once over the vocabulary of whichever instruction set includes this file.
//
// The including file defines, before the #include, `FloatVector` and `DoubleVector` (types on which + - * / work lane
// by lane) and for each of the two (named here for Float):
//
//   floatLanes                              how many elements a vector holds
//   splatFloats(x)                          x in every lane
//   loadFloats(p), storeFloats(p, v)        unaligned
//   loadFirstFloats(p, n)                   the first n < floatLanes elements, zero in the other lanes
//   storeFirstFloats(p, v, n)               writes n < floatLanes elements and nothing else
//   fmaFloats(a, b, c)                      a * b + c, rounded once where the hardware does so at full speed
//   minFloats(limit, x), maxFloats(...)     NaN where x is NaN
//   absFloats(x)                            x without its sign
//   copySignFloats(magnitude, sign)         for magnitude >= 0
//   exponentFloats(k)                       k's bits shifted left until the lowest is the lowest bit of the exponent
//   addToDoubles(low, high, v)              floats only: adds the lower and the upper half of v to two double vectors
//
// There are no branches on values: every element costs the same, and a lane never sees its neighbours.
//
// All rest on e^t = 2^n (1 + p), n = round(t / ln 2), r = t - n ln 2, p = e^r - 1 on |r| <= ln(2)/2, with
// p = r + r^2 q(r). The polynomial q minimises the largest *relative* error of p, which is what keeps tanh accurate
// next to zero; its coefficients were rounded one after the other, from the lowest power up, and the rest fitted anew
// each time. ln 2 is split in two numbers of which the upper has so many trailing zero bits that n times it is exact
// even without an FMA.
#pragma once

#include <stddef.h>

/// e^t as `scale * (1 + p)`, where the scale is a power of two.
typedef struct {
  FloatVector scale, p;
} FloatExponential;

/// For t in [-87, 88.75]; NaN propagates into p. Relative error of p: 1.4e-8 (0.23 of a unit roundoff) from the
/// polynomial, besides rounding. From t = 127.5 ln 2 upwards the scale is +infinity; from -126.5 ln 2 down to -88.7 it is
/// zero.
static inline FloatExponential exponentialOfFloats(FloatVector t) {
  // Adding 1.5 * 2^23 leaves round(t / ln 2) in the low bits of the sum; the 127 is the bias of the exponent, so those
  // low bits are at once the exponent field of 2^n.
  const FloatVector rounding = splatFloats(0x1.8p23f + 127.0f);
  const FloatVector biased = fmaFloats(t, splatFloats(0x1.715476p0f), rounding);
  const FloatVector n = biased - rounding;
  FloatVector r = fmaFloats(n, splatFloats(-0x1.63p-1f), t);
  r = fmaFloats(n, splatFloats(0x1.bd0106p-13f), r);

  // Even and odd powers apart: as many operations as Horner's rule, half the latency.
  const FloatVector r2 = r * r;
  FloatVector even = fmaFloats(r2, splatFloats(0x1.6b9804p-10f), splatFloats(0x1.5556f6p-5f));
  even = fmaFloats(r2, even, splatFloats(0x1.fffffep-2f));
  const FloatVector odd = fmaFloats(r2, splatFloats(0x1.122536p-7f), splatFloats(0x1.5554b4p-3f));
  const FloatVector q = fmaFloats(r, odd, even);
  return (FloatExponential){.scale = exponentFloats(biased), .p = fmaFloats(r2, q, r)};
}

/// 1 / (1 + e^-x). At most 2.49 ULP where the result is normal: every float was tried, on every x86 instruction set.
static inline FloatVector sigmoidOfFloats(FloatVector x) {
  // Above, the clamp is where the scale has become infinite and the quotient zero; below, e^t no longer adds to 1.
  const FloatVector t = maxFloats(splatFloats(-87.0f), minFloats(splatFloats(88.75f), splatFloats(-1.0f) * x));
  const FloatExponential e = exponentialOfFloats(t);
  const FloatVector one = splatFloats(1.0f);
  // 1 + p stays positive, so an infinite scale cannot meet a zero or a negative number.
  return one / fmaFloats(e.scale, one + e.p, one);
}

/// tanh x = -u / (2 + u) with u = e^(-2|x|) - 1. At most 2.50 ULP: every float was tried, on every x86 instruction set.
static inline FloatVector tanhOfFloats(FloatVector x) {
  // From |x| = 9.02 on the result is 1, so the clamp at 20 changes nothing but keeps the scale a normal number.
  const FloatVector t = maxFloats(splatFloats(-40.0f), splatFloats(-2.0f) * absFloats(x));
  const FloatExponential e = exponentialOfFloats(t);
  // For n = 0 this is p itself, with p's relative error; for n <= -1 nothing cancels, because |p| < 0.42.
  const FloatVector u = fmaFloats(e.scale, e.p, e.scale - splatFloats(1.0f));
  return copySignFloats(absFloats(u) / (splatFloats(2.0f) + u), x);
}

/// e^t as `scale * (1 + p)`, where the scale is a power of two.
typedef struct {
  DoubleVector scale, p;
} DoubleExponential;

/// For t in [-708, 709.8]; NaN propagates into p. Relative error of p: 2.1e-17 (0.19 of a unit roundoff) from the
/// polynomial, besides rounding. From t = 1023.5 ln 2 upwards the scale is +infinity.
static inline DoubleExponential exponentialOfDoubles(DoubleVector t) {
  // As for floats, with 1.5 * 2^52 and the bias 1023.
  const DoubleVector rounding = splatDoubles(0x1.8p52 + 1023.0);
  const DoubleVector biased = fmaDoubles(t, splatDoubles(0x1.71547652b82fep0), rounding);
  const DoubleVector n = biased - rounding;
  DoubleVector r = fmaDoubles(n, splatDoubles(-0x1.62e42feep-1), t);
  r = fmaDoubles(n, splatDoubles(-0x1.a39ef35793c76p-33), r);

  const DoubleVector r2 = r * r;
  DoubleVector even = fmaDoubles(r2, splatDoubles(0x1.28a69d8f540a3p-22), splatDoubles(0x1.a019a1fa3390bp-16));
  even = fmaDoubles(r2, even, splatDoubles(0x1.6c16c180ed9c5p-10));
  even = fmaDoubles(r2, even, splatDoubles(0x1.55555555519a6p-5));
  even = fmaDoubles(r2, even, splatDoubles(0x1.0000000000006p-1));
  DoubleVector odd = fmaDoubles(r2, splatDoubles(0x1.afa83c625dcb2p-26), splatDoubles(0x1.71ddc2f9d39b7p-19));
  odd = fmaDoubles(r2, odd, splatDoubles(0x1.a01a01c73484ep-13));
  odd = fmaDoubles(r2, odd, splatDoubles(0x1.111111110c144p-7));
  odd = fmaDoubles(r2, odd, splatDoubles(0x1.5555555555560p-3));
  const DoubleVector q = fmaDoubles(r, odd, even);
  return (DoubleExponential){.scale = exponentDoubles(biased), .p = fmaDoubles(r2, q, r)};
}

/// 1 / (1 + e^-x). At most 2.32 ULP where the result is normal, in 1.6e8 samples over all exponents; never 3, by adding
/// up the roundings.
static inline DoubleVector sigmoidOfDoubles(DoubleVector x) {
  const DoubleVector t = maxDoubles(splatDoubles(-708.0), minDoubles(splatDoubles(709.8), splatDoubles(-1.0) * x));
  const DoubleExponential e = exponentialOfDoubles(t);
  const DoubleVector one = splatDoubles(1.0);
  return one / fmaDoubles(e.scale, one + e.p, one);
}

/// tanh x = -u / (2 + u) with u = e^(-2|x|) - 1. At most 2.56 ULP in 1.6e8 samples over all exponents; never 3, by
/// adding up the roundings.
static inline DoubleVector tanhOfDoubles(DoubleVector x) {
  // From |x| = 19.07 on the result is 1.
  const DoubleVector t = maxDoubles(splatDoubles(-40.0), splatDoubles(-2.0) * absDoubles(x));
  const DoubleExponential e = exponentialOfDoubles(t);
  const DoubleVector u = fmaDoubles(e.scale, e.p, e.scale - splatDoubles(1.0));
  return copySignDoubles(absDoubles(u) / (splatDoubles(2.0) + u), x);
}

// Inlined into each caller below, so that the function is a constant there and the call disappears.
__attribute__((always_inline)) static inline void applyToFloats(
  FloatVector (*function)(FloatVector), const float *x, float *y, size_t count
) {
  size_t i = 0;
  for (; i + floatLanes <= count; i += floatLanes) {
    storeFloats(y + i, function(loadFloats(x + i)));
  }
  if (i < count) {
    storeFirstFloats(y + i, function(loadFirstFloats(x + i, count - i)), count - i);
  }
}

__attribute__((always_inline)) static inline void applyToDoubles(
  DoubleVector (*function)(DoubleVector), const double *x, double *y, size_t count
) {
  size_t i = 0;
  for (; i + doubleLanes <= count; i += doubleLanes) {
    storeDoubles(y + i, function(loadDoubles(x + i)));
  }
  if (i < count) {
    storeFirstDoubles(y + i, function(loadFirstDoubles(x + i, count - i)), count - i);
  }
}

static void sigmoidFloat(const float *x, float *y, size_t count) { applyToFloats(sigmoidOfFloats, x, y, count); }
static void sigmoidDouble(const double *x, double *y, size_t count) { applyToDoubles(sigmoidOfDoubles, x, y, count); }
static void tanhFloat(const float *x, float *y, size_t count) { applyToFloats(tanhOfFloats, x, y, count); }
static void tanhDouble(const double *x, double *y, size_t count) { applyToDoubles(tanhOfDoubles, x, y, count); }

/// e^x for x <= 0. At most 1.08 ULP where the result is normal: every float was tried, with SSE2 and with AVX2.
static inline FloatVector exponentialOfNonPositiveFloats(FloatVector x) {
  // From the clamp down the scale is zero.
  const FloatExponential e = exponentialOfFloats(maxFloats(splatFloats(-88.0f), x));
  return fmaFloats(e.scale, e.p, e.scale);
}

static double exponentialsFloat(const float *x, float largest, float *y, size_t count) {
  const FloatVector shift = splatFloats(largest);
  DoubleVector low = splatDoubles(0), high = splatDoubles(0);
  size_t i = 0;
  for (; i + floatLanes <= count; i += floatLanes) {
    const FloatVector v = exponentialOfNonPositiveFloats(loadFloats(x + i) - shift);
    if (y != NULL) storeFloats(y + i, v);
    addToDoubles(&low, &high, v);
  }
  if (i < count) {
    const FloatVector v = exponentialOfNonPositiveFloats(loadFirstFloats(x + i, count - i) - shift);
    if (y != NULL) storeFirstFloats(y + i, v, count - i);
    // The lanes past the end hold the exponential of something that is not there.
    float padded[floatLanes] = {0};
    storeFirstFloats(padded, v, count - i);
    addToDoubles(&low, &high, loadFloats(padded));
  }
  double sums[doubleLanes], sum = 0;
  storeDoubles(sums, low + high);
  for (size_t lane = 0; lane < doubleLanes; lane += 1) sum += sums[lane];
  return sum;
}

/// The largest of `count` floats, at least one, none of them NaN.
static inline float largestOfFloats(const float *x, size_t count) {
  float largest = x[0];
  size_t i = 0;
  if (count >= floatLanes) {
    FloatVector lanes = loadFloats(x);
    for (i = floatLanes; i + floatLanes <= count; i += floatLanes) lanes = maxFloats(lanes, loadFloats(x + i));
    float stored[floatLanes];
    storeFloats(stored, lanes);
    for (size_t lane = 0; lane < floatLanes; lane += 1) largest = stored[lane] > largest ? stored[lane] : largest;
  }
  for (; i < count; i += 1) largest = x[i] > largest ? x[i] : largest;
  return largest;
}

static size_t placeOfLargestFloat(const float *x, size_t count) {
  // In blocks, so that only one of them is searched for the place.
  const size_t block = 256;
  size_t best = 0;
  float largest = -__builtin_inff();
  for (size_t start = 0; start < count; start += block) {
    const float candidate = largestOfFloats(x + start, count - start < block ? count - start : block);
    if (candidate > largest) {
      largest = candidate;
      best = start;
    }
  }
  for (size_t i = best; i < count && i < best + block; i += 1) {
    if (x[i] == largest) return i;
  }
  return 0;
}
