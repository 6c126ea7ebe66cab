// Checks sigmoid, tanh and the exponentials of every instruction set that the processor has against the bounds in
// CFusedKernels.h, and on ARM that NEON is the best of them. Prints a line for each check; fails if one fails.
// `test-neon.sh` runs it under emulation.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../instruction-sets.h"

// The numbers that CFusedKernels.h promises.
static const double boundInULP = 3.0;
static const double boundOfExponentialsInULP = 2.0;
static const double denormalBoundOfFloat = 0x1p-127;
static const double denormalBoundOfDouble = 0x1p-1023;

// Mantissas per exponent and sign. Emulated 128-bit arithmetic costs microseconds, hence fewer doubles.
enum { floatMantissas = 1000, doubleMantissas = 12, denseDoubleMantissas = 2000, tailCount = 68 };

static int failures = 0;

static void check(bool holds, const char *set, const char *what, double measured) {
  printf("%-4s %-6s %-50s %.6g\n", holds ? "ok" : "FAIL", set, what, measured);
  failures += !holds;
}

// SplitMix64 (Steele, Lea, Flood 2014): the same numbers in every run.
static uint64_t randomBits(void) {
  static uint64_t state = 11;
  uint64_t bits = state += 0x9E3779B97F4A7C15u;
  bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9u;
  bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EBu;
  return bits ^ (bits >> 31);
}

typedef struct {
  double ulp, denormal;
} WorstError;

// `precision` and `minExponent` are those of the type under test. A denormal result counts in ULP only where the
// function passes through zero, that is for tanh.
static void note(WorstError *worst, long double y, long double exact, int precision, int minExponent, bool isTanh) {
  const long double difference = fabsl(y - exact);
  int exponent;
  frexpl(exact, &exponent);
  exponent -= 1;
  if (exponent < minExponent && !isTanh) {
    worst->denormal = fmax(worst->denormal, (double)difference);
    return;
  }
  if (exponent < minExponent) exponent = minExponent;
  const double ulp = (double)(difference / ldexpl(1, exponent - precision + 1));
  // Written so that NaN counts as an error.
  if (!(ulp <= worst->ulp)) worst->ulp = ulp;
}

static void checkWorst(WorstError sigmoid, WorstError tanhError, const char *set, const char *type, double denormal) {
  char what[64];
  snprintf(what, sizeof what, "sigmoid of %s, ULP", type);
  check(sigmoid.ulp <= boundInULP, set, what, sigmoid.ulp);
  snprintf(what, sizeof what, "sigmoid of %s, denormal results / bound", type);
  check(sigmoid.denormal <= denormal, set, what, sigmoid.denormal / denormal);
  snprintf(what, sizeof what, "tanh of %s, ULP", type);
  check(tanhError.ulp <= boundInULP, set, what, tanhError.ulp);
}

static void sweepFloats(void) {
  const size_t count = 255 * floatMantissas * 2;
  float *x = malloc(count * sizeof *x), *y = malloc(count * sizeof *y);
  double *sigmoid = malloc(count * sizeof *sigmoid), *exactTanh = malloc(count * sizeof *exactTanh);
  float *negative = malloc(count * sizeof *negative);
  for (size_t i = 0; i < count; i += 1) {
    const uint32_t exponent = (uint32_t)(i / 2 / floatMantissas);
    const uint32_t bits = (uint32_t)(i & 1) << 31 | exponent << 23 | (uint32_t)(randomBits() >> 41);
    memcpy(&x[i], &bits, sizeof bits);
    sigmoid[i] = 1 / (1 + exp(-(double)x[i]));
    exactTanh[i] = tanh((double)x[i]);
    negative[i] = -fabsf(x[i]);
  }
  for (size_t s = 0; s < instructionSetCount; s += 1) {
    const InstructionSet set = instructionSets[s];
    const CFKLoops *loops = CFKLoopsFor(set.set);
    if (loops == NULL) continue;
    WorstError worstSigmoid = {0}, worstTanh = {0};
    loops->sigmoidFloat(x, y, count);
    for (size_t i = 0; i < count; i += 1) note(&worstSigmoid, y[i], sigmoid[i], 24, -126, false);
    loops->tanhFloat(x, y, count);
    for (size_t i = 0; i < count; i += 1) note(&worstTanh, y[i], exactTanh[i], 24, -126, true);
    checkWorst(worstSigmoid, worstTanh, set.name, "float", denormalBoundOfFloat);
    WorstError worst = {0};
    loops->exponentialsFloat(negative, 0, y, count);
    for (size_t i = 0; i < count; i += 1) note(&worst, y[i], exp((double)negative[i]), 24, -126, false);
    check(worst.ulp <= boundOfExponentialsInULP, set.name, "exponential of float, ULP", worst.ulp);
    const double denormal = worst.denormal / 0x1p-126;
    check(denormal <= 1, set.name, "exponential of float, denormal results / bound", denormal);
  }
  free(x), free(y), free(sigmoid), free(exactTanh), free(negative);
}

static void sweepDoubles(void) {
  const size_t capacity = (2047 * doubleMantissas + 15 * denseDoubleMantissas) * 2;
  double *x = malloc(capacity * sizeof *x), *y = malloc(capacity * sizeof *y);
  long double *sigmoid = malloc(capacity * sizeof *sigmoid), *exactTanh = malloc(capacity * sizeof *exactTanh);
  size_t count = 0;
  for (uint64_t exponent = 0; exponent < 2047; exponent += 1) {
    // From 2^-5 to 2^10 the functions are neither linear nor constant.
    const int mantissas = exponent >= 1018 && exponent < 1033 ? denseDoubleMantissas : doubleMantissas;
    for (int i = 0; i < 2 * mantissas; i += 1) {
      const uint64_t bits = (uint64_t)(i & 1) << 63 | exponent << 52 | randomBits() >> 12;
      memcpy(&x[count], &bits, sizeof bits);
      sigmoid[count] = 1 / (1 + expl(-(long double)x[count]));
      exactTanh[count] = tanhl((long double)x[count]);
      count += 1;
    }
  }
  for (size_t s = 0; s < instructionSetCount; s += 1) {
    const InstructionSet set = instructionSets[s];
    const CFKLoops *loops = CFKLoopsFor(set.set);
    if (loops == NULL) continue;
    WorstError worstSigmoid = {0}, worstTanh = {0};
    loops->sigmoidDouble(x, y, count);
    for (size_t i = 0; i < count; i += 1) note(&worstSigmoid, y[i], sigmoid[i], 53, -1022, false);
    loops->tanhDouble(x, y, count);
    for (size_t i = 0; i < count; i += 1) note(&worstTanh, y[i], exactTanh[i], 53, -1022, true);
    checkWorst(worstSigmoid, worstTanh, set.name, "double", denormalBoundOfDouble);
  }
  free(x), free(y), free(sigmoid), free(exactTanh);
}

static void checkSpecialValues(const CFKLoops *loops, const char *set) {
  const float x[] = {0.0f, -0.0f, INFINITY, -INFINITY};
  const float sigmoid[] = {0.5f, 0.5f, 1, 0}, exactTanh[] = {0.0f, -0.0f, 1, -1};
  const double xDouble[] = {0.0, -0.0, INFINITY, -INFINITY};
  const double sigmoidDouble[] = {0.5, 0.5, 1, 0}, exactTanhDouble[] = {0.0, -0.0, 1, -1};
  float y[4];
  double yDouble[4];
  loops->sigmoidFloat(x, y, 4);
  bool holds = memcmp(y, sigmoid, sizeof y) == 0;
  loops->tanhFloat(x, y, 4);
  holds = holds && memcmp(y, exactTanh, sizeof y) == 0;
  loops->sigmoidDouble(xDouble, yDouble, 4);
  holds = holds && memcmp(yDouble, sigmoidDouble, sizeof yDouble) == 0;
  loops->tanhDouble(xDouble, yDouble, 4);
  holds = holds && memcmp(yDouble, exactTanhDouble, sizeof yDouble) == 0;
  check(holds, set, "zeros and infinities are exact", 4);

  const float nan[] = {NAN, 1};
  const double nanDouble[] = {NAN, 1};
  loops->sigmoidFloat(nan, y, 2);
  loops->tanhFloat(nan, y + 2, 2);
  loops->sigmoidDouble(nanDouble, yDouble, 2);
  loops->tanhDouble(nanDouble, yDouble + 2, 2);
  holds = true;
  for (int i = 0; i < 4; i += 1) {
    const bool inputIsNaN = i % 2 == 0;
    holds = holds && (isnan(y[i]) != 0) == inputIsNaN && (isnan(yDouble[i]) != 0) == inputIsNaN;
  }
  check(holds, set, "NaN propagates and stays in its lane", 4);
}

static void checkTails(const CFKLoops *loops, const char *set) {
  float x[tailCount], y[tailCount], alone;
  double xDouble[tailCount], yDouble[tailCount], aloneDouble;
  for (int i = 0; i < tailCount; i += 1) {
    xDouble[i] = (double)(int64_t)randomBits() * 0x1p-61;
    x[i] = (float)xDouble[i];
  }
  bool holds = true;
  // From the second element on, so that nothing is aligned.
  for (size_t count = 0; count < tailCount - 1; count += 1) {
    for (int function = 0; function < 2; function += 1) {
      (function ? loops->tanhFloat : loops->sigmoidFloat)(x + 1, y + 1, count);
      (function ? loops->tanhDouble : loops->sigmoidDouble)(xDouble + 1, yDouble + 1, count);
      for (size_t i = 1; i <= count; i += 1) {
        (function ? loops->tanhFloat : loops->sigmoidFloat)(x + i, &alone, 1);
        (function ? loops->tanhDouble : loops->sigmoidDouble)(xDouble + i, &aloneDouble, 1);
        holds = holds && memcmp(&alone, y + i, sizeof alone) == 0;
        holds = holds && memcmp(&aloneDouble, yDouble + i, sizeof aloneDouble) == 0;
      }
    }
  }
  check(holds, set, "same bits at any index", tailCount);
}

static void checkFlushing(const CFKLoops *loops, const char *set) {
  const float x = -88.0f;
  float before, during, after;
  loops->sigmoidFloat(&x, &before, 1);
  const uint64_t mode = CFKFlushDenormals();
  loops->sigmoidFloat(&x, &during, 1);
  CFKRestoreFloatingPointMode(mode);
  loops->sigmoidFloat(&x, &after, 1);
  check(before > 0 && during == 0 && after == before, set, "denormals are zero only while flushing", before);
}

int main(void) {
  for (size_t s = 0; s < instructionSetCount; s += 1) {
    const InstructionSet set = instructionSets[s];
    const CFKLoops *loops = CFKLoopsFor(set.set);
    if (loops == NULL) continue;
    const bool isNamed = loops->instructionSet == set.set && loops->vectorBytes == set.vectorBytes;
    check(isNamed, set.name, "the table names its set; bytes of a vector", (double)loops->vectorBytes);
    const double operations = loops->burnFloat(10);
    check(operations == 2 * loops->burnDouble(10), set.name, "operations in 10 rounds at the ceiling", operations);
    checkSpecialValues(loops, set.name);
    checkTails(loops, set.name);
    checkFlushing(loops, set.name);
  }
#if defined(__aarch64__)
  check(CFKBestInstructionSet() == CFKInstructionSetNEON, "neon", "is the best instruction set", 1);
#endif
  sweepFloats();
  sweepDoubles();
  printf(failures == 0 ? "all checks hold\n" : "%d checks failed\n", failures);
  return failures != 0;
}
