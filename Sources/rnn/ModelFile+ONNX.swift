import DataIO
import Interchange
import Models

extension ModelFile {
  /// Reads an ONNX model: one that we exported to the bit, any other where its graph is that of a sequence model.
  static func readONNX(_ path: String, _ options: ReadingOptions) throws -> ModelFile {
    let notes = try ONNXModel.notes(inFileAt: path)
    guard ModelFileDescription.isPresent(in: notes) else {
      let model = try SequenceModel<Float>(recognizing: ONNXModel(path: path), loss: options.loss)
      return ModelFile(model: .float(model), preprocessing: Preprocessing(), format: .onnx)
    }
    if ModelFileDescription.isOfDoubles(notes) {
      let (model, preprocessing) = try SequenceModel<Double>.read(fromONNX: path)
      return ModelFile(model: .double(model), preprocessing: preprocessing, format: .onnx)
    }
    let (model, preprocessing) = try SequenceModel<Float>.read(fromONNX: path)
    return ModelFile(model: .float(model), preprocessing: preprocessing, format: .onnx)
  }
}
