internal import DataIO

/// The role of each column of a table. Learned from the table that a forecaster is trained on, kept in its file, and
/// expected in every further table.
package struct ForecastColumns: Hashable, Codable, Sendable {
  /// A column of timestamps.
  package struct Dates: Hashable, Codable, Sendable {
    package var name: String
    /// The order of year, month and day.
    package var order: DateOrder
    /// How further dates are written.
    package var style: Timestamp.Style
  }

  package struct Numbers: Hashable, Codable, Sendable {
    package var name: String
    /// Whether some are missing; then a second feature is 1 where the number is carried forward.
    package var hasIndicator: Bool
  }

  /// A column of categories: a feature for each, 1 where it holds. All are 0 for one that is not among them.
  package struct Categories: Hashable, Codable, Sendable {
    package var name: String
    /// The categories, in alphabetical order.
    package var values: [String]
  }

  /// The limit on the categories of a column.
  package static let maxCategories = 32

  /// The limit on features: the weights of a network take some hundred numbers for each.
  package static let maxFeatures = 10_000

  /// Whether the first line names the columns; otherwise they are called 1, 2, …
  package var hasHeader: Bool
  /// The column to forecast.
  package var target: String
  /// The column that identifies the series.
  package var id: String?
  /// The column of timestamps.
  package var dates: Dates?
  /// The distance between two rows; `nil` without timestamps.
  package var step: TimeStep?
  /// The columns of numbers, the target first.
  package var numbers: [Numbers]
  package var categories: [Categories]
  /// The cycles of day, week and year that the timestamps can show.
  package var cycles: [CalendarCycle]

  package var featureNames: [String] {
    numbers.map(\.name) + numbers.filter(\.hasIndicator).map { "\($0.name) missing" }
      + categories.flatMap { column in column.values.map { "\(column.name) = \($0)" } }
      + cycles.flatMap { ["sine of the \($0.rawValue)", "cosine of the \($0.rawValue)"] }
  }
}

// MARK: - From files that are not trusted

extension ForecastColumns {
  private enum CodingKeys: CodingKey { case hasHeader, target, id, dates, step, numbers, categories, cycles }

  /// Reads columns; those that no table can have are an error: a column has one role, a category is there once, and features
  /// are as few as when they are learned.
  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    hasHeader = try values.decode(Bool.self, forKey: .hasHeader)
    target = try values.decode(String.self, forKey: .target)
    id = try values.decodeIfPresent(String.self, forKey: .id)
    dates = try values.decodeIfPresent(Dates.self, forKey: .dates)
    step = try values.decodeIfPresent(TimeStep.self, forKey: .step)
    numbers = try values.decode([Numbers].self, forKey: .numbers)
    categories = try values.decode([Categories].self, forKey: .categories)
    cycles = try values.decode([CalendarCycle].self, forKey: .cycles)
    func check(_ condition: Bool, _ key: CodingKeys, _ problem: String) throws {
      guard condition else {
        throw DecodingError.dataCorruptedError(forKey: key, in: values, debugDescription: problem)
      }
    }
    let names = numbers.map(\.name) + categories.map(\.name) + [id, dates?.name].compactMap(\.self)
    try check(Set(names).count == names.count, .numbers, "a column has two roles")
    for column in categories {
      try check(
        1...Self.maxCategories ~= column.values.count, .categories,
        "\(column.values.count) categories in a column; wanted 1 to \(Self.maxCategories)")
      try check(Set(column.values).count == column.values.count, .categories, "a category is there twice")
    }
    try check(Set(cycles).count == cycles.count, .cycles, "a cycle is there twice")
    try check(dates != nil || cycles.isEmpty && step == nil, .cycles, "cycles or a step without a column of dates")
    let count = featureNames.count
    try check(count <= Self.maxFeatures, .numbers, "\(count) features; wanted at most \(Self.maxFeatures)")
  }
}

/// The columns of a table as the user describes them.
package struct ForecastColumnOptions: Hashable, Sendable {
  /// The column to forecast.
  package var target: String
  /// The column that identifies the series.
  package var id: String?
  /// The column of timestamps; `nil` to infer it from the contents.
  package var dates: String?
  /// Columns to leave out.
  package var ignored: [String]
  /// Whether the first line names the columns.
  package var hasHeader: Bool

  package init(
    target: String, id: String? = nil, dates: String? = nil, ignoring ignored: [String] = [], hasHeader: Bool = true
  ) {
    self.target = target
    self.id = id
    self.dates = dates
    self.ignored = ignored
    self.hasHeader = hasHeader
  }
}

/// A table whose columns have names, with or without a header.
struct NamedTable {
  let table: CSVTable
  let names: [String]
  private let indices: [String: Int]

  init(contentsOf path: String, hasHeader: Bool) throws(DataError) {
    table = try CSVTable(contentsOf: path, hasHeader: hasHeader)
    names = hasHeader ? table.header : table.columns.indices.map { "\($0 + 1)" }
    indices = Dictionary(uniqueKeysWithValues: zip(names, names.indices))
    guard table.rowCount > 0 else { throw DataError(file: path, reason: "has no rows under its header") }
  }

  /// The index of the column `name`.
  func index(of name: String) throws(DataError) -> Int {
    if let index = indices[name] { return index }
    let list = names.prefix(100).map { quoted($0) }.joined(separator: ", ") + (names.count > 100 ? ", …" : "")
    let looksHeaderless = table.header.contains { name in
      Double(name) != nil || DateOrder.allCases.contains { Timestamp(name, order: $0) != nil }
    }
    throw DataError(
      file: table.file,
      reason: "has no column \(quoted(name)), but \(list)"
        + (looksHeaderless ? "; without a header give --no-header and number the columns" : ""))
  }

  /// The fields of column `index` without blanks around them.
  func fields(_ index: Int) -> [String] { table.columns[index].map(trimmed) }

  /// An error about a field.
  func error(row: Int, column: Int, _ reason: String) -> DataError {
    DataError(file: table.file, line: table.lines[row], column: column + 1, reason: reason)
  }
}

/// Whether a field means a missing value, as ``CSVTable/numbers(of:)`` reads it.
func isMissing(_ field: String) -> Bool {
  field.utf8.count <= 4 && ["", "na", "nan", "null"].contains(field.lowercased())
}

private func trimmed(_ field: String) -> String {
  guard field.first == " " || field.first == "\t" || field.last == " " || field.last == "\t" else { return field }
  return String(field.drop { $0 == " " || $0 == "\t" }.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
}

extension ForecastColumns {
  /// Learns what the columns of `table` are.
  ///
  /// A column is numeric where most of its fields are numbers; then anything else in it is an error. The first column
  /// of which most fields are timestamps is the one of dates, unless the options name another. The rest are categories,
  /// at most ``maxCategories``.
  init(learnedFrom table: NamedTable, _ options: ForecastColumnOptions) throws(DataError) {
    let target = try table.index(of: options.target)
    let id: Int? = if let name = options.id { try table.index(of: name) } else { nil }
    var ignored: Set<Int> = []
    for name in options.ignored { ignored.insert(try table.index(of: name)) }
    for (role, index) in [("--target", target), ("--id", id)] where index.map(ignored.contains) == true {
      throw DataError(
        file: table.table.file, reason: "column \(quoted(table.names[index ?? 0])) is both \(role) and --ignore")
    }
    guard id != target else {
      throw DataError(file: table.table.file, reason: "column \(quoted(options.target)) is both --target and --id")
    }
    var rest = table.names.indices.filter { $0 != target && $0 != id && !ignored.contains($0) }

    hasHeader = options.hasHeader
    self.target = options.target
    self.id = options.id
    dates = nil
    if let name = options.dates {
      let index = try table.index(of: name)
      dates = try Self.dates(in: table, index, isSure: true)
      rest.removeAll { $0 == index }
    } else {
      for index in rest {
        guard let found = try Self.dates(in: table, index, isSure: false) else { continue }
        dates = found
        rest.removeAll { $0 == index }
        break
      }
    }

    let targetNumbers = try table.table.numbers(of: target)
    guard targetNumbers.contains(where: { $0 != nil }) else {
      throw DataError(file: table.table.file, reason: "column \(quoted(options.target)) holds no number")
    }
    numbers = [Numbers(name: options.target, hasIndicator: targetNumbers.contains(nil))]
    categories = []
    for index in rest {
      let fields = table.fields(index).filter { !isMissing($0) }
      // An empty column carries no information.
      if fields.isEmpty { continue }
      if 2 * fields.count(where: { Double($0) != nil }) > fields.count {
        let found = try table.table.numbers(of: index)
        numbers.append(Numbers(name: table.names[index], hasIndicator: found.contains(nil)))
        continue
      }
      let values = Set(fields)
      guard values.count <= Self.maxCategories else {
        throw DataError(
          file: table.table.file, line: 1, column: index + 1,
          reason: "column \(quoted(table.names[index])) holds \(values.count) different texts, more than the "
            + "\(Self.maxCategories) categories that can be told apart; leave it out with --ignore")
      }
      categories.append(Categories(name: table.names[index], values: values.sorted()))
    }
    step = nil
    cycles = []
    let features = featureNames.count
    guard features <= Self.maxFeatures else {
      throw DataError(
        file: table.table.file,
        reason:
          "has \(features) features, more than the \(Self.maxFeatures) that are learned from; leave columns out with "
          + "--ignore")
    }
  }

  /// The format of the timestamps in column `index`; `nil` where most fields are none, unless `isSure`. Otherwise a
  /// field that is none is an error.
  private static func dates(in table: NamedTable, _ index: Int, isSure: Bool) throws(DataError) -> Dates? {
    let fields = table.fields(index)
    var best: (order: DateOrder, count: Int, isSorted: Bool)?
    for order in DateOrder.allCases {
      let moments = fields.map { Timestamp($0, order: order) }
      let count = moments.count { $0 != nil }
      let isSorted = zip(moments, moments.dropFirst()).allSatisfy { a, b in a.flatMap { a in b.map { a <= $0 } } ?? true
      }
      // 3/4/2024 can be read in two ways: the one in which time increases is right.
      if count > (best?.count ?? 0) || count == best?.count && isSorted && best?.isSorted == false {
        best = (order, count, isSorted)
      }
    }
    guard let best, isSure || 2 * best.count > fields.count else {
      if isSure { throw table.error(row: 0, column: index, "\(quoted(fields[0])) is no date") }
      return nil
    }
    var style = Timestamp.Style(hasTime: false)
    for (row, field) in fields.enumerated() {
      guard let (_, found) = Timestamp.parse(field, order: best.order) else {
        throw table.error(row: row, column: index, "\(quoted(field)) is no date")
      }
      style.hasTime = style.hasTime || found.hasTime
      style.hasZone = style.hasZone || found.hasZone
    }
    return Dates(name: table.names[index], order: best.order, style: style)
  }
}
