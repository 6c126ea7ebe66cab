// Takes back what `type-float.h` and `type-double.h` define.
#undef Scalar
#undef Vector
#undef lanes
#undef splat
#undef load
#undef store
#undef loadFirst
#undef storeFirst
#undef multiplyAdd
#undef largest
#undef whereAboveZero
#undef sigmoidOf
#undef tanhOf
#undef Typed
