import Testing
import TestSupport

@testable import Figures

@Suite struct LineChartDrawingTests {
  /// Of a file that is not trusted; to measure it anew for each letter would take hours.
  @Test func aLabelOfMillionsOfLettersIsCut() {
    let label = String(repeating: "é", count: 3_000_000)
    let axis = FigureAxis(label)
    let chart = LineChart(label, x: axis, y: axis, lines: [LineChart.Line(label, [FigurePoint(1, 2)])])
    #expect(Figure.lineChart(chart).svg().contains("éé…"))
  }

  @Test func everyPointSaysItsNumbers() throws {
    let titles = try parsedXML(LineChartDrawing(FigureExamples.losses).picture(isAlone: false)).titles
    for line in FigureExamples.losses.lines {
      for point in line.points {
        #expect(
          titles.contains(
            "\(line.name): \(NumberText.significant(point.y)) at epoch \(NumberText.significant(point.x))"))
      }
    }
  }

  @Test func axesHaveLabelsWithUnits() throws {
    let texts = try parsedXML(LineChartDrawing(FigureExamples.losses).picture(isAlone: false)).texts
    #expect(texts.contains("loss (nats)") && texts.contains("epoch"))
    #expect(texts.contains("training") && texts.contains("90 % of errors"))
  }

  @Test func pointsLieWhereTheAxesSay() throws {
    let root = try parsedXML(LineChartDrawing(FigureExamples.losses).picture(isAlone: false))
    let circles = root.descendants.filter { $0.name == "circle" && $0.attributes["class"] == "mark c1" }
    try #require(circles.count == 3)
    let heights = circles.compactMap { $0.attributes["cy"].flatMap(Double.init) }
    // 3.125, 2.25 and 1.875: equal differences are equal heights.
    #expect(abs((heights[1] - heights[0]) / (heights[2] - heights[0]) - 0.875 / 1.25) < 1e-3)
  }

  @Test func whatCannotBeShownLeavesAGapAndIsCounted() throws {
    let root = try parsedXML(LineChartDrawing(FigureExamples.norms).picture(isAlone: false))
    let runs = root.descendants.filter { $0.name == "path" && $0.attributes["class"] == "line c2" }
    #expect(runs.count == 2)
    #expect(root.texts.contains("1 of 100 points are not positive numbers and are left out."))
  }

  @Test func aSinglePointIsAMark() throws {
    let chart = LineChart(
      "", x: FigureAxis("x"), y: FigureAxis("y"), lines: [LineChart.Line("one", [FigurePoint(4, 5)])])
    let root = try parsedXML(LineChartDrawing(chart).picture(isAlone: false))
    #expect(root.titles.contains("one: 5 at x 4"))
  }

  @Test func namesAtEndsDoNotOverlap() {
    let moved = LineChartDrawing.movedApart([10, 11, 12, 97, 98], gap: 16, in: 0...100)
    #expect(zip(moved, moved.dropFirst()).allSatisfy { $1 - $0 >= 16 - 1e-9 })
    #expect(moved.last.map { $0 <= 100 } == true)
    #expect(LineChartDrawing.movedApart([10, 40], gap: 16, in: 0...100) == [10, 40])
    #expect(LineChartDrawing.movedApart([], gap: 16, in: 0...100).isEmpty)
  }

  @Test func aLineThatEndsEarlyIsNamedInTheLegend() throws {
    var chart = FigureExamples.losses
    chart.lines[0].points.removeLast()
    let root = try parsedXML(LineChartDrawing(chart).picture(isAlone: false))
    let labels = root.descendants.compactMap { $0.attributes["class"] }.filter { $0.hasPrefix("label") }
    #expect(labels.isEmpty)
    #expect(root.texts.contains("training"))
  }

  @Test func aLongLineIsThinnedToWhatCanBeSeen() throws {
    let points = (0..<100_000).map { FigurePoint(Double($0), $0 == 54_321 ? 9 : Double($0 % 7)) }
    let chart = LineChart(
      "", x: FigureAxis("x"), y: FigureAxis("y"), lines: [LineChart.Line("long", points)])
    let text = LineChartDrawing(chart).picture(isAlone: false)
    #expect(text.utf8.count < 100_000)
    let path = try #require(try parsedXML(text).descendants.first { $0.attributes["class"] == "line c1" })
    let heights = path.attributes["d"]?.split(whereSeparator: { "ML ".contains($0) }).enumerated()
      .filter { !$0.offset.isMultiple(of: 2) }.compactMap { Double($0.element) }
    // The one point that stands out is still there, above all others.
    let sorted = Set(heights ?? []).sorted()
    #expect(sorted[1] - sorted[0] > 20)
  }

  @Test func aBandHasTheColourOfTheLineItSurrounds() throws {
    var chart = FigureExamples.losses
    chart.lines[1].points.removeFirst()
    let root = try parsedXML(LineChartDrawing(chart).picture(isAlone: false))
    #expect(root.descendants.contains { $0.name == "path" && $0.attributes["class"] == "band c2" })
  }
}
