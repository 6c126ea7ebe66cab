// Sigmoid and tanh for one number type, over the words of `float-inl.h` or `double-inl.h`.
//
// There are no branches on values: every element costs the same, and a lane never depends on its neighbours.
//
// Both rest on e^t = 2^n (1 + p), n = round(t / ln 2), r = t - n ln 2, p = e^r - 1 on |r| <= ln(2)/2, with
// p = r + r^2 q(r). The polynomial q minimises the largest *relative* error of p, which keeps tanh accurate next to zero;
// its coefficients were rounded one after the other, from the lowest power up, and the others fitted anew each time. ln 2
// is the sum of two numbers, the upper of which has so many trailing zero bits that n times it is exact even without an
// FMA.

/// e^t as `scale * (1 + p)`, where the scale is a power of two.
typedef struct {
  Vector scale, p;
} Typed(Exponential);

/// The polynomial with these coefficients, highest power first, by Horner's rule.
ALWAYS_INLINE Vector Typed(polynomial)(const Vector x, const Scalar *coefficients, const size_t count) {
  Vector sum = splat(coefficients[0]);
  UNROLL for (size_t i = 1; i < count; i += 1) sum = multiplyAdd(x, sum, splat(coefficients[i]));
  return sum;
}

/// For t in [-87, 88.75] (Double: [-708, 709.8]); NaN propagates into p. From t = 127.5 ln 2 (1023.5 ln 2) upwards the
/// scale is +infinity; with floats, from -126.5 ln 2 down to -88.7 it is zero.
static inline Typed(Exponential) exponentialOf(const Vector t) {
  static const Scalar evenCoefficients[] = EVEN_COEFFICIENTS, oddCoefficients[] = ODD_COEFFICIENTS;
  // Adding ROUNDING leaves round(t / ln 2) in the low bits of the sum. With the bias added too, those low bits are the
  // exponent field of 2^n.
  const Vector rounding = splat(ROUNDING + EXPONENT_BIAS);
  const Vector biased = multiplyAdd(t, splat(RECIPROCAL_OF_LN_2), rounding);
  const Vector n = biased - rounding;
  Vector r = multiplyAdd(n, splat(-(LN_2_HIGH)), t);
  r = multiplyAdd(n, splat(-(LN_2_LOW)), r);

  // Even and odd powers apart: as many operations as Horner's rule, half the latency.
  const Vector r2 = r * r;
  const Vector even = Typed(polynomial)(r2, evenCoefficients, sizeof evenCoefficients / sizeof(Scalar));
  const Vector odd = Typed(polynomial)(r2, oddCoefficients, sizeof oddCoefficients / sizeof(Scalar));
  const Vector q = multiplyAdd(r, odd, even);
  return (Typed(Exponential)){.scale = shiftToExponent(biased), .p = multiplyAdd(r2, q, r)};
}

/// 1 / (1 + e^-x). Where the result is normal, at most 2.49 ULP for Float: every float was tried, on every x86 instruction
/// set. For Double at most 2.32 ULP in 1.6e8 samples over all exponents; never 3, by adding up the roundings.
static inline Vector sigmoidOf(const Vector x) {
  const Vector t = largest(splat(MIN_SIGMOID_EXPONENT), smallest(splat(MAX_SIGMOID_EXPONENT), splat(-1) * x));
  const Typed(Exponential) e = exponentialOf(t);
  const Vector one = splat(1);
  // 1 + p stays positive, so an infinite scale is never multiplied by zero or a negative number.
  return one / multiplyAdd(e.scale, one + e.p, one);
}

/// tanh x = -u / (2 + u) with u = e^(-2|x|) - 1. At most 2.50 ULP for Float: every float was tried, on every x86
/// instruction set. For Double at most 2.56 ULP in 1.6e8 samples over all exponents; never 3, by adding up the roundings.
static inline Vector tanhOf(const Vector x) {
  // From |x| = 9.02 on (Double: 19.07) the result is 1, so the clamp at 20 changes nothing but keeps the scale a normal
  // number.
  const Vector t = largest(splat(-40), splat(-2) * magnitude(x));
  const Typed(Exponential) e = exponentialOf(t);
  // For n = 0 this is p itself, with p's relative error; for n <= -1 nothing cancels, because |p| < 0.42.
  const Vector u = multiplyAdd(e.scale, e.p, e.scale - splat(1));
  return copySign(magnitude(u) / (splat(2) + u), x);
}

/// y[i] = function(x[i]). Inlined into each caller below, so that the function is a constant there and the call disappears.
ALWAYS_INLINE void Typed(apply)(Vector (*function)(Vector), const Scalar *x, Scalar *y, size_t count) {
  size_t i = 0;
  for (; i + lanes <= count; i += lanes) store(y + i, function(load(x + i)));
  if (i < count) storeFirst(y + i, function(loadFirst(x + i, count - i)), count - i);
}

static void Typed(sigmoid)(const Scalar *x, Scalar *y, size_t count) { Typed(apply)(sigmoidOf, x, y, count); }
static void Typed(tanh)(const Scalar *x, Scalar *y, size_t count) { Typed(apply)(tanhOf, x, y, count); }
