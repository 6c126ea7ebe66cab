import Kernels
import Testing

@Suite struct MatrixTests {
  private let numbers = Matrix(rows: 3, columns: 5, (0..<15).map { Double($0) })

  // MARK: - Shape and contents

  @Test func elementsLieRowAfterRow() {
    #expect((numbers.rows, numbers.columns, numbers.count) == (3, 5, 15))
    for i in 0..<3 {
      for j in 0..<5 { #expect(numbers[i, j] == Double(i * 5 + j)) }
    }
    #expect(numbers.elements == (0..<15).map { Double($0) })
    #expect(numbers.row(1) == [5, 6, 7, 8, 9])
  }

  @Test func nestedRowsGoInAndComeOut() {
    let nested: [[Float]] = [[1, 2], [3, 4], [5, 6]]
    #expect(Matrix(nested).nestedRows == nested)
    #expect(Matrix(nested) == Matrix(rows: 3, columns: 2, [1, 2, 3, 4, 5, 6]))
  }

  @Test func aMatrixMayBeEmpty() {
    #expect(Matrix<Float>([]).count == 0)
    #expect(Matrix<Float>([[], []]).nestedRows == [[], []])
    let (tall, wide) = (Matrix<Float>.zeros(rows: 4, columns: 0), Matrix<Float>.zeros(rows: 0, columns: 4))
    #expect(tall.elements.isEmpty && wide.elements.isEmpty)
    #expect(tall != wide)
  }

  @Test func elementsNeedNotBeNumbersToComputeWith() {
    var tokens = Matrix<Int32>(repeating: 7, rows: 2, columns: 3)
    tokens[1, 2] = 9
    #expect(tokens.elements == [7, 7, 7, 7, 7, 9])
  }

  @Test(arguments: [1, 5, 8, 1000])
  func memoryStartsOnACacheLine(_ columns: Int) {
    let address = Matrix<Float>.zeros(rows: 3, columns: columns).withUnsafeBufferPointer {
      UInt(bitPattern: $0.baseAddress)
    }
    #expect(address.isMultiple(of: 64))
  }

  // MARK: - Equality

  @Test func equalityComparesShapeAndElements() {
    #expect(numbers == Matrix(rows: 3, columns: 5, numbers.elements))
    #expect(numbers != Matrix(rows: 5, columns: 3, numbers.elements))
    var other = numbers
    other[2, 4] += 1
    #expect(numbers != other)
  }

  @Test func notANumberIsNotEqualToItself() {
    let matrix = Matrix([[1, Double.nan]])
    #expect(matrix != matrix)
  }

  // MARK: - Value semantics

  /// Every way to write; the last gives the matrix another shape.
  private static let writes: [@Sendable (inout Matrix<Double>) -> Void] = [
    { $0[1, 2] = -1 },
    { $0.setToZero() },
    { $0.withUnsafeMutableBufferPointer { $0[3] = -1 } },
    { $0.withMutableView { $0.fill(-1) } },
    { $0.withMutableView { $0[2, 4] = -1 } },
    { $0.discardContents(resizingTo: 3, by: 5) },
    { $0.discardContents(resizingTo: 1, by: 2) },
  ]

  @Test(arguments: writes.indices)
  func copiesDoNotSeeWrites(_ index: Int) {
    let original = Matrix(numbers.nestedRows)
    let elements = original.elements
    var copy = original
    Self.writes[index](&copy)
    copy.withUnsafeMutableBufferPointer { $0.update(repeating: -1) }
    #expect(original.elements == elements)
    #expect((original.rows, original.columns) == (3, 5))
  }

  @Test func aSoleOwnerWritesInPlace() {
    func address(_ matrix: Matrix<Double>) -> UnsafePointer<Double>? {
      matrix.withUnsafeBufferPointer { $0.baseAddress }
    }
    var matrix = Matrix(numbers.nestedRows)
    let before = address(matrix)
    matrix[1, 2] = -1
    matrix.withMutableView { $0.fill(2) }
    matrix.setToZero()
    #expect(address(matrix) == before)
  }

  @Test func readingWithoutACopySeesTheElements() {
    #expect(numbers.withUnsafeBufferPointer { Array($0) } == numbers.elements)
    #expect(numbers.withView { ($0.rows, $0.columns) } == (3, 5))
    #expect(numbers.withView { $0[1, 3] } == 8)
  }

  @Test func errorsOfABodyComeThrough() {
    struct Refusal: Error {}
    var matrix = numbers
    #expect(throws: Refusal.self) { try matrix.withView { _ throws(Refusal) in throw Refusal() } }
    #expect(throws: Refusal.self) { try matrix.withMutableView { _ throws(Refusal) in throw Refusal() } }
    #expect(throws: Refusal.self) { try matrix.withUnsafeBufferPointer { _ throws(Refusal) in throw Refusal() } }
    #expect(throws: Refusal.self) { try matrix.withUnsafeMutableBufferPointer { _ throws(Refusal) in throw Refusal() } }
    #expect(matrix == numbers)
  }

  // MARK: - Workspaces

  @Test func discardingContentsKeepsMemoryThatIsLargeEnough() {
    var matrix = Matrix<Float>.zeros(rows: 6, columns: 5)
    let address = matrix.withUnsafeMutableBufferPointer { $0.baseAddress }
    for (rows, columns) in [(2, 3), (0, 7), (5, 6), (1, 30), (30, 1)] {
      matrix.discardContents(resizingTo: rows, by: columns)
      #expect((matrix.rows, matrix.columns) == (rows, columns))
      #expect(matrix.withUnsafeMutableBufferPointer { $0.baseAddress } == address)
      #expect(matrix.withUnsafeMutableBufferPointer { $0.count } == rows * columns)
    }
  }

  @Test func discardingContentsFindsMemoryForMore() {
    var matrix = Matrix<Float>.zeros(rows: 2, columns: 3)
    matrix.discardContents(resizingTo: 300, by: 7)
    matrix.withMutableView { $0.fill(4) }
    #expect(matrix.elements == [Float](repeating: 4, count: 2100))
  }

  /// A copy of a workspace that is in use at a smaller shape copies what is used and keeps room for the rest.
  @Test func aCopyOfAShrunkenWorkspaceIsIndependent() {
    var matrix = Matrix<Float>.zeros(rows: 4, columns: 5)
    matrix.discardContents(resizingTo: 2, by: 3)
    matrix.withMutableView { $0.fill(1) }
    var copy = matrix
    copy[1, 2] = 2
    #expect(matrix.elements == [1, 1, 1, 1, 1, 1])
    #expect(copy.elements == [1, 1, 1, 1, 1, 2])
  }

  // MARK: - Mistakes

  @Test func shapesThatCannotBeStopTheProgram() async {
    await #expect(processExitsWith: .failure) { _ = Matrix<Float>(uninitializedRows: -1, columns: 3) }
    await #expect(processExitsWith: .failure) { _ = Matrix<Float>(uninitializedRows: .max, columns: 3) }
    await #expect(processExitsWith: .failure) { _ = Matrix<Float>(uninitializedRows: .max / 3, columns: 2) }
    await #expect(processExitsWith: .failure) { _ = Matrix<Float>(rows: 2, columns: 3, [1, 2, 3, 4, 5]) }
    await #expect(processExitsWith: .failure) { _ = Matrix<Float>([[1, 2], [3]]) }
    await #expect(processExitsWith: .failure) {
      var matrix = Matrix<Float>.zeros(rows: 2, columns: 3)
      matrix.discardContents(resizingTo: -2, by: -3)
    }
  }

  @Test func indicesOutsideStopTheProgram() async {
    await #expect(processExitsWith: .failure) { _ = Matrix<Float>.zeros(rows: 2, columns: 3)[2, 0] }
    await #expect(processExitsWith: .failure) { _ = Matrix<Float>.zeros(rows: 2, columns: 3)[0, 3] }
    await #expect(processExitsWith: .failure) { _ = Matrix<Float>.zeros(rows: 2, columns: 3)[0, -1] }
    await #expect(processExitsWith: .failure) { _ = Matrix<Float>.zeros(rows: 2, columns: 3).row(2) }
    await #expect(processExitsWith: .failure) {
      var matrix = Matrix<Float>.zeros(rows: 2, columns: 3)
      matrix[1, 3] = 1
    }
  }
}
