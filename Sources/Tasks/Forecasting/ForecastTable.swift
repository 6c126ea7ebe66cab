package import DataIO
internal import Glibc
internal import Kernels

/// The series of a table, as a forecaster reads them.
package struct ForecastTable: Sendable {
  package let file: String
  package let columns: ForecastColumns
  /// The series, in the order in which they first occur.
  package let series: [ForecastSeries]
  /// Remarks for the user about the data, a line each.
  package let notes: [String]

  /// Reads the table at `path` to learn from, and learns what its columns are.
  ///
  /// - Throws: `DataError` with line and column where the file is no table, where a column that is named is not there,
  ///   for a field that does not fit its column, and where the timestamps of a series do not increase.
  package init(learningFrom path: String, _ options: ForecastColumnOptions) throws(DataError) {
    let table = try NamedTable(contentsOf: path, hasHeader: options.hasHeader)
    var columns = try ForecastColumns(learnedFrom: table, options)
    let raw = try RawSeries.read(table, columns)
    let moments = raw.compactMap(\.moments)
    if columns.dates != nil, let step = TimeStep(of: moments) {
      columns.step = step
      let span = moments.map { ($0.last?.seconds ?? 0) - ($0.first?.seconds ?? 0) }.max() ?? 0
      columns.cycles = CalendarCycle.visible(step: step, span: span)
    }
    self.init(table, columns, raw)
  }

  /// Reads the table at `path`, whose columns must be as `columns` says. Other columns are ignored.
  package init(contentsOf path: String, as columns: ForecastColumns) throws(DataError) {
    let table = try NamedTable(contentsOf: path, hasHeader: columns.hasHeader)
    self.init(table, columns, try RawSeries.read(table, columns))
  }

  private init(_ table: NamedTable, _ columns: ForecastColumns, _ raw: [RawSeries]) {
    file = table.table.file
    self.columns = columns
    series = raw.map { ForecastSeries($0, columns) }
    let gaps = raw.reduce(0) { count, series in
      count + (columns.step.map { $0.irregularities(in: series.moments ?? []) } ?? 0)
    }
    notes =
      gaps == 0
      ? [] : ["\(counted(gaps, "unusual distance")) between dates; each row counts as one step all the same"]
  }

  package var rowCount: Int { series.reduce(0) { $0 + $1.count } }
}

/// One series of a table.
package struct ForecastSeries: Sendable {
  /// The value of the id column; `nil` without one.
  package let id: String?
  /// The timestamp of each row; `nil` without timestamps.
  package let moments: [Timestamp]?
  /// The line of the file for each row.
  package let lines: [Int]
  /// The target as it was measured; NaN where it is missing.
  package let target: [Double]
  /// The target with what is missing carried forward; NaN before the first that is not.
  package let carried: [Double]
  /// The features of each row in the order of ``ForecastColumns/featureNames``, `[T × F]`, not scaled; NaN where a
  /// number is missing and none came before.
  let features: Matrix<Double>

  /// Rows, `T`.
  package var count: Int { target.count }

  fileprivate init(_ raw: RawSeries, _ columns: ForecastColumns) {
    id = raw.id
    moments = raw.moments
    lines = raw.lines
    target = raw.numbers[0]
    let filled = raw.numbers.map(carriedForward)
    carried = filled[0]
    var features: [[Double]] = filled
    for (column, numbers) in zip(columns.numbers, raw.numbers) where column.hasIndicator {
      features.append(numbers.map { $0.isNaN ? 1 : 0 })
    }
    for (column, values) in zip(columns.categories, raw.categories) {
      for category in column.values { features.append(values.map { $0 == category ? 1 : 0 }) }
    }
    for cycle in columns.cycles {
      let angles = (raw.moments ?? []).map { 2 * .pi * cycle.phase(of: $0) }
      features.append(angles.map { sin($0) })
      features.append(angles.map { cos($0) })
    }
    var matrix = Matrix<Double>.zeros(rows: target.count, columns: features.count)
    for (j, column) in features.enumerated() { for (t, value) in column.enumerated() { matrix[t, j] = value } }
    self.features = matrix
  }
}

/// `numbers` with each that is NaN replaced by the last that is not.
func carriedForward(_ numbers: [Double]) -> [Double] {
  var last = Double.nan
  return numbers.map { number in
    if !number.isNaN { last = number }
    return last
  }
}

/// One series of a table, its missing values not yet carried forward.
private struct RawSeries {
  let id: String?
  let moments: [Timestamp]?
  let lines: [Int]
  /// NaN where a number is missing.
  let numbers: [[Double]]
  let categories: [[String]]

  /// The series of `table`, in the order in which they first occur.
  static func read(_ table: NamedTable, _ columns: ForecastColumns) throws(DataError) -> [RawSeries] {
    var numbers: [[Double?]] = []
    for column in columns.numbers { numbers.append(try table.table.numbers(of: table.index(of: column.name))) }
    var categories: [[String]] = []
    for column in columns.categories { categories.append(table.fields(try table.index(of: column.name))) }
    var moments: [Timestamp]?
    var dateColumn = 0
    if let dates = columns.dates {
      dateColumn = try table.index(of: dates.name)
      var found: [Timestamp] = []
      for (row, field) in table.fields(dateColumn).enumerated() {
        guard let moment = Timestamp(field, order: dates.order) else {
          throw table.error(row: row, column: dateColumn, "\(quoted(field)) is no date")
        }
        found.append(moment)
      }
      moments = found
    }

    var groups: [(id: String?, rows: [Int])] = []
    if let name = columns.id {
      var places: [String: Int] = [:]
      for (row, id) in table.fields(try table.index(of: name)).enumerated() {
        if let place = places[id] {
          groups[place].rows.append(row)
        } else {
          places[id] = groups.count
          groups.append((id, [row]))
        }
      }
    } else {
      groups = [(nil, Array(0..<table.table.rowCount))]
    }
    var series: [RawSeries] = []
    for (id, rows) in groups {
      if let moments {
        for (before, row) in zip(rows, rows.dropFirst()) where moments[row] <= moments[before] {
          let what = moments[row] == moments[before] ? "is the date of line" : "is before the date of line"
          let hint = columns.id == nil ? "; are there several series, for --id?" : ""
          throw table.error(
            row: row, column: dateColumn,
            "\(quoted(table.fields(dateColumn)[row])) \(what) \(table.table.lines[before])\(hint)")
        }
      }
      series.append(
        RawSeries(
          id: id, moments: moments.map { all in rows.map { all[$0] } }, lines: rows.map { table.table.lines[$0] },
          numbers: numbers.map { column in rows.map { column[$0] ?? .nan } },
          categories: categories.map { column in rows.map { column[$0] } }))
    }
    return series
  }
}
