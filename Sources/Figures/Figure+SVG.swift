extension Figure {
  /// The picture as SVG, 720 wide in its own unit, that scales to the width it is given. Text is text, and where the
  /// mouse rests on a mark its numbers are shown.
  ///
  /// What is not a finite number, or not positive on a logarithmic axis, leaves a gap.
  ///
  /// - Parameter isAlone: Whether it is for a file of its own, with ``styleSheet`` and a background in it, rather
  ///   than for a page that has the style sheet.
  package func svg(isAlone: Bool = false) -> String {
    switch self {
    case .lineChart(let chart): LineChartDrawing(chart).picture(isAlone: isAlone)
    case .scene(let scene): SceneDrawing(scene).picture(isAlone: isAlone)
    case .heatMap(let map): HeatMapDrawing(map).picture(isAlone: isAlone)
    }
  }
}
