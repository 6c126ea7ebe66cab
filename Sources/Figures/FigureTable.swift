/// The numbers of a picture, as a table.
package struct FigureTable: Hashable, Sendable {
  package let columns: [String]
  package let rows: [[String]]
  /// The number of rows before any are left out.
  package let fullCount: Int

  /// Of long tables, rows are left out evenly until `maxRows` stay.
  private init(_ columns: [String], _ rows: [[String]], maxRows: Int) {
    let stride = max(1, (rows.count + maxRows - 1) / max(1, maxRows))
    self.columns = columns
    self.rows = stride == 1 ? rows : rows.enumerated().filter { $0.offset.isMultiple(of: stride) }.map(\.element)
    fullCount = rows.count
  }
}

extension Figure {
  /// The numbers that the picture shows, to six significant digits, in at most `maxRows` rows.
  package func table(maxRows: Int = 400) -> FigureTable {
    switch self {
    case .lineChart(let chart): FigureTable(chart, maxRows: maxRows)
    case .scene(let scene): FigureTable(scene, maxRows: maxRows)
    case .heatMap(let map): FigureTable(map, maxRows: maxRows)
    }
  }
}

extension FigureTable {
  /// A row for each place on the x axis, a column for each line and two for each band.
  fileprivate init(_ chart: LineChart, maxRows: Int) {
    let bands = chart.bands.flatMap { [("\($0.name), from", $0.lower), ("\($0.name), to", $0.upper)] }
    let columns = chart.lines.map { ($0.name, $0.points) } + bands
    // Of two points with one x the later is used.
    let cells = columns.map { column in
      Dictionary(column.1.map { ($0.x, NumberText.significant($0.y)) }) { $1 }
    }
    let places = Set(cells.flatMap(\.keys).filter { !$0.isNaN }).sorted()
    self.init(
      [chart.xAxis.text] + columns.map(\.0),
      places.map { x in [NumberText.significant(x)] + cells.map { $0[x] ?? "" } }, maxRows: maxRows)
  }

  /// A row for each point of each path.
  fileprivate init(_ scene: Scene, maxRows: Int) {
    self.init(
      ["path", "point", "x (\(scene.unit))", "y (\(scene.unit))"],
      scene.paths.enumerated().flatMap { number, path in
        path.points.enumerated().map { index, point in
          [
            "\(number + 1), \(path.role.name)", "\(index + 1)", NumberText.significant(point.x),
            NumberText.significant(point.y),
          ]
        }
      }, maxRows: maxRows)
  }

  /// The map itself.
  fileprivate init(_ map: HeatMap, maxRows: Int) {
    self.init(
      ["\(map.rowLabel) \\ \(map.columnLabel)"] + map.columns,
      zip(map.rows, map.values).map { name, values in [name] + values.map { NumberText.significant($0) } },
      maxRows: maxRows)
  }
}
