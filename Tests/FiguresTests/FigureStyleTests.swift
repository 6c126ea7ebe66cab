import Foundation
import TestSupport
import Testing

@testable import Figures

@Suite struct FigureStyleTests {
  /// The colours of the light and of the dark set, by name.
  private static let sets: [[String: String]] = Figure.styleSheet.components(separatedBy: "@media").map { part in
    let declarations = part.matches(of: #/--(figure-[a-z0-9]+): #([0-9a-f]{6})/#)
    return Dictionary(declarations.map { (String($0.1), String($0.2)) }) { $1 }
  }

  @Test func bothSetsHaveTheSameColours() {
    #expect(Self.sets.count == 2)
    #expect(Set(Self.sets[0].keys) == Set(Self.sets[1].keys))
    #expect(Self.sets[0].count == 11)
  }

  /// 4.5 : 1 is what WCAG 2.2 asks of text (1.4.3), and names have the colours of their lines.
  @Test func textContrastsWithTheBackground() throws {
    for colours in Self.sets {
      let ground = try #require(colours["figure-ground"])
      for name in ["ink", "muted", "1", "2", "3", "4", "5", "6"] {
        let colour = try #require(colours["figure-\(name)"])
        #expect(contrast(colour, ground) >= 4.5, "\(name) #\(colour) on #\(ground)")
      }
    }
  }

  @Test func everyClassThatADrawingUsesIsInTheSheet() throws {
    for figure in FigureExamples.all {
      for element in try parsedXML(figure.svg()).descendants {
        for style in element.attributes["class"]?.split(separator: " ") ?? [] {
          let isThere = Figure.styleSheet.contains(".\(style) {") || Figure.styleSheet.contains(".\(style) ")
          #expect(isThere || style == "figure", "\(style)")
        }
      }
    }
  }

  private func contrast(_ first: String, _ second: String) -> Double {
    let (a, b) = (luminance(first), luminance(second))
    return (max(a, b) + 0.05) / (min(a, b) + 0.05)
  }

  /// The relative luminance as WCAG defines it.
  private func luminance(_ colour: String) -> Double {
    let number = Int(colour, radix: 16) ?? 0
    func linear(_ shift: Int) -> Double {
      let part = Double((number >> shift) & 0xFF) / 255
      return part <= 0.04045 ? part / 12.92 : pow((part + 0.055) / 1.055, 2.4)
    }
    return 0.2126 * linear(16) + 0.7152 * linear(8) + 0.0722 * linear(0)
  }
}
