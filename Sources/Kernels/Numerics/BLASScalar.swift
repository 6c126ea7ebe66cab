// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation
// Float and Double only spell out what the protocol documents.

internal import CFusedKernels
internal import COpenBLAS
internal import Glibc

/// A number type that OpenBLAS and the vector loops compute with: `Float` or `Double`, and no other.
///
/// This protocol is the only place where an `s` or a `d` symbol of BLAS or LAPACK is chosen. Its underscored
/// requirements are the seam to C; call ``multiply(_:_:into:)`` and its siblings instead.
public protocol BLASScalar: BinaryFloatingPoint, SIMDScalar, BitwiseCopyable, Codable, Sendable {
  /// The name of this type in safetensors and NumPy terms: 32 or 64.
  static var bitWidth: Int { get }

  /// C = A B, or C += A B where `accumulate`.
  static func _gemm(_ a: MatrixView<Self>, _ b: MatrixView<Self>, accumulate: Bool, _ c: MutableMatrixView<Self>)
  /// Replaces the columns of a row-major `rows × columns` matrix, `rows >= columns`, by an orthonormal basis Q of
  /// their span, and the diagonal of R by `diagonal`. Returns LAPACK's `info`.
  static func _qr(_ a: UnsafeMutablePointer<Self>, rows: Int, columns: Int, diagonal: UnsafeMutablePointer<Self>) -> Int
  /// Eigenvalues of a row-major `order × order` matrix, which is destroyed. Returns LAPACK's `info`.
  static func _eigenvalues(
    _ a: UnsafeMutablePointer<Self>, order: Int, real: UnsafeMutablePointer<Self>, imaginary: UnsafeMutablePointer<Self>
  ) -> Int

  /// y = σ(x), element by element; `y` may be `x`.
  static func _sigmoid(_ x: UnsafePointer<Self>, _ y: UnsafeMutablePointer<Self>, _ count: Int)
  /// y = tanh(x), element by element; `y` may be `x`.
  static func _tanh(_ x: UnsafePointer<Self>, _ y: UnsafeMutablePointer<Self>, _ count: Int)
  /// y = e^(x − largest), element by element, for x ≤ largest; returns the sum of all, added up in `Double`. `nil` for y to
  /// compute the sum alone.
  static func _exponentials(
    _ x: UnsafePointer<Self>, minus largest: Self, _ y: UnsafeMutablePointer<Self>?, _ count: Int
  ) -> Double
  /// The index of the largest of `count` numbers, at least one, the first of equal ones. Where one is NaN: some index.
  static func _argmax(_ x: UnsafePointer<Self>, _ count: Int) -> Int
  /// Runs `rounds` rounds of independent multiply-adds; returns the number of floating-point operations.
  static func _burn(rounds: Int) -> Double

  /// The C library's exponential.
  static func _exp(_ x: Self) -> Self
  /// The C library's natural logarithm.
  static func _log(_ x: Self) -> Self
  /// The C library's log(1 + x).
  static func _log(onePlus x: Self) -> Self
  /// The C library's hyperbolic tangent.
  static func _tanh(_ x: Self) -> Self
}

/// A size as OpenBLAS takes it. Its interface counts in 32 bits.
private func blasInt(_ value: Int) -> Int32 {
  guard let size = Int32(exactly: value) else {
    fatalError("a matrix side of \(value) is more than OpenBLAS's 32-bit interface can take")
  }
  return size
}

extension Float: BLASScalar {
  public static var bitWidth: Int { 32 }

  public static func _gemm(
    _ a: MatrixView<Float>, _ b: MatrixView<Float>, accumulate: Bool, _ c: MutableMatrixView<Float>
  ) {
    OpenBLASCalls.call {
      cblas_sgemm(
        CblasRowMajor, a.isTransposed ? CblasTrans : CblasNoTrans, b.isTransposed ? CblasTrans : CblasNoTrans,
        blasInt(c.rows), blasInt(c.columns), blasInt(a.columns), 1, a.baseAddress, blasInt(a.stride), b.baseAddress,
        blasInt(b.stride), accumulate ? 1 : 0, c.baseAddress, blasInt(c.stride))
    }
  }

  public static func _qr(
    _ a: UnsafeMutablePointer<Float>, rows: Int, columns: Int, diagonal: UnsafeMutablePointer<Float>
  ) -> Int {
    let (m, n) = (blasInt(rows), blasInt(columns))
    return withUnsafeTemporaryAllocation(of: Float.self, capacity: columns) { tau in
      var info = OpenBLASCalls.call { LAPACKE_sgeqrf(LAPACK_ROW_MAJOR, m, n, a, n, tau.baseAddress) }
      if info == 0 {
        for i in 0..<columns { diagonal[i] = a[i * columns + i] }
        info = OpenBLASCalls.call { LAPACKE_sorgqr(LAPACK_ROW_MAJOR, m, n, n, a, n, tau.baseAddress) }
      }
      return Int(info)
    }
  }

  public static func _eigenvalues(
    _ a: UnsafeMutablePointer<Float>, order: Int, real: UnsafeMutablePointer<Float>,
    imaginary: UnsafeMutablePointer<Float>
  ) -> Int {
    let n = blasInt(order)
    let none = CChar(UInt8(ascii: "N"))
    return OpenBLASCalls.call {
      Int(LAPACKE_sgeev(LAPACK_ROW_MAJOR, none, none, n, a, n, real, imaginary, nil, n, nil, n))
    }
  }

  public static func _sigmoid(_ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ count: Int) {
    VectorLoops.active.sigmoidFloat(x, y, count)
  }
  public static func _tanh(_ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ count: Int) {
    VectorLoops.active.tanhFloat(x, y, count)
  }
  public static func _exponentials(
    _ x: UnsafePointer<Float>, minus largest: Float, _ y: UnsafeMutablePointer<Float>?, _ count: Int
  ) -> Double {
    VectorLoops.active.exponentialsFloat(x, largest, y, count)
  }
  public static func _argmax(_ x: UnsafePointer<Float>, _ count: Int) -> Int {
    VectorLoops.active.argmaxFloat(x, count)
  }
  public static func _burn(rounds: Int) -> Double { VectorLoops.active.burnFloat(rounds) }

  public static func _exp(_ x: Float) -> Float { Glibc.expf(x) }
  public static func _log(_ x: Float) -> Float { Glibc.logf(x) }
  public static func _log(onePlus x: Float) -> Float { Glibc.log1pf(x) }
  public static func _tanh(_ x: Float) -> Float { Glibc.tanhf(x) }
}

extension Double: BLASScalar {
  public static var bitWidth: Int { 64 }

  public static func _gemm(
    _ a: MatrixView<Double>, _ b: MatrixView<Double>, accumulate: Bool, _ c: MutableMatrixView<Double>
  ) {
    OpenBLASCalls.call {
      cblas_dgemm(
        CblasRowMajor, a.isTransposed ? CblasTrans : CblasNoTrans, b.isTransposed ? CblasTrans : CblasNoTrans,
        blasInt(c.rows), blasInt(c.columns), blasInt(a.columns), 1, a.baseAddress, blasInt(a.stride), b.baseAddress,
        blasInt(b.stride), accumulate ? 1 : 0, c.baseAddress, blasInt(c.stride))
    }
  }

  public static func _qr(
    _ a: UnsafeMutablePointer<Double>, rows: Int, columns: Int, diagonal: UnsafeMutablePointer<Double>
  ) -> Int {
    let (m, n) = (blasInt(rows), blasInt(columns))
    return withUnsafeTemporaryAllocation(of: Double.self, capacity: columns) { tau in
      var info = OpenBLASCalls.call { LAPACKE_dgeqrf(LAPACK_ROW_MAJOR, m, n, a, n, tau.baseAddress) }
      if info == 0 {
        for i in 0..<columns { diagonal[i] = a[i * columns + i] }
        info = OpenBLASCalls.call { LAPACKE_dorgqr(LAPACK_ROW_MAJOR, m, n, n, a, n, tau.baseAddress) }
      }
      return Int(info)
    }
  }

  public static func _eigenvalues(
    _ a: UnsafeMutablePointer<Double>, order: Int, real: UnsafeMutablePointer<Double>,
    imaginary: UnsafeMutablePointer<Double>
  ) -> Int {
    let n = blasInt(order)
    let none = CChar(UInt8(ascii: "N"))
    return OpenBLASCalls.call {
      Int(LAPACKE_dgeev(LAPACK_ROW_MAJOR, none, none, n, a, n, real, imaginary, nil, n, nil, n))
    }
  }

  public static func _sigmoid(_ x: UnsafePointer<Double>, _ y: UnsafeMutablePointer<Double>, _ count: Int) {
    VectorLoops.active.sigmoidDouble(x, y, count)
  }
  public static func _tanh(_ x: UnsafePointer<Double>, _ y: UnsafeMutablePointer<Double>, _ count: Int) {
    VectorLoops.active.tanhDouble(x, y, count)
  }
  public static func _exponentials(
    _ x: UnsafePointer<Double>, minus largest: Double, _ y: UnsafeMutablePointer<Double>?, _ count: Int
  ) -> Double {
    var sum = 0.0
    for i in 0..<count {
      let exponential = Glibc.exp(x[i] - largest)
      sum += exponential
      y?[i] = exponential
    }
    return sum
  }
  public static func _argmax(_ x: UnsafePointer<Double>, _ count: Int) -> Int {
    var place = 0
    for i in 0..<count where x[i] > x[place] { place = i }
    return place
  }
  public static func _burn(rounds: Int) -> Double { VectorLoops.active.burnDouble(rounds) }

  public static func _exp(_ x: Double) -> Double { Glibc.exp(x) }
  public static func _log(_ x: Double) -> Double { Glibc.log(x) }
  public static func _log(onePlus x: Double) -> Double { Glibc.log1p(x) }
  public static func _tanh(_ x: Double) -> Double { Glibc.tanh(x) }
}
