/// A picture as the numbers it shows, apart from how it is drawn. Every axis has a label with its unit.
package enum Figure: Hashable, Codable, Sendable {
  /// Lines over a common x axis, with bands behind them: losses, forecasts, norms by lag.
  case lineChart(LineChart)
  /// Paths in a plane, both axes to the same scale: trajectories.
  case scene(Scene)
  /// A number for each row and column: attention, the activity of gates.
  case heatMap(HeatMap)

  package var title: String {
    switch self {
    case .lineChart(let chart): chart.title
    case .scene(let scene): scene.title
    case .heatMap(let map): map.title
    }
  }
}

/// A point of a picture, in the units of its axes.
package struct FigurePoint: Hashable, Codable, Sendable {
  package var x: Double
  package var y: Double

  package init(_ x: Double, _ y: Double) {
    self.x = x
    self.y = y
  }
}

package struct FigureAxis: Hashable, Codable, Sendable {
  package var label: String
  /// Its unit; `nil` for a number without one.
  package var unit: String?
  /// Whether equal distances are equal ratios. Then all numbers must be positive.
  package var isLogarithmic: Bool

  package init(_ label: String, unit: String? = nil, isLogarithmic: Bool = false) {
    self.label = label
    self.unit = unit
    self.isLogarithmic = isLogarithmic
  }
}

/// Lines over a common x axis.
package struct LineChart: Hashable, Codable, Sendable {
  package struct Line: Hashable, Codable, Sendable {
    /// The name in the legend.
    package var name: String
    /// Its points from left to right.
    package var points: [FigurePoint]
    /// Drawn dashed: a reference and no result.
    package var isReference: Bool

    package init(_ name: String, _ points: [FigurePoint], isReference: Bool = false) {
      self.name = name
      self.points = points
      self.isReference = isReference
    }
  }

  /// A filled band between two lines.
  package struct Band: Hashable, Codable, Sendable {
    /// The name in the legend, such as “90 % of errors”.
    package var name: String
    /// Its lower edge, from left to right.
    package var lower: [FigurePoint]
    /// Its upper edge, over the same x.
    package var upper: [FigurePoint]

    package init(_ name: String, lower: [FigurePoint], upper: [FigurePoint]) {
      self.name = name
      self.lower = lower
      self.upper = upper
    }
  }

  package var title: String
  package var xAxis: FigureAxis
  package var yAxis: FigureAxis
  package var lines: [Line]
  /// Drawn behind the lines.
  package var bands: [Band]

  package init(_ title: String, x: FigureAxis, y: FigureAxis, lines: [Line], bands: [Band] = []) {
    self.title = title
    xAxis = x
    yAxis = y
    self.lines = lines
    self.bands = bands
  }
}

/// Paths in a plane.
package struct Scene: Hashable, Codable, Sendable {
  package enum Role: String, Codable, CaseIterable, Sendable {
    /// The history that the network has read.
    case observed
    /// The true future.
    case truth
    /// The network's prediction.
    case prediction
  }

  package struct Path: Hashable, Codable, Sendable {
    package var role: Role
    /// Its points in the order of time.
    package var points: [FigurePoint]

    package init(_ role: Role, _ points: [FigurePoint]) {
      self.role = role
      self.points = points
    }
  }

  package var title: String
  /// The unit of both axes.
  package var unit: String
  package var paths: [Path]

  package init(_ title: String, unit: String, paths: [Path]) {
    self.title = title
    self.unit = unit
    self.paths = paths
  }
}

/// A number for each row and column.
package struct HeatMap: Hashable, Codable, Sendable {
  package var title: String
  /// The label of the vertical axis.
  package var rowLabel: String
  /// The label of the horizontal axis.
  package var columnLabel: String
  /// The name of each row, from the top.
  package var rows: [String]
  /// The name of each column, from the left.
  package var columns: [String]
  /// `[rows][columns]`.
  package var values: [[Double]]
  /// The axis of the colour scale.
  package var valueAxis: FigureAxis

  /// A map of `values`, whose counts must be those of rows and columns.
  package init(
    _ title: String, rows: [String], columns: [String], values: [[Double]], axes: (row: String, column: String),
    value: FigureAxis
  ) {
    precondition(
      values.count == rows.count && values.allSatisfy { $0.count == columns.count },
      "\(values.count) rows of \(values.map(\.count)) numbers cannot fill \(rows.count) × \(columns.count)")
    self.title = title
    self.rows = rows
    self.columns = columns
    self.values = values
    (rowLabel, columnLabel) = axes
    valueAxis = value
  }

  private enum CodingKeys: CodingKey { case title, rowLabel, columnLabel, rows, columns, values, valueAxis }

  /// Reads a map from a file that is not trusted.
  package init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    title = try fields.decode(String.self, forKey: .title)
    rowLabel = try fields.decode(String.self, forKey: .rowLabel)
    columnLabel = try fields.decode(String.self, forKey: .columnLabel)
    rows = try fields.decode([String].self, forKey: .rows)
    columns = try fields.decode([String].self, forKey: .columns)
    values = try fields.decode([[Double]].self, forKey: .values)
    valueAxis = try fields.decode(FigureAxis.self, forKey: .valueAxis)
    guard values.count == rows.count, values.allSatisfy({ $0.count == columns.count }) else {
      throw DecodingError.dataCorruptedError(
        forKey: .values, in: fields, debugDescription: "not \(rows.count) rows of \(columns.count) numbers")
    }
  }
}
