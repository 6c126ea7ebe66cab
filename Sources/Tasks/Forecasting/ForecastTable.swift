package import DataIO
internal import Glibc
internal import Kernels
internal import Models

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
    try self.init(table, columns, raw)
  }

  /// Reads the table at `path`, whose columns must be as `columns` says. Other columns are ignored.
  package init(contentsOf path: String, as columns: ForecastColumns) throws(DataError) {
    let table = try NamedTable(contentsOf: path, hasHeader: columns.hasHeader)
    try self.init(table, columns, try RawSeries.read(table, columns))
  }

  /// Bytes that the features of all rows may take; a feature is four bytes, and may be one letter in the file or none.
  private static let maxFeatureBytes = 1 << 30

  private init(_ table: NamedTable, _ columns: ForecastColumns, _ raw: [RawSeries]) throws(DataError) {
    file = table.table.file
    let (rows, features) = (table.table.rowCount, columns.featureNames.count)
    let size = MemoryLayout<Float>.size
    guard rows <= Self.maxFeatureBytes / size / max(1, features) else {
      throw DataError(
        file: file,
        reason: "has \(rows) rows, each of \(features) features for this model, which would take more than "
          + "\(Self.maxFeatureBytes) bytes of memory")
    }
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
  /// Each column of numbers with what is missing carried forward; NaN where none came before.
  let numbers: [[Double]]
  /// For each column of numbers that has them, whether the number of a row was missing.
  private let indicators: [[Bool]]
  /// The number of categories of each column of them, and the one of each row; `nil` for one that was not learned.
  private let categories: [(count: Int, values: [Int?])]
  /// For each cycle of the calendar the angle of each row.
  private let phases: [[Double]]

  /// Rows, `T`.
  package var count: Int { target.count }

  fileprivate init(_ raw: RawSeries, _ columns: ForecastColumns) {
    id = raw.id
    moments = raw.moments
    lines = raw.lines
    target = raw.numbers[0]
    numbers = raw.numbers.map(carriedForward)
    carried = numbers[0]
    indicators = zip(columns.numbers, raw.numbers).filter { $0.0.hasIndicator }.map { $1.map(\.isNaN) }
    categories = zip(columns.categories, raw.categories).map { column, values in
      let places = Dictionary(uniqueKeysWithValues: zip(column.values, column.values.indices))
      return (column.values.count, values.map { places[$0] })
    }
    phases = columns.cycles.map { cycle in (raw.moments ?? []).map { 2 * .pi * cycle.phase(of: $0) } }
  }

  /// The features of each row in the order of ``ForecastColumns/featureNames``, `[T × F]`, scaled; 0, which is the mean,
  /// where a number is missing and none came before.
  func features(_ scaling: FeatureScaling) -> Matrix<Float> {
    var matrix = Matrix<Float>.zeros(rows: count, columns: scaling.features)
    matrix.withUnsafeMutableBufferPointer { matrix in
      var feature = 0
      func add(_ value: (_ row: Int) -> Double) {
        let (offset, scale) = (scaling.offsets[feature], scaling.scales[feature])
        for row in 0..<count {
          let scaled = (value(row) - offset) / scale
          if !scaled.isNaN { matrix[row * scaling.features + feature] = Float(scaled) }
        }
        feature += 1
      }
      for column in numbers { add { column[$0] } }
      for column in indicators { add { column[$0] ? 1 : 0 } }
      for column in categories { for category in 0..<column.count { add { column.values[$0] == category ? 1 : 0 } } }
      for column in phases {
        add { sin(column[$0]) }
        add { cos(column[$0]) }
      }
      precondition(feature == scaling.features, "a scaling of other features")
    }
    return matrix
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
