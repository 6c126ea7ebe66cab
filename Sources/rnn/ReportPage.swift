#if Tools
import DataIO
import Figures
import Foundation
import Stencil
import Tasks

/// A page that shows what a run did: one HTML file that needs nothing else, neither scripts nor the network, readable
/// in light and dark, on a telephone and on paper. It is well-formed XML too.
struct ReportPage {
  /// A table with a heading.
  struct Table {
    var title: String
    var columns: [String]
    /// As many cells in each row as there are columns.
    var rows: [[String]]
    /// Columns of numbers, which are flush right.
    var numberColumns: Set<Int> = []
  }

  var title: String
  /// A sentence below the title.
  var summary = ""
  /// Command, time and machine, by name.
  var facts: [(name: String, value: String)] = []
  var scores: [Score] = []
  var tables: [Table] = []
  var figures: [Figure] = []
  var examples: [TaskExample] = []

  /// Writes the page to the file at `path`, all of it or nothing.
  func write(to path: String) throws(DataError) { try FileWriting.write(Array(html().utf8), to: path) }

  func html() -> String {
    do { return try Environment().renderTemplate(string: reportTemplate, context: context) } catch {
      fatalError("the template and what it is given belong together: \(error)")
    }
  }

  /// The context of the template. All texts are escaped here, so that the template cannot forget one.
  private var context: [String: Any] {
    [
      "title": escapedForXML(title), "summary": escapedForXML(summary), "styles": Figure.styleSheet,
      "facts": facts.map { ["name": escapedForXML($0.name), "value": escapedForXML($0.value)] },
      "scores": scores.map(cells), "verdict": verdict, "haveUnits": scores.contains { !$0.unit.isEmpty },
      "haveBars": scores.contains { $0.bar != nil },
      "haveComparisons": scores.contains { $0.comparison?.isEmpty == false },
      "tables": tables.map { table($0.columns, $0.rows, numbers: $0.numberColumns, title: $0.title) },
      "figures": figures.map { ["picture": $0.svg(), "numbers": numbers(of: $0)] as [String: Any] },
      "examples": examples.map {
        ["title": escapedForXML($0.title), "text": escapedForXML($0.lines.joined(separator: "\n"))]
      },
    ]
  }

  /// Whether the scores reach their bars, in a word; empty where there are none.
  private var verdict: String {
    let bars = scores.filter { $0.bar != nil }
    guard !bars.isEmpty else { return "" }
    let met = bars.count { $0.meetsBar }
    return met == bars.count ? "Every bar is met." : "\(bars.count - met) of \(bars.count) bars not met."
  }

  private func cells(of score: Score) -> [String: String] {
    let wanted: String
    switch score.bar {
    case .atLeast(let least): wanted = "at least \(NumberText.significant(least))"
    case .atMost(let limit): wanted = "at most \(NumberText.significant(limit))"
    case nil: wanted = ""
    }
    return [
      "name": escapedForXML(score.name), "value": NumberText.significant(score.value, digits: 5),
      "unit": escapedForXML(score.unit), "wanted": wanted,
      "met": score.bar == nil ? "" : score.meetsBar ? "met" : "missed",
      "comparison": escapedForXML(score.comparison ?? ""),
    ]
  }

  private func numbers(of figure: Figure) -> [String: Any] {
    let numbers = figure.table()
    var context = table(numbers.columns, numbers.rows, numbers: Set(numbers.columns.indices), title: "Numbers")
    if numbers.rows.count < numbers.fullCount {
      context["note"] = "\(numbers.rows.count) of \(numbers.fullCount) rows, evenly spaced."
    }
    return context
  }

  private func table(_ columns: [String], _ rows: [[String]], numbers: Set<Int>, title: String) -> [String: Any] {
    func cells(_ row: [String]) -> [[String: String]] {
      row.enumerated().map { ["text": escapedForXML($1), "style": numbers.contains($0) ? "number" : "word"] }
    }
    return ["title": escapedForXML(title), "columns": cells(columns), "rows": rows.map(cells)]
  }
}
#endif
