internal import DataIO
internal import Kernels
internal import Models

/// A forecaster's file is that of its ``SequenceModel``, whose ``Preprocessing`` holds the rest: `inputScaling` for the
/// features, `targetScaling` for the changes (the same scale for every step of the horizon), and as notes, in JSON:
///
/// | note | holds |
/// | --- | --- |
/// | `forecast` | ``ForecastPlan``: the columns, history, horizon and season |
/// | `forecast_band` | ``ForecastBand`` |
/// | `training` | ``TrainingSummary`` |
extension Forecaster {
  /// The key of the note that identifies a forecaster's file.
  package static let noteKey = "forecast"
  private static let bandKey = "forecast_band"

  /// Writes this forecaster at `path`, atomically.
  ///
  /// - Throws: `SafetensorsError` where the system refuses.
  package func write(to path: String) throws {
    var preprocessing = Preprocessing(
      inputScaling: scaling.features,
      targetScaling: try FeatureScaling(
        offsets: [Double](repeating: 0, count: plan.horizon),
        scales: [Double](repeating: scaling.targetScale, count: plan.horizon)))
    preprocessing.setNote(Self.noteKey, plan)
    if let band { preprocessing.setNote(Self.bandKey, band) }
    if let training { preprocessing.setNote(TrainingSummary.noteKey, training) }
    try model.write(to: path, preprocessing: preprocessing)
  }

  /// Reads the forecaster at `path`.
  ///
  /// - Throws: `SafetensorsError` where the file holds no model or, unless `allowsNonFinite`, weights that are infinite or NaN;
  ///   `DataError` where the model is no forecaster.
  package init(contentsOf path: String, allowsNonFinite: Bool = false) throws {
    let (model, preprocessing) = try SequenceModel<Float>.read(from: path, allowsNonFinite: allowsNonFinite)
    guard let plan: ForecastPlan = try preprocessing.note(Self.noteKey, file: path) else {
      throw DataError(file: path, reason: "holds a model, but none that rnn train made to forecast a table")
    }
    let (features, architecture) = (plan.columns.featureNames.count, model.architecture)
    guard
      let inputScaling = preprocessing.inputScaling, let targetScaling = preprocessing.targetScaling,
      let targetScale = targetScaling.scales.first, targetScaling.offsets.allSatisfy({ $0 == 0 }),
      targetScaling.scales.allSatisfy({ $0 == targetScale }),
      architecture.embedding == nil, architecture.readout == .finalState, inputScaling.features == features,
      architecture.head.outputSize == plan.horizon, plan.columns.numbers.first?.name == plan.columns.target
    else { throw DataError(file: path, reason: "the note “\(Self.noteKey)” does not fit the model beside it") }
    self.init(
      model: model, scaling: ForecastScaling(features: inputScaling, targetScale: targetScale), plan: plan)
    band = try preprocessing.note(Self.bandKey, file: path)
    guard
      band.map({
        $0.low.count == plan.horizon && $0.high.count == plan.horizon && zip($0.low, $0.high).allSatisfy { $0 <= $1 }
      })
        ?? true
    else {
      throw DataError(file: path, reason: "the note “\(Self.bandKey)” has no band for \(plan.horizon) steps")
    }
    training = try preprocessing.note(TrainingSummary.noteKey, file: path)
  }
}
