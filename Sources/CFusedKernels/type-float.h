// Float as the number type of the templates that are included next. See `products.h`.
#define Scalar float
#define Vector FloatVector
#define lanes floatLanes
#define splat splatFloats
#define load loadFloats
#define store storeFloats
#define loadFirst loadFirstFloats
#define storeFirst storeFirstFloats
#define multiplyAdd fmaFloats
#define largest maxFloats
#define whereAboveZero whereAboveZeroFloats
#define sigmoidOf sigmoidOfFloats
#define tanhOf tanhOfFloats
#define Typed(name) name##Float
