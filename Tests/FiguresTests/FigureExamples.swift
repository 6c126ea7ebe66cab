@testable import Figures

/// A picture of each kind, with what pictures may have.
enum FigureExamples {
  static let losses = LineChart(
    "Loss of <LSTM> & \"GRU\"", x: FigureAxis("epoch"), y: FigureAxis("loss", unit: "nats"),
    lines: [
      LineChart.Line("training", [FigurePoint(1, 3.125), FigurePoint(2, 2.25), FigurePoint(3, 1.875)]),
      LineChart.Line("validation", [FigurePoint(1, 3.0625), FigurePoint(2, 2.5), FigurePoint(3, 2.4375)]),
      LineChart.Line("published", [FigurePoint(1, 2.375), FigurePoint(3, 2.375)], isReference: true),
    ],
    bands: [
      LineChart.Band(
        "90 % of errors", lower: [FigurePoint(2, 2.1), FigurePoint(3, 2.2)],
        upper: [FigurePoint(2, 2.75), FigurePoint(3, 2.625)])
    ])

  static let norms = LineChart(
    "Gradient norm by lag", x: FigureAxis("lag", unit: "steps"), y: FigureAxis("norm", isLogarithmic: true),
    lines: [
      LineChart.Line("vanilla", (0..<50).map { FigurePoint(Double($0), Double("1e-\($0)") ?? 0) }),
      LineChart.Line("LSTM", (0..<50).map { FigurePoint(Double($0), $0 == 7 ? 0 : 0.5) }),
    ])

  static let trajectory = Scene(
    "A walk", unit: "m",
    paths: [
      Scene.Path(.observed, [FigurePoint(0, 0), FigurePoint(1.25, 0.5)]),
      Scene.Path(.truth, [FigurePoint(1.25, 0.5), FigurePoint(2.5, 1.75)]),
      Scene.Path(.prediction, [FigurePoint(1.25, 0.5), FigurePoint(2.625, 1.5)]),
    ])

  static let attention = HeatMap(
    "Attention", rows: ["a", "<dog>"], columns: ["ein", "Hund", "\n"],
    values: [[0.875, 0.125, 0], [0.25, 0.6875, .nan]],
    axes: ("written", "read"), value: FigureAxis("weight"))

  static let states = HeatMap(
    "States", rows: ["unit 1"], columns: ["a", " "], values: [[-0.75, 0.5]], axes: ("unit", "character"),
    value: FigureAxis("activation"))

  static let all: [Figure] = [
    .lineChart(losses), .lineChart(norms), .scene(trajectory), .heatMap(attention), .heatMap(states),
  ]

  /// Pictures of nothing.
  static let empty: [Figure] = [
    .lineChart(LineChart("", x: FigureAxis(""), y: FigureAxis(""), lines: [])),
    .lineChart(
      LineChart(
        "no points", x: FigureAxis("x"), y: FigureAxis("y", isLogarithmic: true),
        lines: [
          LineChart.Line("none", []), LineChart.Line("lost", [FigurePoint(1, .nan), FigurePoint(.infinity, 2)]),
        ],
        bands: [LineChart.Band("empty", lower: [], upper: [])])),
    .scene(Scene("nobody", unit: "m", paths: [])),
    .scene(Scene("stands", unit: "m", paths: [Scene.Path(.truth, [FigurePoint(3, 4)]), Scene.Path(.prediction, [])])),
    .heatMap(HeatMap("nothing", rows: [], columns: [], values: [], axes: ("", ""), value: FigureAxis(""))),
    .heatMap(
      HeatMap("no columns", rows: ["a"], columns: [], values: [[]], axes: ("r", "c"), value: FigureAxis("v"))),
    .heatMap(
      HeatMap(
        "no numbers", rows: ["a"], columns: ["b"], values: [[.nan]], axes: ("r", "c"),
        value: FigureAxis("v", isLogarithmic: true))),
  ]
}
