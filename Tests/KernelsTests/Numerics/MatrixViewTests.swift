import Kernels
import Testing

@Suite struct MatrixViewTests {
  private let numbers = Matrix(rows: 5, columns: 7, (0..<35).map { Double($0) })

  /// A view as nested rows, through its subscript.
  private func contents(_ view: MatrixView<Double>) -> [[Double]] {
    (0..<view.rows).map { i in (0..<view.columns).map { view[i, $0] } }
  }

  private func transposed(_ rows: [[Double]], columns: Int) -> [[Double]] {
    (0..<columns).map { j in rows.map { $0[j] } }
  }

  @Test func theTransposeSwapsTheIndices() {
    numbers.withView { view in
      #expect(contents(view) == numbers.nestedRows)
      #expect((view.transposed.rows, view.transposed.columns) == (7, 5))
      #expect(contents(view.transposed) == transposed(numbers.nestedRows, columns: 7))
      #expect(contents(view.transposed.transposed) == numbers.nestedRows)
    }
  }

  @Test(arguments: [0..<5, 1..<4, 2..<2, 4..<5], [0..<7, 2..<6, 3..<3, 6..<7])
  func slicesAreWhatTheirIndicesSay(_ rows: Range<Int>, _ columns: Range<Int>) {
    let wanted = numbers.nestedRows[rows].map { Array($0[columns]) }
    let wantedTranspose = transposed(wanted, columns: columns.count)
    numbers.withView { view in
      #expect(contents(view.rows(rows).columns(columns)) == wanted)
      #expect(contents(view.columns(columns).rows(rows)) == wanted)
      #expect(contents(view.transposed.rows(columns).columns(rows)) == wantedTranspose)
      #expect(contents(view.transposed.columns(rows).rows(columns)) == wantedTranspose)
      #expect(contents(view.rows(rows).transposed.rows(columns)) == wantedTranspose)
      #expect(contents(view.rows(rows).transposed.rows(columns).transposed) == wanted)
    }
  }

  @Test func slicesOfSlicesCountFromTheSlice() {
    numbers.withView { view in
      let slice = view.rows(1..<5).columns(2..<7).rows(1..<3).columns(1..<4)
      #expect(contents(slice) == [[17, 18, 19], [24, 25, 26]])
      #expect(slice.row(1)[2] == 26)
    }
  }

  @Test func aStrideSkipsWhatLiesBetweenRows() {
    numbers.withUnsafeBufferPointer { elements in
      let view = MatrixView(elements.baseAddress! + 2, rows: 3, columns: 4, stride: 10)
      #expect(contents(view) == [[2, 3, 4, 5], [12, 13, 14, 15], [22, 23, 24, 25]])
      #expect(contents(view.transposed)[3] == [5, 15, 25])
    }
  }

  @Test func writingThroughAViewWritesTheMatrix() {
    var matrix = numbers
    matrix.withMutableView { view in
      let slice = view.rows(1..<4).columns(2..<5)
      slice[2, 1] = -1
      slice.row(0)[2] = -2
      #expect(slice.readOnly[2, 1] == -1)
      #expect(view[3, 3] == -1)
    }
    var wanted = numbers
    wanted[3, 3] = -1
    wanted[1, 4] = -2
    #expect(matrix == wanted)
  }

  @Test func fillingASliceLeavesTheRest() {
    var matrix = numbers
    matrix.withMutableView { $0.columns(2..<4).rows(1..<5).fill(-1) }
    for i in 0..<5 {
      for j in 0..<7 {
        #expect(matrix[i, j] == (i >= 1 && (2..<4 ~= j) ? -1 : numbers[i, j]))
      }
    }
  }

  @Test func copyingBetweenSlicesFollowsBothStrides() {
    var matrix = Matrix<Double>.zeros(rows: 4, columns: 6)
    matrix.withMutableView { target in
      numbers.withView { target.rows(1..<3).columns(2..<5).copy(from: $0.rows(2..<4).columns(4..<7)) }
    }
    #expect(
      matrix.nestedRows == [
        [0, 0, 0, 0, 0, 0], [0, 0, 18, 19, 20, 0], [0, 0, 25, 26, 27, 0], [0, 0, 0, 0, 0, 0],
      ])
  }

  // MARK: - Mistakes

  @Test func slicesOutsideStopTheProgram() async {
    await #expect(processExitsWith: .failure) {
      Matrix<Float>.zeros(rows: 2, columns: 3).withView { _ = $0.rows(1..<3) }
    }
    await #expect(processExitsWith: .failure) {
      Matrix<Float>.zeros(rows: 2, columns: 3).withView { _ = $0.columns(-1..<2) }
    }
    await #expect(processExitsWith: .failure) {
      Matrix<Float>.zeros(rows: 2, columns: 3).withView { _ = $0.transposed.rows(0..<4) }
    }
    await #expect(processExitsWith: .failure) {
      var matrix = Matrix<Float>.zeros(rows: 2, columns: 3)
      matrix.withMutableView { _ = $0.rows(0..<3) }
    }
    await #expect(processExitsWith: .failure) {
      var matrix = Matrix<Float>.zeros(rows: 2, columns: 3)
      matrix.withMutableView { _ = $0.columns(0..<4) }
    }
  }

  @Test func copyingBetweenDifferentShapesStopsTheProgram() async {
    await #expect(processExitsWith: .failure) {
      var matrix = Matrix<Float>.zeros(rows: 2, columns: 3)
      matrix.withMutableView { target in
        Matrix<Float>.zeros(rows: 3, columns: 2).withView { target.copy(from: $0) }
      }
    }
  }
}
