/// z = x ⊙ y over `range`; `z` may be either.
@inline(__always)
func multiplyElements<Scalar: BLASScalar>(
  _ x: UnsafePointer<Scalar>, _ y: UnsafePointer<Scalar>, into z: UnsafeMutablePointer<Scalar>, _ range: Range<Int>
) {
  Lanes<Scalar>.forEach(in: range) { $0.store($0.load(x) * $0.load(y), z) }
}

/// z = x + y over `range`; `z` may be either.
@inline(__always)
func addElements<Scalar: BLASScalar>(
  _ x: UnsafePointer<Scalar>, _ y: UnsafePointer<Scalar>, into z: UnsafeMutablePointer<Scalar>, _ range: Range<Int>
) {
  Lanes<Scalar>.forEach(in: range) { $0.store($0.load(x) + $0.load(y), z) }
}

/// σ in place over `range`.
@inline(__always)
func sigmoid<Scalar: BLASScalar>(_ x: UnsafeMutablePointer<Scalar>, _ range: Range<Int>) {
  Scalar._sigmoid(x + range.lowerBound, x + range.lowerBound, range.count)
}

/// tanh over `range`.
@inline(__always)
func tanh<Scalar: BLASScalar>(
  _ x: UnsafePointer<Scalar>, into y: UnsafeMutablePointer<Scalar>, _ range: Range<Int>
) {
  Scalar._tanh(x + range.lowerBound, y + range.lowerBound, range.count)
}

/// y = x over `range`.
@inline(__always)
func copyElements<Scalar: BLASScalar>(
  _ x: UnsafePointer<Scalar>, to y: UnsafeMutablePointer<Scalar>, _ range: Range<Int>
) {
  (y + range.lowerBound).update(from: x + range.lowerBound, count: range.count)
}
