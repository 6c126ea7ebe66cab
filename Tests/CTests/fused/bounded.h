// Numbers with a bound on how far the loops may be from them: running error analysis (Wilkinson 1963).
//
// The value is computed in double. Every operation of the loops adds one rounding to the bound, and passes on the bounds of
// its operands. A multiply-add counts as two roundings, because the scalar loops need not fuse it.
#pragma once

#include <math.h>

typedef struct {
  double value, error;
} Bounded;

/// The unit roundoff of the type under test; twice as large for Double, because the values here are rounded too. It is
/// slightly larger than that, for terms of second order and, with Float, for the rounding of values.
extern double roundoff;

static inline Bounded exactly(double value) { return (Bounded){value, 0}; }

static inline Bounded rounded(double value, double error) {
  return (Bounded){value, error + roundoff * fabs(value)};
}

static inline Bounded plus(Bounded a, Bounded b) { return rounded(a.value + b.value, a.error + b.error); }
static inline Bounded minus(Bounded a, Bounded b) { return rounded(a.value - b.value, a.error + b.error); }

static inline Bounded times(Bounded a, Bounded b) {
  return rounded(a.value * b.value, fabs(a.value) * b.error + a.error * fabs(b.value) + a.error * b.error);
}

static inline Bounded multiplyAdd(Bounded a, Bounded b, Bounded c) { return plus(times(a, b), c); }

/// 1 - a². Has one rounding less where the product is fused into the difference.
static inline Bounded oneMinusSquare(Bounded a) { return minus(exactly(1), times(a, a)); }

// At most 3 ULP, each of at most two roundoffs, see CFusedKernels.h; the slopes are at most 1/4 and 1.
static inline Bounded sigmoidOf(Bounded a) {
  const double value = 1 / (1 + exp(-a.value));
  return (Bounded){value, a.error / 4 + 6 * roundoff * value};
}

static inline Bounded tanhOf(Bounded a) {
  const double value = tanh(a.value);
  return (Bounded){value, a.error + 6 * roundoff * fabs(value)};
}

static inline Bounded rectified(Bounded a) { return (Bounded){fmax(0, a.value), a.error}; }
