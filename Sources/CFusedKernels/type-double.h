// Double as the number type of the templates that are included next. See `products.h`.
#define Scalar double
#define Vector DoubleVector
#define lanes doubleLanes
#define splat splatDoubles
#define load loadDoubles
#define store storeDoubles
#define loadFirst loadFirstDoubles
#define storeFirst storeFirstDoubles
#define multiplyAdd fmaDoubles
#define largest maxDoubles
#define whereAboveZero whereAboveZeroDoubles
#define sigmoidOf sigmoidOfDoubles
#define tanhOf tanhOfDoubles
#define Typed(name) name##Double
