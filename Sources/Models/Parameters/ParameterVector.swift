public import Kernels

/// All parameters of a model, or their gradients, in one flat buffer: a value, copied on write.
///
/// An optimiser, a checkpoint or a reduction over machines is one pass over contiguous memory; names are for people.
public struct ParameterVector<Scalar: BLASScalar>: Sendable, Equatable {
  /// What lies where.
  public let layout: ParameterLayout
  /// All numbers, `[1 × count]`.
  private var numbers: Matrix<Scalar>

  private init(layout: ParameterLayout, numbers: Matrix<Scalar>) {
    self.layout = layout
    self.numbers = numbers
  }

  /// Zeros.
  public static func zeros(_ layout: ParameterLayout) -> ParameterVector {
    ParameterVector(layout: layout, numbers: .zeros(rows: 1, columns: layout.count))
  }

  /// Number of numbers.
  public var count: Int { layout.count }

  /// Whether both are one memory: then they are equal, and stay so until one of them is changed.
  @inline(__always)
  func isIdentical(to other: ParameterVector) -> Bool {
    numbers.unsafeView.baseAddress == other.numbers.unsafeView.baseAddress
  }

  /// A copy of the parameter with this full name, in its shape; vectors have one column. The name must exist, and
  /// what is assigned must have its shape.
  public subscript(name: String) -> Matrix<Scalar> {
    get {
      let entry = layout.entry(name)
      return numbers.withUnsafeBufferPointer {
        Matrix(rows: entry.shape.rows, columns: entry.shape.columns, $0[entry.range])
      }
    }
    set {
      let entry = layout.entry(name)
      require(
        newValue.rows == entry.shape.rows && newValue.columns == entry.shape.columns,
        "\(name) is \(entry.shape.rows) × \(entry.shape.columns), not \(newValue.rows) × \(newValue.columns)")
      numbers.withUnsafeMutableBufferPointer { all in
        newValue.withUnsafeBufferPointer { new in
          _ = UnsafeMutableBufferPointer(rebasing: all[entry.range]).update(from: new)
        }
      }
    }
  }

  /// Calls `body` with all numbers, without copying them.
  public func withUnsafeBufferPointer<Result, Failure: Error>(
    _ body: (UnsafeBufferPointer<Scalar>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try numbers.withUnsafeBufferPointer(body)
  }

  /// Calls `body` with all numbers for writing. Copies them first if another value shares them.
  public mutating func withUnsafeMutableBufferPointer<Result, Failure: Error>(
    _ body: (UnsafeMutableBufferPointer<Scalar>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try numbers.withUnsafeMutableBufferPointer(body)
  }

  /// Calls `body` with all numbers as a borrowed view, `[1 × count]`.
  public func withView<Result, Failure: Error>(
    _ body: (MatrixView<Scalar>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try numbers.withView(body)
  }

  /// Calls `body` with all numbers as a borrowed view for writing, `[1 × count]`.
  public mutating func withMutableView<Result, Failure: Error>(
    _ body: (MutableMatrixView<Scalar>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try numbers.withMutableView(body)
  }

  /// A copy of the numbers in `range`, which are as many as `layout` has.
  func part(_ range: Range<Int>, _ layout: ParameterLayout) -> ParameterVector {
    ParameterVector(
      layout: layout, numbers: withUnsafeBufferPointer { Matrix(rows: 1, columns: layout.count, $0[range]) })
  }

  /// The same numbers, each rounded to `OtherScalar`.
  package func converted<OtherScalar: BLASScalar>(to type: OtherScalar.Type) -> ParameterVector<OtherScalar> {
    var result = ParameterVector<OtherScalar>.zeros(layout)
    result.withUnsafeMutableBufferPointer { target in
      withUnsafeBufferPointer { source in
        for i in source.indices { target[i] = OtherScalar(source[i]) }
      }
    }
    return result
  }
}

extension ParameterVector: ViewSource {
  /// All numbers, `[1 × count]`, for reading; see `withViews`.
  public var _view: MatrixView<Scalar> { numbers._view }
  /// All numbers, `[1 × count]`, for writing.
  public mutating func _mutableView() -> MutableMatrixView<Scalar> { numbers._mutableView() }
}

// MARK: - Arithmetic in place; nothing here allocates

extension ParameterVector {
  /// Sets every number to zero.
  public mutating func setToZero() { numbers.setToZero() }

  /// Multiplies every number by `factor`.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public mutating func scale(by factor: Scalar) {
    numbers.withUnsafeMutableBufferPointer { numbers in
      for i in numbers.indices { numbers[i] *= factor }
    }
  }

  /// Adds `factor` times `other`, which has the same layout.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public mutating func add(_ other: ParameterVector, scaledBy factor: Scalar = 1) {
    require(other.layout == layout, "cannot add parameters of another layout")
    numbers.withUnsafeMutableBufferPointer { sum in
      other.numbers.withUnsafeBufferPointer { other in
        for i in sum.indices { sum[i] += factor * other[i] }
      }
    }
  }

  /// The Euclidean norm of all numbers together, accumulated in `Double`.
  public var norm: Scalar { norm(of: 0..<count) }

  /// The Euclidean norm of the parameter with this full name, accumulated in `Double`.
  package func norm(of name: String) -> Scalar { norm(of: layout.range(of: name)) }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func norm(of range: Range<Int>) -> Scalar {
    numbers.withUnsafeBufferPointer { all in
      let part = UnsafeBufferPointer(rebasing: all[range])
      // Four sums, because an addition must wait for the one before it.
      var (a, b, c, d) = (0.0, 0.0, 0.0, 0.0)
      var i = 0
      while i + 4 <= part.count {
        let (w, x, y, z) = (Double(part[i]), Double(part[i + 1]), Double(part[i + 2]), Double(part[i + 3]))
        a += w * w
        b += x * x
        c += y * y
        d += z * z
        i += 4
      }
      while i < part.count {
        a += Double(part[i]) * Double(part[i])
        i += 1
      }
      return Scalar(((a + b) + (c + d)).squareRoot())
    }
  }

  /// The first infinity or NaN: the parameter it is in, its place there (row after row) and what it is; `nil` if all
  /// numbers are finite.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package func firstNonFinite() -> (name: String, index: Int, value: Scalar)? {
    numbers.withUnsafeBufferPointer { numbers in
      for i in numbers.indices where !numbers[i].isFinite {
        let (name, index) = layout.location(of: i)
        return (name, index, numbers[i])
      }
      return nil
    }
  }
}
