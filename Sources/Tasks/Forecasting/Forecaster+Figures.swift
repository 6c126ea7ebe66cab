package import Figures
internal import Kernels

extension Forecaster {
  /// A forecast with its band beside the truth, errors by step, and losses.
  package func figures(on table: ForecastTable, _ evaluation: ForecastEvaluation) -> [Figure] {
    var figures: [Figure] = []
    if let chart = forecastChart(on: table) { figures.append(.lineChart(chart)) }
    figures.append(.lineChart(errorChart(evaluation)))
    if let training { figures.append(.lineChart(LineChart(training))) }
    return figures
  }

  /// The last forecast whose whole truth is in the test part of a series, beside that truth.
  private func forecastChart(on table: ForecastTable) -> LineChart? {
    guard let origin = table.origins(of: .test, history: plan.history, horizon: plan.horizon).last else { return nil }
    let windows = windows(of: table, [origin])
    let values = predictions(for: windows)[0]
    let series = table.series[origin.series]
    let start = FigurePoint(0, series.carried[origin.row])
    func points(_ values: [Double]) -> [FigurePoint] {
      [start] + values.enumerated().filter { !$1.isNaN }.map { FigurePoint(Double($0 + 1), $1) }
    }
    let seen = (max(0, origin.row + 1 - max(2 * plan.horizon, 24))...origin.row).filter { !series.target[$0].isNaN }
    var lines = [
      LineChart.Line("seen", seen.map { FigurePoint(Double($0 - origin.row), series.target[$0]) }),
      // Before the truth, over the same steps: a band takes the colour of the first such line.
      LineChart.Line("forecast", points(values)),
      LineChart.Line("truth", points(windows.truths[0])),
    ]
    if let baseline = plan.baselines.last {
      lines.append(
        LineChart.Line(
          baseline.name, points(baseline.forecast(after: origin.row, of: series.carried, horizon: plan.horizon)),
          isReference: true))
    }
    let bands = band.map { band in
      LineChart.Band(
        "90 % of validation errors", lower: points(zip(values, band.low).map { $0 + $1 }),
        upper: points(zip(values, band.high).map { $0 + $1 }))
    }
    return LineChart(
      "Forecast of \(plan.columns.target)" + (series.id.map { ", \($0)" } ?? ""),
      x: FigureAxis("steps after the last value seen"), y: FigureAxis(plan.columns.target), lines: lines,
      bands: bands.map { [$0] } ?? [])
  }

  private func errorChart(_ evaluation: ForecastEvaluation) -> LineChart {
    LineChart(
      "Mean absolute error on the test part", x: FigureAxis("step of the horizon"),
      y: FigureAxis("mean absolute error of \(plan.columns.target)"),
      lines: evaluation.entries.enumerated().map { index, entry in
        LineChart.Line(
          entry.name,
          entry.errors.meanAbsolute.enumerated().filter { !$1.isNaN }.map { FigurePoint(Double($0 + 1), $1) },
          isReference: index > 0)
      })
  }
}
