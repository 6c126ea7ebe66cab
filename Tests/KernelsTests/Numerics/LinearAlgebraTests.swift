import Foundation
import Models
import TestSupport
import Testing

@testable import Kernels

@Suite struct LinearAlgebraTests {
  private func product(_ a: MatrixView<Double>, _ b: MatrixView<Double>) -> Matrix<Double> {
    var c = Matrix<Double>.zeros(rows: a.rows, columns: b.columns)
    c.withMutableView { multiply(a, b, into: $0) }
    return c
  }

  private func identity(_ order: Int) -> Matrix<Double> {
    var matrix = Matrix<Double>.zeros(rows: order, columns: order)
    for i in 0..<order { matrix[i, i] = 1 }
    return matrix
  }

  // MARK: - QR

  /// QᵀQ = I, and R = QᵀA is upper triangular with a positive diagonal, so that Q R = A and Q is the only such one.
  @Test(arguments: [(7, 7), (9, 4), (5, 1), (1, 1)])
  func theColumnsAreOrthonormalAndSpanWhatTheySpanned(_ rows: Int, _ columns: Int) throws {
    var generator = SeededGenerator(seed: 5)
    let a = Matrix<Double>.random(rows: rows, columns: columns, from: &generator)
    let q = try a.orthonormalized()
    // Householder's backward error grows with the number of operations on a column.
    let tolerance = Tolerance.operations(10 * rows * columns, Double.self)
    let (gram, r) = q.withView { q in (product(q.transposed, q), a.withView { product(q.transposed, $0) }) }
    #expect(maximumRelativeDifference(gram, identity(columns)) <= tolerance)
    #expect(maximumRelativeDifference(q.withView { q in r.withView { product(q, $0) } }, a) <= tolerance)
    for i in 0..<columns {
      #expect(r[i, i] > 0)
      for j in 0..<i { #expect(abs(r[i, j]) <= tolerance * Double(rows)) }
    }
  }

  @Test func bothTypesGiveTheSameBasis() throws {
    var generator = SeededGenerator(seed: 6)
    let a = Matrix<Float>.random(rows: 6, columns: 4, from: &generator)
    let wanted = try a.converted(to: Double.self).orthonormalized()
    #expect(maximumRelativeDifference(try a.orthonormalized(), wanted) <= Tolerance.operations(10 * 6 * 4, Float.self))
  }

  @Test func anOrthonormalMatrixWithAPositiveDiagonalIsItsOwnBasis() throws {
    #expect(try identity(4).orthonormalized() == identity(4))
    let flipped = try Matrix<Double>([[-2, 0], [0, 3]]).orthonormalized()
    #expect(maximumRelativeDifference(flipped, Matrix([[-1, 0], [0, 1]])) <= Tolerance.operations(4, Double.self))
  }

  @Test func noColumnsHaveAnEmptyBasis() throws {
    #expect(try Matrix<Double>.zeros(rows: 3, columns: 0).orthonormalized() == .zeros(rows: 3, columns: 0))
    #expect(try Matrix<Double>.zeros(rows: 0, columns: 0).orthonormalized() == .zeros(rows: 0, columns: 0))
  }

  @Test func decompositionsOfWhatIsNotANumberThrow() {
    let matrix = Matrix<Double>([[1, .nan], [2, 3]])
    #expect(throws: LinearAlgebraError.self) { try matrix.orthonormalized() }
    #expect(throws: LinearAlgebraError.self) { try matrix.eigenvalues() }
    #expect(throws: LinearAlgebraError.self) { try matrix.spectralRadius() }
  }

  // MARK: - Eigenvalues

  @Test func aTriangularMatrixHasItsDiagonalAsEigenvalues() throws {
    let found = try Matrix<Double>([[2, 5, -7], [0, -3, 4], [0, 0, 0.5]]).eigenvalues()
    #expect(found.map(\.real).sorted() == [-3, 0.5, 2])
    #expect(found.allSatisfy { $0.imaginary == 0 })
  }

  @Test func aRotationHasAPairOfComplexEigenvalues() throws {
    let angle = 0.7
    let rotation = Matrix<Double>([[cos(angle), -sin(angle)], [sin(angle), cos(angle)]])
    let found = try rotation.eigenvalues().sorted { $0.imaginary < $1.imaginary }
    let tolerance = Tolerance.operations(20, Double.self)
    #expect(maximumRelativeDifference(found.map(\.real), [cos(angle), cos(angle)]) <= tolerance)
    #expect(maximumRelativeDifference(found.map(\.imaginary), [-sin(angle), sin(angle)]) <= tolerance)
  }

  /// x³ - 6x² + 11x - 6 = (x - 1)(x - 2)(x - 3).
  @Test func theCompanionMatrixHasTheRootsOfItsPolynomial() throws {
    let companion = Matrix<Float>([[6, -11, 6], [1, 0, 0], [0, 1, 0]])
    let found = try companion.eigenvalues().map(\.real).sorted()
    // The roots move by up to a hundred times what the coefficients do.
    #expect(maximumRelativeDifference(found, [1, 2, 3]) <= 100 * Tolerance.operations(10, Float.self))
  }

  @Test func decompositionsLeaveTheMatrixAsItWas() throws {
    let matrix = Matrix<Double>([[1, 2], [3, 4]])
    let copy = Matrix(matrix.nestedRows)
    _ = try matrix.eigenvalues()
    _ = try matrix.orthonormalized()
    #expect(matrix == copy)
  }

  // MARK: - Spectral radius

  @Test func aScaledRotationHasItsScaleAsSpectralRadius() throws {
    var generator = SeededGenerator(seed: 8)
    let rotation = try Matrix<Double>.random(rows: 6, columns: 6, from: &generator).orthonormalized()
    let scaled = Matrix(rotation.nestedRows.map { $0.map { 0.9 * $0 } })
    #expect(
      maximumRelativeDifference([try scaled.spectralRadius()], [0.9]) <= Tolerance.operations(10 * 36, Double.self))
  }

  /// Its norm is 100 and its powers are zero: the radius is not the norm.
  @Test func aNilpotentMatrixHasNoSpectralRadius() throws {
    #expect(try Matrix<Double>([[0, 100], [0, 0]]).spectralRadius() == 0)
    #expect(try Matrix<Double>.zeros(rows: 0, columns: 0).spectralRadius() == 0)
  }

  @Test func theSignOfAnEigenvalueDoesNotMatterToTheRadius() throws {
    #expect(try Matrix<Double>([[-3, 0], [0, 2]]).spectralRadius() == 3)
  }

  // MARK: - Mistakes

  @Test func shapesThatHaveNoDecompositionStopTheProgram() async {
    await #expect(processExitsWith: .failure) { _ = try Matrix<Float>.zeros(rows: 2, columns: 3).orthonormalized() }
    await #expect(processExitsWith: .failure) { _ = try Matrix<Float>.zeros(rows: 2, columns: 3).eigenvalues() }
  }

  @Test func anErrorNamesTheRoutineAndItsResult() {
    #expect("\(LinearAlgebraError(routine: "geev", info: 3))" == "LAPACK geev failed with info 3")
  }
}
