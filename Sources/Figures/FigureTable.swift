/// The numbers of a picture, as a table.
package struct FigureTable: Hashable, Sendable {
  /// What stands above each column.
  package let columns: [String]
  /// The cells of each row.
  package let rows: [[String]]
  /// How many rows there would be if none were left out.
  package let fullCount: Int

  /// Of long tables, rows are left out evenly until `mostRows` stay.
  private init(_ columns: [String], _ rows: [[String]], mostRows: Int) {
    let stride = max(1, (rows.count + mostRows - 1) / max(1, mostRows))
    self.columns = columns
    self.rows = stride == 1 ? rows : rows.enumerated().filter { $0.offset.isMultiple(of: stride) }.map(\.element)
    fullCount = rows.count
  }
}

extension Figure {
  /// The numbers that the picture shows, to six significant digits, in at most `mostRows` rows.
  package func table(mostRows: Int = 400) -> FigureTable {
    switch self {
    case .lineChart(let chart): FigureTable(chart, mostRows: mostRows)
    case .scene(let scene): FigureTable(scene, mostRows: mostRows)
    case .heatMap(let map): FigureTable(map, mostRows: mostRows)
    }
  }
}

extension FigureTable {
  /// A row for each place on the x axis, a column for each line and two for each band.
  fileprivate init(_ chart: LineChart, mostRows: Int) {
    let bands = chart.bands.flatMap { [("\($0.name), from", $0.lower), ("\($0.name), to", $0.upper)] }
    let columns = chart.lines.map { ($0.name, $0.points) } + bands
    // Of two points at one place the later stands.
    let cells = columns.map { column in
      Dictionary(column.1.map { ($0.x, NumberText.significant($0.y)) }) { $1 }
    }
    let places = Set(cells.flatMap(\.keys).filter { !$0.isNaN }).sorted()
    self.init(
      [chart.xAxis.text] + columns.map(\.0),
      places.map { x in [NumberText.significant(x)] + cells.map { $0[x] ?? "" } }, mostRows: mostRows)
  }

  /// A row for each point of each path.
  fileprivate init(_ scene: Scene, mostRows: Int) {
    self.init(
      ["path", "point", "x (\(scene.unit))", "y (\(scene.unit))"],
      scene.paths.enumerated().flatMap { number, path in
        path.points.enumerated().map { index, point in
          [
            "\(number + 1), \(path.role.name)", "\(index + 1)", NumberText.significant(point.x),
            NumberText.significant(point.y),
          ]
        }
      }, mostRows: mostRows)
  }

  /// The map itself.
  fileprivate init(_ map: HeatMap, mostRows: Int) {
    self.init(
      ["\(map.rowLabel) \\ \(map.columnLabel)"] + map.columns,
      zip(map.rows, map.values).map { name, values in [name] + values.map { NumberText.significant($0) } },
      mostRows: mostRows)
  }
}
