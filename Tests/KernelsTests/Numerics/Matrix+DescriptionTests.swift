import Kernels
import Testing

@Suite struct MatrixDescriptionTests {
  @Test func aSmallMatrixShowsAllNumbers() {
    #expect(
      "\(Matrix<Float>([[1, -0.5], [1234567, 1 / 3]]))" == """
        2 × 2
                  1      -0.5
        1.23457e+06  0.333333
        """)
    #expect("\(Matrix<Int32>([[1, 20, 3]]))" == "1 × 3\n1  20  3")
    #expect("\(Matrix<Double>.zeros(rows: 0, columns: 4))" == "0 × 4")
    #expect("\(Matrix<Double>.zeros(rows: 3, columns: 0))" == "3 × 0")
  }

  @Test func aLargeMatrixShowsItsCorners() {
    let matrix = Matrix<Double>(rows: 9, columns: 100, (0..<900).map(Double.init))
    let lines = "\(matrix)".split(separator: "\n")
    #expect(lines.count == 8 && lines[0] == "9 × 100")
    #expect(lines[1] == "  0    1    2  …   97   98   99")
    #expect(lines[4] == "  …    …    …  …    …    …    …")
    #expect(lines[7] == "800  801  802  …  897  898  899")
  }
}
