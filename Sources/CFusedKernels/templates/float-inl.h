// Float as the number type of the templates that are included next. `double-inl.h` gives the same words for Double, and
// `end-inl.h` takes them back.
#define Typed(name) name##Float
#define Scalar float
#define Vector FloatVector
#define lanes floatLanes
#define splat splatFloats
#define load loadFloats
#define store storeFloats
#define loadFirst loadFirstFloats
#define storeFirst storeFirstFloats
#define multiplyAdd fmaFloats
#define smallest minFloats
#define largest maxFloats
#define magnitude absFloats
#define copySign copySignFloats
#define shiftToExponent exponentFloats
#define whereAboveZero whereAboveZeroFloats
// What `activations-inl.h` defines for the others.
#define exponentialOf exponentialOfFloats
#define sigmoidOf sigmoidOfFloats
#define tanhOf tanhOfFloats

// The numbers of e^t, see `activations-inl.h`. Relative error of the polynomial: 1.4e-8, 0.23 of a unit roundoff.
/// 1.5 · 2^23, to which a float is added to round it to a whole number, and the bias of its exponent.
#define ROUNDING 0x1.8p23f
#define EXPONENT_BIAS 127.0f
#define RECIPROCAL_OF_LN_2 0x1.715476p0f
/// ln 2 as the sum of two numbers.
#define LN_2_HIGH 0x1.63p-1f
#define LN_2_LOW -0x1.bd0106p-13f
/// Coefficients of q(r) = 1/2 + r/6 + …, for its even and its odd powers, highest first.
#define EVEN_COEFFICIENTS {0x1.6b9804p-10f, 0x1.5556f6p-5f, 0x1.fffffep-2f}
#define ODD_COEFFICIENTS {0x1.122536p-7f, 0x1.5554b4p-3f}
/// Limits of the exponent of a sigmoid: below the first e^t is too small to change 1 + e^t; at the second its scale is
/// infinite.
#define MIN_SIGMOID_EXPONENT -87.0f
#define MAX_SIGMOID_EXPONENT 88.75f
