import DataIO
import Kernels
import Models
import TestSupport
import Testing

@testable import Tasks

/// Reads `text` as a table to learn from.
private func learn(_ text: String, _ options: ForecastColumnOptions) throws -> ForecastTable {
  try withTemporaryFile(Array(text.utf8)) { try ForecastTable(learningFrom: $0, options) }
}

/// What is said about `text`, without the file's name.
private func refusal(_ text: String, _ options: ForecastColumnOptions) throws -> String {
  try withTemporaryFile(Array(text.utf8)) { path in
    do {
      _ = try ForecastTable(learningFrom: path, options)
      return "nothing"
    } catch { return String("\(error)".dropFirst(path.count)) }
  }
}

@Suite struct ForecastTableTests {
  /// The features of a series as they are in the table.
  private func features(_ series: ForecastSeries, _ count: Int = 7) throws -> Matrix<Float> {
    series.features(
      try FeatureScaling(
        offsets: [Double](repeating: 0, count: count), scales: [Double](repeating: 1, count: count)))
  }

  private let text = """
    when,place,wind,temperature,sky,note
    2024-01-01 00:00,north,3,1.5,clear,a
    2024-01-01 01:00,north,,2.5,clear,b
    2024-01-01 00:00,south,4,NA,cloud,c
    2024-01-01 02:00,north,5,,rain,d
    2024-01-01 01:00,south,NaN,7,clear,e
    """

  @Test func columnsAreRecognised() throws {
    let table = try learn(text, ForecastColumnOptions(target: "temperature", id: "place", ignoring: ["note"]))
    let columns = table.columns
    #expect(columns.dates?.name == "when")
    #expect(columns.step == .seconds(3600))
    #expect(columns.numbers.map(\.name) == ["temperature", "wind"])
    #expect(columns.categories == [ForecastColumns.Categories(name: "sky", values: ["clear", "cloud", "rain"])])
    #expect(
      columns.featureNames == [
        "temperature", "wind", "temperature missing", "wind missing", "sky = clear", "sky = cloud", "sky = rain",
      ])
    #expect(table.series.map(\.id) == ["north", "south"])
    #expect(table.rowCount == 5)
  }

  @Test func missingValuesAreCarriedForwardAndMarked() throws {
    let table = try learn(text, ForecastColumnOptions(target: "temperature", id: "place", ignoring: ["note"]))
    let (north, south) = (table.series[0], table.series[1])
    #expect(north.target.map { $0.isNaN } == [false, false, true])
    #expect(north.carried == [1.5, 2.5, 2.5])
    #expect(try features(north).row(1) == [2.5, 3, 0, 1, 1, 0, 0])
    #expect(try features(north).row(2) == [2.5, 5, 1, 0, 0, 0, 1])
    #expect(south.carried[0].isNaN && south.carried[1] == 7)
    #expect(south.numbers[0][0].isNaN && south.numbers[1][1] == 4)
    #expect(south.lines == [4, 6])
  }

  @Test func anotherTableIsReadAsTheFirst() throws {
    let columns = try learn(text, ForecastColumnOptions(target: "temperature", id: "place", ignoring: ["note"])).columns
    let other = """
      sky,temperature,when,wind,place
      snow,1,2024-02-01 00:00,2,east
      """
    try withTemporaryFile(Array(other.utf8)) { path in
      let table = try ForecastTable(contentsOf: path, as: columns)
      // A category that was never seen is none of those that were.
      #expect(try features(table.series[0]).row(0) == [1, 2, 0, 0, 0, 0, 0])
    }
  }

  @Test func withoutAHeaderColumnsHaveNumbers() throws {
    let table = try learn("1,5\n2,6\n3,7\n", ForecastColumnOptions(target: "2", hasHeader: false))
    #expect(table.columns.featureNames == ["2", "1"])
    #expect(table.series[0].target == [5, 6, 7])
  }

  @Test func theOrderInWhichTimeGoesOnIsRight() throws {
    let days = try learn("d,y\n11/2/2024,1\n12/2/2024,2\n13/2/2024,3\n", ForecastColumnOptions(target: "y"))
    #expect(days.columns.dates?.order == .dayMonthYear)
    let months = try learn("d,y\n1/11/2024,1\n1/12/2024,2\n2/1/2024,3\n", ForecastColumnOptions(target: "y"))
    #expect(months.columns.dates?.order == .monthDayYear)
  }

  @Test(arguments: [
    (
      "when,y\n2024-01-01,1\n2024-01-01,2\n",
      ":3:1: “2024-01-01” is the date of line 2; are there several series, for --id?"
    ),
    (
      "when,y\n2024-01-02,1\n2024-01-01,2\n",
      ":3:1: “2024-01-01” is before the date of line 2; are there several series, for --id?"
    ),
    ("when,y\n2024-01-01,1\n2024-01-02,2\nsoon,3\n", ":4:1: “soon” is no date"),
    ("x,y\n1,1\n2,two\n", ":3:2: “two” is not a number"),
    ("x,y\n1,1\n2,2\nthree,3\n", ":4:1: “three” is not a number"),
    ("x,y\n1,NA\n2,\n", ": column “y” holds no number"),
    ("x,z\n1,2\n", ": has no column “y”, but “x”, “z”"),
    ("1,2\n3,4\n", ": has no column “y”, but “1”, “2”; without a header give --no-header and number the columns"),
    (
      "2024-01-01,2,sun\n2024-01-02,3,rain\n",
      ": has no column “y”, but “2024-01-01”, “2”, “sun”; without a header give --no-header and number the columns"
    ),
    ("x,y\n", ": has no rows under its header"),
    ("x,y\n1,2\n3\n", ":3:2: the number of fields is 1, wanted 2"),
  ])
  func whatDoesNotFitIsNamedWithItsPlace(_ text: String, _ wanted: String) throws {
    #expect(try refusal(text, ForecastColumnOptions(target: "y")) == wanted)
  }

  @Test func tooManyCategoriesAreRefusedByName() throws {
    let rows = (0..<33).map { "\($0),text \($0)" }.joined(separator: "\n")
    #expect(
      try refusal("y,comment\n\(rows)\n", ForecastColumnOptions(target: "y"))
        == ":1:2: column “comment” holds 33 different texts, more than the 32 categories that can be told apart; leave it "
        + "out with --ignore")
    _ = try learn("y,comment\n\(rows)\n", ForecastColumnOptions(target: "y", ignoring: ["comment"]))
  }

  @Test func gapsAreNoted() throws {
    let table = try learn(
      "d,y\n2024-01-01,1\n2024-01-02,2\n2024-01-03,3\n2024-01-07,4\n", ForecastColumnOptions(target: "y"))
    #expect(table.notes.count == 1 && table.notes[0].hasPrefix("1 unusual distance between dates"))
  }
}
