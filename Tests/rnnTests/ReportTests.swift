#if Tools
import ArgumentParser
import DataIO
import Figures
import Tasks
import TestSupport
import Testing

@testable import rnn

@Suite struct ReportTests {
  /// What `rnn task memory --json` printed, shortened: with a loss that is no number.
  private static let result = """
    {"task":"memory","scale":"quick","seed":5,"scores":[{"name":"error & bound","value":0.0625,"unit":"",\
    "bar":{"atMost":{"_0":0.125}}}],"examples":[{"title":"one","lines":["a","b"]}],"figures":[],"attachments":[],\
    "files":["a.mid"],"seconds":75}
    """

  private static let progress = (1...2).map {
    #"{"event":"progress","stage":"LSTM","epoch":\#($0),"epochs":3,"step":\#($0 * 40),"loss":"nan","validation_loss":0.5}"#
  }

  private func page(of text: String) throws -> ReportPage {
    try withTemporaryFile(Array(text.utf8)) { try ReportPage(logIn: $0) }
  }

  @Test func theLogOfATaskBecomesAPage() throws {
    let lines =
      [#"{"event":"note","text":"begins"}"#] + Self.progress + [#"{"event":"result","result":\#(Self.result)}"#, ""]
    let page = try page(of: lines.joined(separator: "\n"))
    #expect(page.title == "Task “memory”")
    #expect(page.scores.map(\.value) == [0.0625])
    let facts = Dictionary(uniqueKeysWithValues: page.facts.map { ($0.name, $0.value) })
    #expect(facts["seed"] == "5" && facts["time"] == "1:15 min" && facts["files written"] == "a.mid")
    #expect(page.tables.map(\.rows) == [[["LSTM", "2 of 3", "80", NumberText.significant(.nan, digits: 5), "0.5"]]])
    _ = try parsedXML(page.html())
  }

  @Test func aResultAloneIsEnough() throws {
    let page = try page(of: Self.result)
    #expect(page.scores.count == 1 && page.examples.count == 1 && page.tables.isEmpty)
  }

  @Test func ofSeveralResultsTheLastCounts() throws {
    let earlier = Self.result.replacing("0.0625", with: "0.75")
    #expect(try page(of: earlier + "\n" + Self.result).scores.map(\.value) == [0.0625])
  }

  @Test(arguments: ["", "\n", #"{"event":"note","text":"begins"}"#]) func aRunWithoutResultIsRefused(text: String) {
    #expect(throws: DataError.self) { try page(of: text) }
  }

  @Test func invalidEventsAreRefusedWithTheirLine() throws {
    let error = #expect(throws: DataError.self) { try page(of: #"{"event":"note","text":""}"# + "\nhello") }
    #expect(error?.line == 2)
    #expect(throws: DataError.self) { try page(of: #"{"event":"result","result":{"task":7}}"#) }
  }

  private static func heatMap(_ values: String) -> String {
    result.replacing(
      #""figures":[]"#,
      with: #""figures":[{"heatMap":{"_0":{"title":"h","rowLabel":"r","columnLabel":"c","rows":["a"],"columns":["d"],"#
        + #""values":\#(values),"valueAxis":{"label":"v","unit":"","isLogarithmic":true}}}}]"#)
  }

  @Test func aHeatMapHasANumberForEachRowAndColumn() throws {
    let page = try page(of: Self.heatMap("[[1e-200]]"))
    _ = try parsedXML(page.html())
    for values in ["[]", "[[]]", "[[1],[2]]", "[[1,2]]"] {
      let error = #expect(throws: DataError.self) { try self.page(of: Self.heatMap(values)) }
      #expect(error?.description.contains("not 1 rows of 1 numbers") == true)
    }
  }

  @Test(arguments: ["\"nan\"", "\"infinity\"", "-1"]) func aTimeThatIsNoneIsRefused(_ seconds: String) {
    #expect(throws: DataError.self) {
      try page(of: Self.result.replacing(#""seconds":75"#, with: #""seconds":\#(seconds)"#))
    }
  }

  @Test func lossesOfAnySizeHaveAPicture() throws {
    for losses in [
      [.leastNonzeroMagnitude], [0, 2 * .leastNonzeroMagnitude], [1e-200, 1e200], [.greatestFiniteMagnitude, 1], [],
    ] as [[Double]] {
      _ = Figure.lineChart(LineChart(losses: losses, validation: losses, title: "Loss", unit: "")).svg()
    }
  }

  /// A file of a few megabytes may claim a hundred thousand: the page of all of them took 20 seconds.
  @Test func ofTooManyStagesTheFirstThousandAreShown() throws {
    let events = (0..<20_000).map {
      #"{"event":"progress","stage":"\#($0)","epoch":1,"epochs":3,"step":4,"loss":1}"#
    }
    let page = try page(of: (events + [Self.result]).joined(separator: "\n"))
    let rows = try #require(page.tables.first?.rows)
    #expect(rows.map { $0[0] } == (0..<1000).map(String.init) + ["and 19000 more"])
    _ = try parsedXML(page.html())
  }

  @Test func aLineThatIsTooLongIsNotDecoded() throws {
    let line = #"{"event":"note","text":""# + String(repeating: " ", count: 1 << 24) + #""}"#
    let error = #expect(throws: DataError.self) { try page(of: line) }
    #expect(error?.line == 1 && error?.reason.contains("an event has at most 16777216") == true)
  }

  @Test func thePageIsBesideItsFile() throws {
    #expect(try Report.parse(["runs/memory.jsonl"]).page == "runs/memory.html")
    #expect(try Report.parse(["runs/memory.jsonl", "--output", "page.html"]).page == "page.html")
    #expect(throws: DataError.self) { try Report.parse(["memory.html"]).run() }
  }
}
#endif
