// Double as the number type of the templates that are included next: the words of `float-inl.h`.
#define Typed(name) name##Double
#define Scalar double
#define Vector DoubleVector
#define lanes doubleLanes
#define splat splatDoubles
#define load loadDoubles
#define store storeDoubles
#define loadFirst loadFirstDoubles
#define storeFirst storeFirstDoubles
#define multiplyAdd fmaDoubles
#define smallest minDoubles
#define largest maxDoubles
#define magnitude absDoubles
#define copySign copySignDoubles
#define shiftToExponent exponentDoubles
#define whereAboveZero whereAboveZeroDoubles
#define exponentialOf exponentialOfDoubles
#define sigmoidOf sigmoidOfDoubles
#define tanhOf tanhOfDoubles

// Relative error of the polynomial: 2.1e-17, 0.19 of a unit roundoff.
#define ROUNDING 0x1.8p52
#define EXPONENT_BIAS 1023.0
#define RECIPROCAL_OF_LN_2 0x1.71547652b82fep0
#define LN_2_HIGH 0x1.62e42feep-1
#define LN_2_LOW 0x1.a39ef35793c76p-33
#define EVEN_COEFFICIENTS \
  { \
    0x1.28a69d8f540a3p-22, 0x1.a019a1fa3390bp-16, 0x1.6c16c180ed9c5p-10, 0x1.55555555519a6p-5, 0x1.0000000000006p-1 \
  }
#define ODD_COEFFICIENTS \
  { \
    0x1.afa83c625dcb2p-26, 0x1.71ddc2f9d39b7p-19, 0x1.a01a01c73484ep-13, 0x1.111111110c144p-7, 0x1.5555555555560p-3 \
  }
#define MIN_SIGMOID_EXPONENT -708.0
#define MAX_SIGMOID_EXPONENT 709.8
