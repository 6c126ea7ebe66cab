#if Tools
import Figures
import Tasks
import TestSupport
import Testing

@testable import rnn

@Suite struct ReportPageTests {
  /// A page with everything that a page can hold, and markup in every text that comes from outside.
  private static let full = {
    var page = ReportPage(title: "Runs of <b>A & B</b>", summary: "What \"people\" say & do")
    page.facts = [("command", "rnn task <name> && true"), ("seed", "17")]
    page.scores = [
      Score("error of <x>", 0.4375, "m & s", bar: .atMost(0.5), comparison: "published: <0.53>"),
      Score("accuracy", 87.25, "%", bar: .atLeast(90)),
      Score("baseline", .nan, ""),
    ]
    page.tables = [
      ReportPage.Table(
        title: "Parts & wholes", columns: ["<part>", "share"], rows: [["a<b", "0.375"]], numberColumns: [1])
    ]
    page.figures = [
      .lineChart(
        LineChart(losses: [3.125, 2.25, 1.875], validation: [3.0625, 2.5, 2.4375], title: "Loss <1>", unit: "nats"))
    ]
    page.examples = [TaskExample("An <example>", ["first & last", "{{ title }} {% if %}"])]
    return page
  }()

  @Test func thePageIsWellFormedWhateverItsTextsAre() throws {
    let root = try parsedXML(Self.full.html())
    #expect(root.name == "html")
    #expect(root.titles.first == "Runs of <b>A & B</b>")
    let texts = Set(root.descendants.map(\.text))
    for text in [
      "rnn task <name> && true", "error of <x>", "m & s", "published: <0.53>", "Parts & wholes", "<part>", "a<b",
      "An <example>", "What \"people\" say & do",
    ] { #expect(texts.contains(text), "\(text)") }
  }

  @Test func textsAreNoTemplates() throws {
    let example = try #require(try parsedXML(Self.full.html()).descendants.first { $0.name == "pre" })
    #expect(example.text == "first & last\n{{ title }} {% if %}")
  }

  @Test func thePageHoldsTheNumbersThatItShows() throws {
    let cells = Set(try parsedXML(Self.full.html()).descendants.filter { $0.name == "td" }.map(\.text))
    for number in ["0.4375", "87.25", "0.375", "3.125", "2.25", "1.875", "3.0625", "2.5", "2.4375"] {
      #expect(cells.contains(number), "\(number)")
    }
  }

  @Test func aMissedBarIsReported() throws {
    let elements = try parsedXML(Self.full.html()).descendants
    #expect(elements.contains { $0.name == "p" && $0.text == "1 of 2 bars not met." })
    #expect(elements.filter { $0.name == "span" }.map(\.text) == ["met", "missed"])
  }

  @Test func anEmptyColumnIsLeftOut() throws {
    func headings(_ page: ReportPage) throws -> [String] {
      try parsedXML(page.html()).descendants.filter { $0.name == "th" }.map(\.text)
    }
    var page = ReportPage(title: "Errors")
    page.scores = [Score("error", 0.5, ""), Score("error of the last value", 0.75, "")]
    #expect(try headings(page) == ["what", "value"])
    page.scores.append(Score("accuracy", 87.25, "%", bar: .atLeast(90)))
    #expect(try headings(page) == ["what", "value", "unit", "wanted"])
    page.scores.append(Score("loss", 2.5, "", comparison: "published"))
    let root = try parsedXML(page.html())
    #expect(try headings(page) == ["what", "value", "unit", "wanted", "beside"])
    #expect(root.descendants.count { $0.name == "td" } == 4 * 5)
  }

  @Test func aPageNeedsOnlyATitle() throws {
    let elements = try parsedXML(ReportPage(title: "Nothing").html()).descendants
    #expect(elements.first { $0.name == "h1" }?.text == "Nothing")
    #expect(!elements.contains { ["h2", "table", "dl", "svg", "pre"].contains($0.name) })
  }

  @Test func thePageNeedsNothingElse() throws {
    for element in try parsedXML(Self.full.html()).descendants {
      #expect(!["script", "link", "img", "iframe"].contains(element.name))
      #expect(element.attributes["src"] == nil && element.attributes["href"] == nil)
      if element.name == "style" { #expect(!element.text.contains("url(") && !element.text.contains("@import")) }
    }
  }
}
#endif
