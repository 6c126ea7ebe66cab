/// Draws a line chart.
struct LineChartDrawing {
  private typealias Place = (x: Double, y: Double)

  private let chart: LineChart
  private var x: AxisScale
  private var y: AxisScale
  private let styles: [SeriesStyle]
  private let labelsAtEnds: Bool
  private static let plotHeight = 280.0
  /// A line with closer points has no marks, and one with more than `maxTitledPoints` no titles at them.
  private static let minMarkDistance = 14.0
  private static let maxTitledPoints = 200
  /// Maximum width of names at the ends of lines.
  private static let maxLabelWidth = 190.0

  init(_ chart: LineChart) {
    self.chart = chart
    let bandPoints = chart.bands.flatMap { $0.lower + $0.upper }
    let all = chart.lines.flatMap(\.points) + bandPoints
    let isShown = { (point: FigurePoint) in
      AxisScale.shows(point.x, isLogarithmic: chart.xAxis.isLogarithmic)
        && AxisScale.shows(point.y, isLogarithmic: chart.yAxis.isLogarithmic)
    }
    let shown = all.filter(isShown)
    x = AxisScale(shown.lazy.map(\.x), isLogarithmic: chart.xAxis.isLogarithmic, tickCount: 8)
    var heights = shown.map(\.y)
    // Where the numbers come near zero compared with their range, the axis begins there.
    if let least = heights.min(), let most = heights.max(), !chart.yAxis.isLogarithmic, least > 0, least < 0.35 * most {
      heights.append(0)
    }
    y = AxisScale(heights, isLogarithmic: chart.yAxis.isLogarithmic, tickCount: 5, endsAtTicks: true)
    var (results, references) = (0, 0)
    styles = chart.lines.map { line in
      if line.isReference { references += 1 } else { results += 1 }
      return line.isReference ? .reference(references - 1) : .result(results - 1)
    }
    // Names are at the ends of lines where all end at the right; otherwise the legend has them.
    let scale = x
    labelsAtEnds =
      chart.lines.count <= 6
      && chart.lines.allSatisfy { line in
        line.points.last(where: isShown).map { scale($0.x) > 0.9 } ?? false
          && Self.labelWidth(line.name) < Self.maxLabelWidth
      }
  }

  func picture(isAlone: Bool) -> String {
    var sheet = FigureSheet(title: chart.title, legend: legend)
    let names = labelsAtEnds ? chart.lines.map(\.name) : []
    let right = names.isEmpty ? 16 : (names.map(Self.labelWidth).max() ?? 0) + 18
    let left = max(40, (y.ticks.map { TextMeasure.width(y.label($0), size: 11) }.max() ?? 0) + 18)
    var drawing = self
    sheet.text(
      TextMeasure.shortened(chart.yAxis.text, width: FigureSheet.width - 2 * FigureSheet.margin, size: 12),
      x: FigureSheet.margin, y: sheet.top + 10, style: "axis-label")
    let top = sheet.top + 26
    drawing.x.places = (left, FigureSheet.width - right - FigureSheet.margin)
    drawing.y.places = (top + Self.plotHeight, top)
    let bottom = drawing.drawAxes(on: &sheet)
    for band in chart.bands { sheet.add(group: drawing.marks(of: band)) }
    for (line, style) in zip(chart.lines, styles) { sheet.add(group: drawing.marks(of: line, style)) }
    if labelsAtEnds { drawing.drawNames(on: &sheet) }
    return sheet.picture(height: bottom + FigureSheet.margin, description: description, isAlone: isAlone)
  }

  private var legend: [FigureSheet.LegendEntry] {
    let lines =
      labelsAtEnds
      ? []
      : zip(chart.lines, styles).map { line, style in
        FigureSheet.LegendEntry(name: line.name) { x, y in
          [FigureSheet.line((x, y + 6), (x + 24, y + 6), style: style.lineClass)]
            + (line.isReference ? [] : [style.mark(x: x + 12, y: y + 6)])
        }
      }
    return lines
      + chart.bands.map { band in
        FigureSheet.LegendEntry(name: band.name) { x, y in
          [FigureSheet.rectangle(x: x, y: y, width: 24, height: 12, style: "band \(style(of: band).colour)")]
        }
      }
  }

  /// A band has the colour of the line that covers most nearly the same part of the axis.
  private func style(of band: LineChart.Band) -> SeriesStyle {
    func distance(_ line: LineChart.Line) -> Double {
      guard let first = band.lower.first, let last = band.lower.last, let start = line.points.first,
        let end = line.points.last
      else { return .infinity }
      return abs(start.x - first.x) + abs(end.x - last.x)
    }
    let results = zip(chart.lines, styles).filter { !$0.0.isReference }
    return results.min { distance($0.0) < distance($1.0) }?.1 ?? .result(0)
  }

  /// Draws grid, axes and labels; returns their end.
  private func drawAxes(on sheet: inout FigureSheet) -> Double {
    let (left, right) = x.places
    for tick in y.ticks {
      sheet.line((left, y(tick)), (right, y(tick)), style: "grid")
      sheet.text(y.label(tick), x: left - 8, y: y(tick) + 4, style: "tick", anchor: "end")
    }
    let bottom = y.places.first
    sheet.line((left, bottom), (right, bottom), style: "axis")
    for tick in x.ticks {
      sheet.line((x(tick), bottom), (x(tick), bottom + 4), style: "axis")
      sheet.text(x.label(tick), x: x(tick), y: bottom + 17, style: "tick", anchor: "middle")
    }
    sheet.text(chart.xAxis.text, x: (left + right) / 2, y: bottom + 36, style: "axis-label", anchor: "middle")
    let points = chart.lines.flatMap(\.points)
    if !points.contains(where: shows) {
      sheet.text(
        "no numbers", x: (left + right) / 2, y: (y.places.first + y.places.last) / 2, style: "note", anchor: "middle")
      return bottom + 38
    }
    let gaps = points.count { !shows($0) }
    guard gaps > 0 else { return bottom + 38 }
    let reason = chart.yAxis.isLogarithmic ? "are not positive numbers" : "are not finite numbers"
    sheet.text("\(gaps) of \(points.count) points \(reason) and are left out.", x: left, y: bottom + 54, style: "note")
    return bottom + 58
  }

  private func marks(of band: LineChart.Band) -> [Markup] {
    let edges = zip(band.lower, band.upper).filter { shows($0) && shows($1) }
    guard let first = edges.first else { return [] }
    let outline = edges.map { place($0.0) } + edges.reversed().map { place($0.1) }
    let shape = Markup("path", ["class": "band \(style(of: band).colour)", "d": Self.path(outline) + "Z"])
    return [
      shape.titled(
        "\(band.name): \(NumberText.significant(first.0.y)) to \(NumberText.significant(first.1.y)) at first")
    ]
  }

  private func marks(of line: LineChart.Line, _ style: SeriesStyle) -> [Markup] {
    var marks: [Markup] = []
    let runs = line.points.split(whereSeparator: { !shows($0) })
    for run in runs {
      let places = Self.thinned(run.map(place))
      if places.count > 1 {
        marks.append(Markup("path", ["class": style.lineClass, "d": Self.path(places)]).titled(line.name))
      }
    }
    let shown = line.points.filter(shows)
    guard shown.count <= Self.maxTitledPoints else { return marks }
    let extent = abs(place(shown.last ?? FigurePoint(0, 0)).x - place(shown.first ?? FigurePoint(0, 0)).x)
    let isMarked =
      shown.count == 1 || (extent >= Self.minMarkDistance * Double(shown.count - 1) && !line.isReference)
    for point in shown {
      let (x, y) = place(point)
      let mark =
        isMarked
        ? style.mark(x: x, y: y)
        : Markup(
          "circle", ["class": "hover", "cx": NumberText.coordinate(x), "cy": NumberText.coordinate(y), "r": "6"])
      marks.append(mark.titled(title(of: point, in: line)))
    }
    return marks
  }

  /// Writes the names of lines at their ends, moved apart where they would overlap.
  private func drawNames(on sheet: inout FigureSheet) {
    let ends = zip(chart.lines, styles).compactMap { line, style in
      line.points.last(where: shows).map { (line: line, style: style, end: place($0)) }
    }.sorted { $0.end.y < $1.end.y }
    let heights = Self.movedApart(ends.map(\.end.y), gap: 16, in: y.places.last...y.places.first)
    for (name, height) in zip(ends, heights) {
      let x = self.x.places.last + 14
      if abs(height - name.end.y) > 3 || self.x.places.last - name.end.x > 8 {
        sheet.line((name.end.x + 5, name.end.y), (x - 3, height), style: "leader \(name.style.colour)")
      }
      sheet.text(name.line.name, x: x, y: height + 4, style: "label \(name.style.colour)")
    }
  }

  /// `heights`, ascending, moved as little as possible to leave `gap` between any two, within `range` if they fit.
  static func movedApart(_ heights: [Double], gap: Double, in range: ClosedRange<Double>) -> [Double] {
    var moved = heights
    for i in moved.indices.dropFirst() { moved[i] = max(moved[i], moved[i - 1] + gap) }
    guard let last = moved.last, last > range.upperBound else { return moved }
    moved[moved.count - 1] = range.upperBound
    for i in moved.indices.dropLast().reversed() { moved[i] = min(moved[i], moved[i + 1] - gap) }
    return moved
  }

  private static func labelWidth(_ name: String) -> Double { TextMeasure.width(name, size: 12 * TextMeasure.bold) }

  private func shows(_ point: FigurePoint) -> Bool { x.shows(point.x) && y.shows(point.y) }

  private func place(_ point: FigurePoint) -> Place { (x(point.x), y(point.y)) }

  private func title(of point: FigurePoint, in line: LineChart.Line) -> String {
    "\(line.name): \(NumberText.significant(point.y)) at \(chart.xAxis.label) \(NumberText.significant(point.x))"
  }

  private static func path(_ places: [Place]) -> String {
    "M" + places.map { "\(NumberText.coordinate($0.x)) \(NumberText.coordinate($0.y))" }.joined(separator: "L")
  }

  /// Of the places in one column of pixels, the first, the lowest, the highest and the last: those that are visible.
  private static func thinned(_ places: [Place]) -> [Place] {
    guard places.count > 2 * Int(FigureSheet.width) else { return places }
    var kept: [Place] = []
    var column: [Place] = []
    func keepColumn() {
      guard let first = column.first, let last = column.last else { return }
      let extremes = [column.min { $0.y < $1.y } ?? first, column.max { $0.y < $1.y } ?? first]
      kept += ([first] + extremes + [last])
    }
    for place in places {
      if let first = column.first, Int(first.x) != Int(place.x) {
        keepColumn()
        column = []
      }
      column.append(place)
    }
    keepColumn()
    return kept
  }

  private var description: String {
    let axes = "\(chart.yAxis.text) over \(chart.xAxis.text)."
    let lines = chart.lines.map { line in
      guard let first = line.points.first, let last = line.points.last else { return "\(line.name): no points." }
      let ends = [first, last].map { "\(NumberText.significant($0.y)) at \(NumberText.significant($0.x))" }
      return "\(line.name): \(line.points.count) points from \(ends[0]) to \(ends[1])."
    }
    return ([axes] + lines + chart.bands.map { "Band: \($0.name)." }).joined(separator: " ")
  }
}
