import Testing
import TestSupport

@testable import Figures

@Suite struct FigureSVGTests {
  @Test(arguments: FigureExamples.all + FigureExamples.empty) func everyPictureIsWellFormed(figure: Figure) throws {
    for isAlone in [false, true] {
      let root = try parsedXML(figure.svg(isAlone: isAlone))
      #expect(root.name == "svg")
      #expect(root.attributes["role"] == "img")
      #expect(root.children.first?.name == "title" && root.titles.first == figure.title)
      #expect(root.children[1].name == "desc" && !root.children[1].text.isEmpty)
      #expect(root.descendants.contains { $0.name == "style" } == isAlone)
    }
  }

  @Test(arguments: FigureExamples.all + FigureExamples.empty) func nothingLiesOutsideThePicture(figure: Figure) throws {
    let root = try parsedXML(figure.svg())
    let size = root.attributes["viewBox"]?.split(separator: " ").compactMap { Double($0) } ?? []
    try #require(size.count == 4)
    for element in root.descendants {
      for (names, limit) in [(["x", "x1", "x2", "cx"], size[2]), (["y", "y1", "y2", "cy"], size[3])] {
        for value in names.compactMap({ element.attributes[$0] }) {
          let place = try #require(Double(value), "\(value)")
          #expect((0...limit).contains(place), "\(element.name): \(value)")
        }
      }
      let path = element.attributes["d"] ?? ""
      #expect(!path.contains("N") && !path.contains("∞"), "\(path)")
    }
  }

  @Test func onlyAStandalonePictureIncludesItsStyle() {
    let alone = FigureExamples.all[0].svg(isAlone: true)
    #expect(alone.contains("--figure-1:"))
    #expect(!alone.contains("href") && !alone.contains("url("))
  }
}
