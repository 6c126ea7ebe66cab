// The exponentials of a softmax and the argmax, for floats: over the vocabulary of `loops-inl.h` and `exponentialOfFloats`
// from `activations-inl.h`.

/// e^x for x <= 0. At most 1.08 ULP where the result is normal: every float was tried, with SSE2 and with AVX2.
static inline FloatVector exponentialOfNonPositiveFloats(FloatVector x) {
  // From the clamp down the scale is zero.
  const ExponentialFloat e = exponentialOfFloats(maxFloats(splatFloats(-88.0f), x));
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
    // In the lanes past the end are exponentials of no element.
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
    FloatVector maxima = loadFloats(x);
    for (i = floatLanes; i + floatLanes <= count; i += floatLanes) maxima = maxFloats(maxima, loadFloats(x + i));
    float stored[floatLanes];
    storeFloats(stored, maxima);
    for (size_t lane = 0; lane < floatLanes; lane += 1) largest = stored[lane] > largest ? stored[lane] : largest;
  }
  for (; i < count; i += 1) largest = x[i] > largest ? x[i] : largest;
  return largest;
}

static size_t argmaxFloat(const float *x, size_t count) {
  // In blocks, so that only one of them is searched for the index.
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
