import Testing
import TestSupport

@testable import Figures

@Suite struct SceneDrawingTests {
  @Test func bothAxesHaveOneScale() throws {
    let scene = Scene(
      "", unit: "m",
      paths: [Scene.Path(.truth, [FigurePoint(0, 0), FigurePoint(8, 0), FigurePoint(8, 2)])])
    let circles = try parsedXML(SceneDrawing(scene).picture(isAlone: false)).descendants.filter {
      $0.name == "circle" && $0.children.first?.name == "title"
    }
    try #require(circles.count == 3)
    let x = circles.compactMap { $0.attributes["cx"].flatMap(Double.init) }
    let y = circles.compactMap { $0.attributes["cy"].flatMap(Double.init) }
    #expect(abs((x[1] - x[0]) / 8 - (y[1] - y[2]) / 2) < 0.02)
  }

  @Test func everyPointSaysItsNumbers() throws {
    let titles = try parsedXML(SceneDrawing(FigureExamples.trajectory).picture(isAlone: false)).titles
    #expect(titles.contains("observed, point 1 of 2: (0, 0) m"))
    #expect(titles.contains("predicted, point 2 of 2: (2.625, 1.5) m"))
  }

  @Test func theLegendNamesWhatIsThereAndNothingElse() throws {
    var scene = FigureExamples.trajectory
    scene.paths.removeFirst()
    let texts = try parsedXML(SceneDrawing(scene).picture(isAlone: false)).texts
    #expect(texts.contains("what happened") && texts.contains("predicted") && !texts.contains("observed"))
    #expect(texts.contains("x (m)") && texts.contains("y (m)"))
  }
}
