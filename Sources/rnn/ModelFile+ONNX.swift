#if Tools
import DataIO
import Interchange
import Models

extension ModelFile {
  /// Reads an ONNX model: one that we exported to the bit, any other where its graph is that of a sequence model.
  static func readONNX(_ path: String, _ options: ReadingOptions) throws -> ModelFile {
    if isModelOfDoubles(try ONNXModel.notes(inFileAt: path)) {
      let (model, preprocessing) = try SequenceModel<Double>.read(
        fromAnyONNX: path, loss: options.loss, limits: options.run.limits,
        allowsNonFinite: options.trust.allowNonFinite)
      return ModelFile(model: .double(model), preprocessing: preprocessing, format: .onnx)
    }
    let (model, preprocessing) = try SequenceModel<Float>.read(
      fromAnyONNX: path, loss: options.loss, limits: options.run.limits, allowsNonFinite: options.trust.allowNonFinite)
    return ModelFile(model: .float(model), preprocessing: preprocessing, format: .onnx)
  }
}
#endif
