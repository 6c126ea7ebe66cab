import Testing
import TestSupport

@testable import Figures

@Suite struct HeatMapDrawingTests {
  @Test func everyCellSaysItsNumber() throws {
    let titles = try parsedXML(HeatMapDrawing(FigureExamples.attention).picture(isAlone: false)).titles
    #expect(titles.contains("a, ein: 0.875"))
    #expect(titles.contains("a, ⏎: 0"))
    #expect(titles.contains("<dog>, Hund: 0.6875"))
    #expect(titles.contains("<dog>, ⏎: NaN"))
  }

  @Test func strongerColoursAreLargerNumbers() throws {
    let root = try parsedXML(HeatMapDrawing(FigureExamples.attention).picture(isAlone: false))
    func opacity(_ title: String) throws -> Double {
      let cell = try #require(root.descendants.first { $0.children.first?.text == title })
      return Double(cell.attributes["fill-opacity"] ?? "1") ?? 1
    }
    #expect(try opacity("a, ein: 0.875") > opacity("<dog>, Hund: 0.6875"))
    #expect(try opacity("<dog>, Hund: 0.6875") > opacity("<dog>, ein: 0.25"))
    // Shares are on a scale from 0 to 1.
    #expect(try abs(opacity("a, ein: 0.875") - 0.875) < 0.01)
  }

  @Test func negativeNumbersHaveAnotherColour() throws {
    let root = try parsedXML(HeatMapDrawing(FigureExamples.states).picture(isAlone: false))
    let cells = root.descendants.filter { $0.name == "rect" && $0.children.first?.name == "title" }
    let styles = cells.map { $0.attributes["class"] ?? "" }
    #expect(styles == ["under", "over"])
  }

  @Test func nonFiniteNumbersAreMarked() throws {
    let root = try parsedXML(HeatMapDrawing(FigureExamples.attention).picture(isAlone: false))
    #expect(root.descendants.filter { $0.attributes["class"] == "absent" }.count == 1)
  }

  @Test(arguments: [(3, 5), (1, 64), (88, 200), (40, 1)]) func namesThatWouldOverlapAreLeftOut(rows: Int, columns: Int)
    throws
  {
    let map = HeatMap(
      "", rows: (0..<rows).map { "row \($0)" }, columns: (0..<columns).map { "\($0)" },
      values: Array(repeating: Array(repeating: 0.5, count: columns), count: rows), axes: ("r", "c"),
      value: FigureAxis("v"))
    let root = try parsedXML(HeatMapDrawing(map).picture(isAlone: false))
    let names = root.descendants.filter { $0.attributes["class"] == "name" && $0.attributes["text-anchor"] == "end" }
    let heights = names.compactMap { $0.attributes["y"].flatMap(Double.init) }
    #expect(zip(heights, heights.dropFirst()).allSatisfy { $1 - $0 >= 10 })
    let size = root.attributes["viewBox"]?.split(separator: " ").compactMap { Double($0) } ?? []
    #expect(size[3] < 760)
  }
}
