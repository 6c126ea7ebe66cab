import Testing

@testable import Figures

@Suite struct FigureTableTests {
  @Test func aChartHasARowForEachPlace() {
    let table = Figure.lineChart(FigureExamples.losses).table()
    #expect(
      table.columns == [
        "epoch", "training", "validation", "published", "90 % of errors, from", "90 % of errors, to",
      ])
    #expect(
      table.rows == [
        ["1", "3.125", "3.0625", "2.375", "", ""], ["2", "2.25", "2.5", "", "2.1", "2.75"],
        ["3", "1.875", "2.4375", "2.375", "2.2", "2.625"],
      ])
  }

  @Test func aSceneHasARowForEachPoint() {
    let table = Figure.scene(FigureExamples.trajectory).table()
    #expect(table.columns == ["path", "point", "x (m)", "y (m)"])
    #expect(table.rows.count == 6)
    #expect(table.rows[5] == ["3, predicted", "2", "2.625", "1.5"])
  }

  @Test func aMapIsItsTable() {
    let table = Figure.heatMap(FigureExamples.attention).table()
    #expect(table.columns == ["written \\ read", "ein", "Hund", "\n"])
    #expect(table.rows[1] == ["<dog>", "0.25", "0.6875", "NaN"])
  }

  @Test func longTablesAreThinned() {
    let line = LineChart.Line("a", (0..<1001).map { FigurePoint(Double($0), 1) })
    let table = Figure.lineChart(LineChart("", x: FigureAxis("x"), y: FigureAxis("y"), lines: [line])).table(
      maxRows: 100)
    #expect(table.fullCount == 1001)
    #expect((80...100).contains(table.rows.count))
    #expect(table.rows[1][0] == "11")
  }

  @Test(arguments: FigureExamples.empty) func picturesOfNothingHaveTables(figure: Figure) {
    let table = figure.table()
    #expect(table.rows.allSatisfy { $0.count == table.columns.count })
  }
}
