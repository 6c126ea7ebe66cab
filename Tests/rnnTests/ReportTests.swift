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

  @Test func thePageIsBesideItsFile() throws {
    #expect(try Report.parse(["runs/memory.jsonl"]).page == "runs/memory.html")
    #expect(try Report.parse(["runs/memory.jsonl", "--output", "page.html"]).page == "page.html")
    #expect(throws: DataError.self) { try Report.parse(["memory.html"]).run() }
  }
}
#endif
