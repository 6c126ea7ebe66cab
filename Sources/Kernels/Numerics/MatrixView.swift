/// A borrowed, read-only, row-major matrix, or the transpose of one: rows of `columns` numbers, `stride` apart.
///
/// A view does not keep its memory alive: it is valid inside the closure that receives it (``Matrix/withView(_:)``),
/// or as long as the buffer it was made on. Unchecked `Sendable`, so that the threads of a parallel region can share it;
/// sharing is safe as long as no thread writes.
public struct MatrixView<Scalar: BLASScalar>: @unchecked Sendable {
  /// The first element.
  public let baseAddress: UnsafePointer<Scalar>
  /// Number of rows, of the transpose if ``isTransposed``.
  public let rows: Int
  /// Number of columns, of the transpose if ``isTransposed``.
  public let columns: Int
  /// Elements from the start of one stored row to the next.
  public let stride: Int
  /// Whether rows and columns are those of the transpose of what is stored.
  public let isTransposed: Bool

  /// A view of `rows` rows of `columns` numbers that lie `stride` apart (one after the other if omitted).
  @inlinable
  public init(_ baseAddress: UnsafePointer<Scalar>, rows: Int, columns: Int, stride: Int? = nil) {
    self.init(baseAddress, rows: rows, columns: columns, stride: stride ?? columns, isTransposed: false)
  }

  @inlinable
  init(_ baseAddress: UnsafePointer<Scalar>, rows: Int, columns: Int, stride: Int, isTransposed: Bool) {
    self.baseAddress = baseAddress
    self.rows = rows
    self.columns = columns
    self.stride = max(stride, 1)
    self.isTransposed = isTransposed
  }

  /// The transpose, without moving a number.
  @inlinable
  public var transposed: MatrixView {
    MatrixView(baseAddress, rows: columns, columns: rows, stride: stride, isTransposed: !isTransposed)
  }

  /// The rows in `range`.
  @inlinable
  public func rows(_ range: Range<Int>) -> MatrixView {
    require(range.lowerBound >= 0 && range.upperBound <= rows, "rows outside the view")
    let start = isTransposed ? range.lowerBound : range.lowerBound * stride
    return MatrixView(
      baseAddress + start, rows: range.count, columns: columns, stride: stride, isTransposed: isTransposed)
  }

  /// The columns in `range`.
  @inlinable
  public func columns(_ range: Range<Int>) -> MatrixView {
    require(range.lowerBound >= 0 && range.upperBound <= columns, "columns outside the view")
    let start = isTransposed ? range.lowerBound * stride : range.lowerBound
    return MatrixView(
      baseAddress + start, rows: rows, columns: range.count, stride: stride, isTransposed: isTransposed)
  }

  /// Where row `index` starts. Only for views that are not transposed.
  @inlinable
  public func row(_ index: Int) -> UnsafePointer<Scalar> {
    assert(!isTransposed && index >= 0 && index < rows, "row \(index) is outside the view")
    return baseAddress + index * stride
  }

  /// The element in row `row` and column `column`.
  @inlinable
  public subscript(row: Int, column: Int) -> Scalar {
    assert(row >= 0 && row < rows && column >= 0 && column < columns, "view index out of range")
    return isTransposed ? baseAddress[column * stride + row] : baseAddress[row * stride + column]
  }
}

/// A borrowed, writable, row-major matrix: rows of `columns` numbers, `stride` apart.
///
/// Valid as long as the memory it was made on, like ``MatrixView``. Unchecked `Sendable`, so that the threads of a
/// parallel region can each write their share; the partition of work keeps the shares disjoint.
public struct MutableMatrixView<Scalar: BLASScalar>: @unchecked Sendable {
  /// The first element.
  public let baseAddress: UnsafeMutablePointer<Scalar>
  /// Number of rows.
  public let rows: Int
  /// Number of columns.
  public let columns: Int
  /// Elements from the start of one row to the next.
  public let stride: Int

  /// A view of `rows` rows of `columns` numbers that lie `stride` apart (one after the other if omitted).
  @inlinable
  public init(_ baseAddress: UnsafeMutablePointer<Scalar>, rows: Int, columns: Int, stride: Int? = nil) {
    self.baseAddress = baseAddress
    self.rows = rows
    self.columns = columns
    self.stride = max(stride ?? columns, 1)
  }

  /// `view` as a parameter that must be writable but is only read. The view may not be transposed.
  package init(readingOnly view: MatrixView<Scalar>) {
    self.init(
      UnsafeMutablePointer(mutating: view.baseAddress), rows: view.rows, columns: view.columns, stride: view.stride)
  }

  /// The same memory, for reading.
  @inlinable
  public var readOnly: MatrixView<Scalar> { MatrixView(baseAddress, rows: rows, columns: columns, stride: stride) }

  /// The rows in `range`.
  @inlinable
  public func rows(_ range: Range<Int>) -> MutableMatrixView {
    require(range.lowerBound >= 0 && range.upperBound <= rows, "rows outside the view")
    return MutableMatrixView(
      baseAddress + range.lowerBound * stride, rows: range.count, columns: columns, stride: stride)
  }

  /// The columns in `range`.
  @inlinable
  public func columns(_ range: Range<Int>) -> MutableMatrixView {
    require(range.lowerBound >= 0 && range.upperBound <= columns, "columns outside the view")
    return MutableMatrixView(baseAddress + range.lowerBound, rows: rows, columns: range.count, stride: stride)
  }

  /// Where row `index` starts.
  @inlinable
  public func row(_ index: Int) -> UnsafeMutablePointer<Scalar> {
    assert(index >= 0 && index < rows, "row \(index) is outside the view")
    return baseAddress + index * stride
  }

  /// The element in row `row` and column `column`.
  @inlinable
  public subscript(row: Int, column: Int) -> Scalar {
    get {
      assert(row >= 0 && row < rows && column >= 0 && column < columns, "view index out of range")
      return baseAddress[row * stride + column]
    }
    nonmutating set {
      assert(row >= 0 && row < rows && column >= 0 && column < columns, "view index out of range")
      baseAddress[row * stride + column] = newValue
    }
  }

  /// Copies `source`, which has the same shape and is not transposed.
  @inlinable
  public func copy(from source: MatrixView<Scalar>) {
    require(source.rows == rows && source.columns == columns, "copying between views of different shapes")
    for i in 0..<rows { row(i).update(from: source.row(i), count: columns) }
  }

  /// Sets every element to `value`.
  @inlinable
  public func fill(_ value: Scalar) {
    for i in 0..<rows { row(i).update(repeating: value, count: columns) }
  }
}
