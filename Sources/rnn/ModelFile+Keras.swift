#if Tools
import DataIO
import Interchange
import Kernels
import Models

extension ModelFile {
  /// Reads a Keras model: settings and weights of a `.keras` file, or weights alone with what `options` say.
  static func readKeras(_ path: String, _ options: ReadingOptions) throws -> ModelFile {
    let keras = try KerasModel(
      path: path, configuredBy: options.settings, limits: options.limits,
      allowsNonFinite: options.trust.allowNonFinite)
    let readout = keras.isConfigured ? options.readout : try options.readout(of: path)
    let assumptions = KerasAssumptions(
      nonlinearity: options.activation, reset: options.reset, readout: readout,
      loss: options.loss ?? (keras.isConfigured ? nil : .meanSquaredError))
    func model<Scalar: TensorScalar>(_: Scalar.Type) throws -> SequenceModel<Scalar> {
      try keras.sequenceModel(assuming: assumptions, ignoresDropout: true)
    }
    return ModelFile(
      model: keras.holdsDoubles ? .double(try model(Double.self)) : .float(try model(Float.self)),
      preprocessing: Preprocessing(), format: .keras)
  }
}
#endif
