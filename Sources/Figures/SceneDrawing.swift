/// Draws a scene, both axes to one scale.
struct SceneDrawing {
  private typealias Place = (x: Double, y: Double)

  private let scene: Scene
  private static let maxHeight = 520.0
  /// A path with more points has marks at its ends only.
  private static let maxMarkedPoints = 60

  init(_ scene: Scene) { self.scene = scene }

  func picture(isAlone: Bool) -> String {
    var sheet = FigureSheet(title: scene.title, legend: legend)
    let points = scene.paths.flatMap(\.points).filter(shows)
    var (x, y) = axes(around: points)
    let left = max(40, (y.ticks.map { TextMeasure.width(y.label($0), size: 11) }.max() ?? 0) + 18)
    let maxWidth = FigureSheet.width - left - 16 - FigureSheet.margin
    let (dx, dy) = (x.domain.upperBound - x.domain.lowerBound, y.domain.upperBound - y.domain.lowerBound)
    let scale = min(maxWidth / dx, Self.maxHeight / dy)
    sheet.text("y (\(scene.unit))", x: FigureSheet.margin, y: sheet.top + 10, style: "axis-label")
    let top = sheet.top + 26
    x.places = (left, left + dx * scale)
    y.places = (top + dy * scale, top)
    drawAxes(x, y, on: &sheet)
    let bottom = y.places.first
    sheet.text(
      "x (\(scene.unit))", x: (x.places.first + x.places.last) / 2, y: bottom + 36, style: "axis-label",
      anchor: "middle")
    if points.isEmpty {
      sheet.text(
        "no points", x: (x.places.first + x.places.last) / 2, y: top + dy * scale / 2, style: "note", anchor: "middle")
    }
    // The prediction is drawn over the truth.
    for role in Scene.Role.allCases {
      for path in scene.paths where path.role == role { sheet.add(group: marks(of: path, x, y)) }
    }
    return sheet.picture(
      height: bottom + 38 + FigureSheet.margin, description: description, isAlone: isAlone)
  }

  /// Axes around `points` with a margin on each side, neither too short to be readable.
  private func axes(around points: [FigurePoint]) -> (x: AxisScale, y: AxisScale) {
    func range(_ values: [Double]) -> (middle: Double, size: Double) {
      let (least, most) = (values.min() ?? 0, values.max() ?? 0)
      return (least / 2 + most / 2, most - least)
    }
    let (across, up) = (range(points.map(\.x)), range(points.map(\.y)))
    let larger = max(across.size, up.size)
    let size = larger > 0 ? larger : max(1, abs(across.middle), abs(up.middle)) * 0.1
    func axis(_ range: (middle: Double, size: Double), ticks: Int) -> AxisScale {
      let half = (max(range.size, size / 4) + size * 0.08) / 2
      return AxisScale([range.middle - half, range.middle + half], tickCount: ticks)
    }
    return (axis(across, ticks: 8), axis(up, ticks: 6))
  }

  private func drawAxes(_ x: AxisScale, _ y: AxisScale, on sheet: inout FigureSheet) {
    for tick in y.ticks {
      sheet.line((x.places.first, y(tick)), (x.places.last, y(tick)), style: "grid")
      sheet.text(y.label(tick), x: x.places.first - 8, y: y(tick) + 4, style: "tick", anchor: "end")
    }
    for tick in x.ticks {
      sheet.line((x(tick), y.places.first), (x(tick), y.places.last), style: "grid")
      sheet.text(x.label(tick), x: x(tick), y: y.places.first + 17, style: "tick", anchor: "middle")
    }
    sheet.add(
      FigureSheet.rectangle(
        x: x.places.first, y: y.places.last, width: x.places.last - x.places.first,
        height: y.places.first - y.places.last, style: "frame"))
  }

  private func marks(of path: Scene.Path, _ x: AxisScale, _ y: AxisScale) -> [Markup] {
    var marks: [Markup] = []
    let style = path.role.style
    for run in path.points.split(whereSeparator: { !shows($0) }) where run.count > 1 {
      let steps = run.map { "\(NumberText.coordinate(x($0.x))) \(NumberText.coordinate(y($0.y)))" }
      marks.append(
        Markup("path", ["class": style.lineClass, "d": "M" + steps.joined(separator: "L")]).titled(path.role.name))
    }
    let shown = path.points.filter(shows)
    for (index, point) in shown.enumerated() {
      let isEnd = index == 0 || index == shown.count - 1
      guard isEnd || shown.count <= Self.maxMarkedPoints else { continue }
      // The end of a path is larger, so that its direction can be seen.
      let mark = style.mark(x: x(point.x), y: y(point.y), radius: index == shown.count - 1 ? 4.5 : 3)
      marks.append(
        mark.titled(
          "\(path.role.name), point \(index + 1) of \(shown.count): "
            + "(\(NumberText.significant(point.x)), \(NumberText.significant(point.y))) \(scene.unit)"))
    }
    return marks
  }

  private var legend: [FigureSheet.LegendEntry] {
    Scene.Role.allCases.filter { role in scene.paths.contains { $0.role == role } }.map { role in
      FigureSheet.LegendEntry(name: role.name) { x, y in
        [
          FigureSheet.line((x, y + 6), (x + 24, y + 6), style: role.style.lineClass),
          role.style.mark(x: x + 24, y: y + 6, radius: 4.5),
        ]
      }
    }
  }

  private func shows(_ point: FigurePoint) -> Bool {
    AxisScale.shows(point.x, isLogarithmic: false) && AxisScale.shows(point.y, isLogarithmic: false)
  }

  private var description: String {
    let counts = Scene.Role.allCases.compactMap { role -> String? in
      let paths = scene.paths.filter { $0.role == role }
      guard !paths.isEmpty else { return nil }
      let points = paths.map(\.points.count).reduce(0, +)
      return "\(role.name): \(paths.count) \(paths.count == 1 ? "path" : "paths") of \(points) points in all."
    }
    return (["Paths in a plane, in \(scene.unit)."] + counts).joined(separator: " ")
  }
}

extension Scene.Role {
  /// The name in the legend.
  var name: String {
    switch self {
    case .observed: "observed"
    case .truth: "what happened"
    case .prediction: "predicted"
    }
  }

  fileprivate var style: SeriesStyle {
    switch self {
    case .observed: SeriesStyle(colour: "c0", dashes: nil, mark: 0)
    case .truth: SeriesStyle(colour: "c1", dashes: nil, mark: 0)
    case .prediction: SeriesStyle(colour: "c2", dashes: "d1", mark: 3)
    }
  }
}
