/// An owned, row-major matrix: a value, copied on write.
///
/// Memory is contiguous and starts on a cache line; row `i` begins at element `i * columns`.
public struct Matrix<Element: BitwiseCopyable & Sendable>: Sendable {
  /// Number of rows.
  public private(set) var rows: Int
  /// Number of columns.
  public private(set) var columns: Int
  @usableFromInline var storage: AlignedStorage<Element>

  /// A `rows × columns` matrix whose contents the caller writes before reading.
  public init(uninitializedRows rows: Int, columns: Int) {
    require(rows >= 0 && columns >= 0, "a matrix cannot be \(rows) × \(columns)")
    let (count, overflow) = rows.multipliedReportingOverflow(by: columns)
    require(!overflow, "a matrix of \(rows) × \(columns) does not fit the address space")
    self.rows = rows
    self.columns = columns
    storage = AlignedStorage(uninitialized: count)
  }

  /// A `rows × columns` matrix filled with `value`.
  public init(repeating value: Element, rows: Int, columns: Int) {
    self.init(uninitializedRows: rows, columns: columns)
    storage.elements.initialize(repeating: value, count: count)
  }

  /// A matrix from its elements, row after row. `elements` must hold exactly `rows * columns` of them.
  public init(rows: Int, columns: Int, _ elements: some Collection<Element>) {
    self.init(uninitializedRows: rows, columns: columns)
    require(
      elements.count == rows * columns, "\(elements.count) elements cannot fill a \(rows) × \(columns) matrix")
    _ = UnsafeMutableBufferPointer(start: storage.elements, count: count).initialize(from: elements)
  }

  /// A matrix from nested rows, which must have one length. No rows give a 0 × 0 matrix.
  public init(_ nested: [[Element]]) {
    let columns = nested.first?.count ?? 0
    require(nested.allSatisfy { $0.count == columns }, "the rows of a matrix must have one length")
    self.init(rows: nested.count, columns: columns, nested.flatMap { $0 })
  }

  /// Number of elements.
  @inlinable public var count: Int { rows * columns }

  /// The element in row `row` and column `column`.
  @inlinable
  public subscript(row: Int, column: Int) -> Element {
    get {
      require(
        row >= 0 && row < rows && column >= 0 && column < columns,
        "row \(row), column \(column) of a matrix of \(rows) × \(columns)")
      return storage.elements[row * columns + column]
    }
    set {
      require(
        row >= 0 && row < rows && column >= 0 && column < columns,
        "row \(row), column \(column) of a matrix of \(rows) × \(columns)")
      makeUnique()
      storage.elements[row * columns + column] = newValue
    }
  }

  /// A copy of row `index`.
  public func row(_ index: Int) -> [Element] {
    require(index >= 0 && index < rows, "row \(index) is outside a matrix of \(rows) rows")
    return Array(UnsafeBufferPointer(start: storage.elements + index * columns, count: columns))
  }

  /// A copy of all elements, row after row.
  public var elements: [Element] {
    Array(UnsafeBufferPointer(start: storage.elements, count: count))
  }

  /// A copy as nested rows.
  public var nestedRows: [[Element]] { (0..<rows).map(row) }

  /// Calls `body` with the elements, row after row, without copying them.
  @inlinable
  public func withUnsafeBufferPointer<Result, Failure: Error>(
    _ body: (UnsafeBufferPointer<Element>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    defer { withExtendedLifetime(storage) {} }
    return try body(UnsafeBufferPointer(start: storage.elements, count: count))
  }

  /// Calls `body` with the elements, row after row, for writing. Copies them first if another value shares them.
  @inlinable
  public mutating func withUnsafeMutableBufferPointer<Result, Failure: Error>(
    _ body: (UnsafeMutableBufferPointer<Element>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    makeUnique()
    defer { withExtendedLifetime(storage) {} }
    return try body(UnsafeMutableBufferPointer(start: storage.elements, count: count))
  }

  /// Gives this value memory of its own before a write.
  @inlinable
  mutating func makeUnique() {
    if !isKnownUniquelyReferenced(&storage) { copyStorage() }
  }

  @usableFromInline
  mutating func copyStorage() {
    let copy = AlignedStorage<Element>(uninitialized: storage.count)
    copy.elements.initialize(from: storage.elements, count: count)
    storage = copy
  }

  /// Gives this value another shape, keeping its memory where that is large enough: what a workspace does when batches
  /// of different sizes pass through it. Old contents are gone; the caller writes before reading.
  public mutating func discardContents(resizingTo newRows: Int, by newColumns: Int) {
    let (needed, overflow) = newRows.multipliedReportingOverflow(by: newColumns)
    require(
      newRows >= 0 && newColumns >= 0 && !overflow, "a matrix of \(newRows) × \(newColumns) does not fit memory")
    if needed > storage.count || !isKnownUniquelyReferenced(&storage) {
      storage = AlignedStorage(uninitialized: needed)
    }
    rows = newRows
    columns = newColumns
  }
}

extension Matrix: Equatable where Element: Equatable {
  /// Whether shape and elements are equal.
  public static func == (a: Self, b: Self) -> Bool {
    a.rows == b.rows && a.columns == b.columns
      && a.withUnsafeBufferPointer { a in b.withUnsafeBufferPointer { b in a.elementsEqual(b) } }
  }
}

extension Matrix where Element: BLASScalar {
  /// A `rows × columns` matrix of zeros.
  public static func zeros(rows: Int, columns: Int) -> Matrix { Matrix(repeating: 0, rows: rows, columns: columns) }

  /// Sets every element to zero.
  public mutating func setToZero() {
    // As bytes, because zero is all of them: generic code would store one element after the other.
    _ = withUnsafeMutableBufferPointer {
      UnsafeMutableRawBufferPointer($0).initializeMemory(as: UInt8.self, repeating: 0)
    }
  }

  /// Calls `body` with a borrowed view of this matrix.
  @inlinable
  public func withView<Result, Failure: Error>(
    _ body: (MatrixView<Element>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    defer { withExtendedLifetime(storage) {} }
    return try body(MatrixView(storage.elements, rows: rows, columns: columns))
  }

  /// Calls `body` with a borrowed view for writing.
  @inlinable
  public mutating func withMutableView<Result, Failure: Error>(
    _ body: (MutableMatrixView<Element>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    makeUnique()
    defer { withExtendedLifetime(storage) {} }
    return try body(MutableMatrixView(storage.elements, rows: rows, columns: columns))
  }
}
