/// A picture as the numbers it shows, apart from how it is drawn. Every axis has a label with its unit.
package enum Figure: Hashable, Codable, Sendable {
  /// Lines over a common x axis, with bands behind them: losses, forecasts, norms by lag.
  case lineChart(LineChart)
  /// Paths in a plane, both axes to the same scale: trajectories.
  case scene(Scene)
  /// A number for each row and column: attention, the activity of gates.
  case heatMap(HeatMap)

  /// What stands above the picture.
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
  /// To the right.
  package var x: Double
  /// Up.
  package var y: Double

  /// The point (x, y).
  package init(_ x: Double, _ y: Double) {
    self.x = x
    self.y = y
  }
}

/// An axis: what it measures.
package struct FigureAxis: Hashable, Codable, Sendable {
  /// What is measured.
  package var label: String
  /// Its unit; `nil` for a number without one.
  package var unit: String?
  /// Whether equal distances are equal ratios. Then all numbers must be positive.
  package var isLogarithmic: Bool

  /// An axis for `label`, in `unit`.
  package init(_ label: String, unit: String? = nil, isLogarithmic: Bool = false) {
    self.label = label
    self.unit = unit
    self.isLogarithmic = isLogarithmic
  }
}

/// Lines over a common x axis.
package struct LineChart: Hashable, Codable, Sendable {
  /// A line.
  package struct Line: Hashable, Codable, Sendable {
    /// What the legend calls it.
    package var name: String
    /// Its points from left to right.
    package var points: [FigurePoint]
    /// Whether it is drawn dashed: for what is a reference and no result.
    package var isReference: Bool

    /// A line through `points`.
    package init(_ name: String, _ points: [FigurePoint], isReference: Bool = false) {
      self.name = name
      self.points = points
      self.isReference = isReference
    }
  }

  /// A filled band between two lines.
  package struct Band: Hashable, Codable, Sendable {
    /// What the legend calls it, such as “90 % of errors”.
    package var name: String
    /// Its lower edge, from left to right.
    package var lower: [FigurePoint]
    /// Its upper edge, over the same x.
    package var upper: [FigurePoint]

    /// A band between `lower` and `upper`.
    package init(_ name: String, lower: [FigurePoint], upper: [FigurePoint]) {
      self.name = name
      self.lower = lower
      self.upper = upper
    }
  }

  /// What stands above it.
  package var title: String
  /// The axis to the right.
  package var xAxis: FigureAxis
  /// The axis up.
  package var yAxis: FigureAxis
  /// What is drawn.
  package var lines: [Line]
  /// What is drawn behind them.
  package var bands: [Band]

  /// A chart of `lines`.
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
  /// What a path is.
  package enum Role: String, Codable, CaseIterable, Sendable {
    /// What the network has seen.
    case observed
    /// What happened then.
    case truth
    /// What the network expected.
    case prediction
  }

  /// A path.
  package struct Path: Hashable, Codable, Sendable {
    /// What it is.
    package var role: Role
    /// Its points in the order of time.
    package var points: [FigurePoint]

    /// A path through `points`.
    package init(_ role: Role, _ points: [FigurePoint]) {
      self.role = role
      self.points = points
    }
  }

  /// What stands above it.
  package var title: String
  /// The unit of both axes.
  package var unit: String
  /// What is drawn.
  package var paths: [Path]

  /// A scene of `paths`.
  package init(_ title: String, unit: String, paths: [Path]) {
    self.title = title
    self.unit = unit
    self.paths = paths
  }
}

/// A number for each row and column.
package struct HeatMap: Hashable, Codable, Sendable {
  /// What stands above it.
  package var title: String
  /// What the rows are, as an axis.
  package var rowLabel: String
  /// What the columns are, as an axis.
  package var columnLabel: String
  /// The name of each row, from the top.
  package var rows: [String]
  /// The name of each column, from the left.
  package var columns: [String]
  /// The numbers, a row of them for each row.
  package var values: [[Double]]
  /// What the numbers are, as an axis.
  package var valueAxis: FigureAxis

  /// A map of `values`, which are as many as rows and columns say.
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
}
