internal import Kernels

/// The distance of predicted positions from the true ones: the two figures that papers on trajectories give (Pellegrini
/// et al., "You'll never walk alone", 2009), in metres.
package struct DisplacementError: Hashable, Sendable {
  /// Average displacement error (ADE): the mean distance over all predicted steps of all windows.
  package var average: Double
  /// Final displacement error (FDE): the mean distance at the last predicted step of all windows.
  package var final: Double

  package init(average: Double, final: Double) {
    self.average = average
    self.final = final
  }

  /// The error of `predict`, which gives the positions after a window's observed ones, on `windows`, which must not
  /// be empty.
  package init(of predict: (TrajectoryWindow) -> [Point], on windows: [TrajectoryWindow]) {
    self.init(of: windows.map(predict), on: windows)
  }

  /// The error of `predictions`, one for each of `windows`, which must not be empty.
  package init(of predictions: [[Point]], on windows: [TrajectoryWindow]) {
    require(!windows.isEmpty && predictions.count == windows.count, "one prediction a window, and no window less")
    var sumOfAverages = 0.0
    var sumOfFinals = 0.0
    for (window, predicted) in zip(windows, predictions) {
      require(
        predicted.count == window.future.count && !predicted.isEmpty,
        "\(predicted.count) predicted positions for a future of \(window.future.count)")
      let distances = zip(predicted, window.future).map { ($0 - $1).length }
      sumOfAverages += distances.reduce(0, +) / Double(distances.count)
      sumOfFinals += distances[distances.count - 1]
    }
    average = sumOfAverages / Double(windows.count)
    final = sumOfFinals / Double(windows.count)
  }

  /// The mean of `errors`, each with the same weight: how the average over scenes is reported, however many windows
  /// each has.
  package static func mean(of errors: some Collection<DisplacementError>) -> DisplacementError {
    require(!errors.isEmpty, "no errors, no mean")
    let count = Double(errors.count)
    return DisplacementError(
      average: errors.reduce(0) { $0 + $1.average } / count, final: errors.reduce(0) { $0 + $1.final } / count)
  }
}
