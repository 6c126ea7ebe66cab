/// Draws a heat map. Zero has the colour of the background; the farther a number is from it, the stronger is the
/// colour, one for positive and another for negative numbers.
struct HeatMapDrawing {
  private let map: HeatMap
  /// The range of the colours.
  private let scale: AxisScale
  private static let maxCellSize = 34.0
  private static let maxNameWidth = 150.0
  private static let maxHeight = 560.0
  /// A map with more cells has no titles in them.
  private static let maxTitledCells = 6000

  init(_ map: HeatMap) {
    self.map = map
    let numbers = map.values.joined().filter { AxisScale.shows($0, isLogarithmic: map.valueAxis.isLogarithmic) }
    // Shares and the activity of gates lie between 0 and 1; then the scale is that range, so that pictures are
    // comparable.
    let isShare = numbers.allSatisfy { (0...1).contains($0) } && (numbers.max() ?? 1) > 0.25
    let ends: [Double] = map.valueAxis.isLogarithmic ? [] : isShare ? [0, 1] : [0]
    scale = AxisScale(numbers + ends, isLogarithmic: map.valueAxis.isLogarithmic, tickCount: 5, endsAtTicks: true)
  }

  func picture(isAlone: Bool) -> String {
    var sheet = FigureSheet(title: map.title)
    drawScale(on: &sheet)
    let rowNames = map.rows.map { TextMeasure.shortened(Self.visible($0), width: Self.maxNameWidth, size: 11) }
    let left = max(30, FigureSheet.margin + (rowNames.map { TextMeasure.width($0, size: 11) }.max() ?? 0) + 14)
    let room = FigureSheet.width - left - FigureSheet.margin - 4
    let width = Self.whole(min(Self.maxCellSize, room / Double(max(1, map.columns.count))))
    let height = Self.whole(min(max(width, 18), 26, Self.maxHeight / Double(max(1, map.rows.count))))
    let names = ColumnNames(map.columns.map(Self.visible), cellWidth: width)
    sheet.text(
      [map.rowLabel.isEmpty ? "" : "↓ \(map.rowLabel)", map.columnLabel.isEmpty ? "" : "→ \(map.columnLabel)"]
        .filter { !$0.isEmpty }.joined(separator: "     "),
      x: FigureSheet.margin, y: sheet.top + 50, style: "axis-label")
    let top = sheet.top + 62 + names.height
    names.draw(x: left, y: top, on: &sheet)
    drawRowNames(rowNames, x: left - 7, y: top, cellHeight: height, on: &sheet)
    let size = (width: width * Double(map.columns.count), height: height * Double(map.rows.count))
    if map.rows.isEmpty || map.columns.isEmpty {
      sheet.text("no numbers", x: left, y: top + 14, style: "note")
    } else {
      sheet.add(group: cells(x: left, y: top, width: width, height: height), style: "cells")
      sheet.add(FigureSheet.rectangle(x: left, y: top, width: size.width, height: size.height, style: "frame"))
    }
    return sheet.picture(
      height: top + max(20, size.height) + FigureSheet.margin, description: description, isAlone: isAlone)
  }

  /// The colour scale, above the map.
  private func drawScale(on sheet: inout FigureSheet) {
    let (x, y, width, parts) = (FigureSheet.margin + 12, sheet.top + 2, 200.0, 50)
    var axis = scale
    axis.places = (x, x + width)
    let (low, high) = (scale.domain.lowerBound, scale.domain.upperBound)
    sheet.add(
      group: (0..<parts).compactMap { part in
        let share = (Double(part) + 0.5) / Double(parts)
        let value = scale.isLogarithmic ? nil : low + share * (high - low)
        let colour = value.map(self.colour) ?? (style: "over", opacity: share)
        return Self.cell(
          x: x + Double(part) / Double(parts) * width, y: y, width: width / Double(parts), height: 12, colour)
      }, style: "cells")
    sheet.add(FigureSheet.rectangle(x: x, y: y, width: width, height: 12, style: "frame"))
    for tick in scale.ticks {
      sheet.line((axis(tick), y + 12), (axis(tick), y + 16), style: "axis")
      sheet.text(scale.label(tick), x: axis(tick), y: y + 27, style: "tick", anchor: "middle")
    }
    sheet.text(map.valueAxis.text, x: x + width + 16, y: y + 10, style: "axis-label")
  }

  private func cells(x: Double, y: Double, width: Double, height: Double) -> [Markup] {
    let isTitled = map.rows.count * map.columns.count <= Self.maxTitledCells
    var cells: [Markup] = []
    for (row, values) in map.values.enumerated() {
      for (column, value) in values.enumerated() {
        let colour = scale.shows(value) ? self.colour(value) : (style: "absent", opacity: 1)
        let cell = Self.cell(
          x: x + Double(column) * width, y: y + Double(row) * height, width: width, height: height, colour)
        guard
          let cell = cell
            ?? (isTitled ? Self.hover(x + Double(column) * width, y + Double(row) * height, width, height) : nil)
        else { continue }
        cells.append(
          isTitled
            ? cell.titled(
              "\(Self.visible(map.rows[row])), \(Self.visible(map.columns[column])): \(NumberText.significant(value))")
            : cell)
      }
    }
    return cells
  }

  /// The colour of `value` and its strength from 0 to 1.
  private func colour(_ value: Double) -> (style: String, opacity: Double) {
    if scale.isLogarithmic {
      // The default positions of a scale are 0 and 1.
      return ("over", scale(value))
    }
    let most = max(abs(scale.domain.lowerBound), abs(scale.domain.upperBound))
    return (value < 0 ? "under" : "over", min(1, abs(value) / most))
  }

  /// The size of a cell in whole pixels, so that there are no seams, unless it is too small for that.
  private static func whole(_ size: Double) -> Double { size >= 4 ? size.rounded(.down) : size }

  /// A cell; `nil` where it has the colour of the background.
  private static func cell(
    x: Double, y: Double, width: Double, height: Double, _ colour: (style: String, opacity: Double)
  ) -> Markup? {
    guard colour.opacity >= 0.005 else { return nil }
    let cell = FigureSheet.rectangle(x: x, y: y, width: width, height: height, style: colour.style)
    return colour.opacity > 0.995
      ? cell : cell.with("fill-opacity", NumberText.coordinate(colour.opacity))
  }

  private static func hover(_ x: Double, _ y: Double, _ width: Double, _ height: Double) -> Markup {
    FigureSheet.rectangle(x: x, y: y, width: width, height: height, style: "hover")
  }

  private func drawRowNames(
    _ names: [String], x: Double, y: Double, cellHeight: Double, on sheet: inout FigureSheet
  ) {
    let stride = max(1, Int((11 / cellHeight).rounded(.up)))
    for (row, name) in names.enumerated() where row.isMultiple(of: stride) {
      sheet.text(name, x: x, y: y + (Double(row) + 0.5) * cellHeight + 4, style: "name", anchor: "end")
    }
  }

  /// The name with invisible characters made visible.
  private static func visible(_ name: String) -> String {
    switch name {
    case " ": "␣"
    case "\n": "⏎"
    case "\t": "⇥"
    default: name
    }
  }

  private var description: String {
    let numbers = map.values.joined().filter(scale.shows)
    let range =
      numbers.isEmpty
      ? "" : " from \(NumberText.significant(numbers.min() ?? 0)) to \(NumberText.significant(numbers.max() ?? 0))"
    return "\(map.valueAxis.text) for \(map.rows.count) rows (\(map.rowLabel)) and \(map.columns.count) columns "
      + "(\(map.columnLabel))\(range)."
  }
}

/// The names above the columns of a heat map: upright where they fit, otherwise along the columns; where even those
/// would overlap, not all of them.
private struct ColumnNames {
  /// Their height above the map.
  let height: Double
  private let names: [String]
  private let cellWidth: Double
  private let isUpright: Bool
  private let stride: Int
  private static let maxHeight = 110.0

  init(_ names: [String], cellWidth: Double) {
    self.cellWidth = cellWidth
    let widest = names.map { TextMeasure.width($0, size: 11) }.max() ?? 0
    // Letters of a text are as close as in a line, and numbers are left out rather than turned.
    let isText = names.allSatisfy { $0.count <= 1 }
    let needed = isText ? 7 : widest + 4
    isUpright = needed <= cellWidth || names.allSatisfy { $0.count <= 4 } && cellWidth < 11
    if isUpright {
      self.names = names
      stride = max(1, Int((needed / max(cellWidth, 1e-9)).rounded(.up)))
      height = names.isEmpty ? 0 : 14
    } else {
      self.names = names.map { TextMeasure.shortened($0, width: Self.maxHeight, size: 11) }
      stride = max(1, Int((12 / max(cellWidth, 1e-9)).rounded(.up)))
      height = min(Self.maxHeight, widest) + 8
    }
  }

  /// Writes them above the map whose top left corner is given.
  func draw(x: Double, y: Double, on sheet: inout FigureSheet) {
    for (column, name) in names.enumerated() where column.isMultiple(of: stride) && !name.isEmpty {
      let middle = x + (Double(column) + 0.5) * cellWidth
      if isUpright {
        sheet.text(
          name, x: middle, y: y - 5, style: name.count == 1 ? "name symbols" : "name", anchor: "middle")
      } else {
        sheet.add(
          Markup(
            "text",
            [
              "class": "name",
              "transform":
                "translate(\(NumberText.coordinate(middle + 4)) \(NumberText.coordinate(y - 6))) rotate(-90)",
            ], text: name))
      }
    }
  }
}
