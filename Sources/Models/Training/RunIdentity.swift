internal import Kernels

/// What a training run is of, beside its options, by which a checkpoint is known to be its own: sums over the model and
/// the examples, and what it computed with.
struct RunIdentity: Hashable, Codable, Sendable {
  /// A sum over the model but for its parameters.
  let model: String
  /// A sum over the parameters that it began with. They may depend on ``kernels`` in their last bits.
  let initialParameters: String
  /// A sum over the examples; `nil` before training has begun.
  var data: String?
  /// What it was trained with, in order, such as `avx2, OpenBLAS Haswell, 2 threads`: how OpenBLAS shares a product among
  /// threads decides over its last bits.
  private(set) var kernels: [String]

  /// The identity of a run of `model` that begins here.
  init(of model: some TrainableModel) {
    var sum = ContentSum()
    sum.add("\(type(of: model))")
    sum.add(reflecting: model)
    self.model = sum.text
    sum = ContentSum()
    model.parameters.withUnsafeBufferPointer { sum.add(UnsafeRawBufferPointer($0)) }
    initialParameters = sum.text
    kernels = [Self.kernelsHere]
  }

  static var kernelsHere: String {
    let threads = ThreadBudget.available
    return "\(InstructionSet.active.rawValue), OpenBLAS \(OpenBLASInformation.core), "
      + "\(threads) thread\(threads == 1 ? "" : "s")"
  }

  /// Throws unless this identity, which a checkpoint has, is of the same model as `run`.
  func check(isThatOf run: RunIdentity, _ context: SafetensorsErrorContext) throws(SafetensorsError) {
    guard isPossible else { throw context(.metadata, "an identity that no run has", "one of this model") }
    guard model == run.model else {
      throw context(
        .metadata, "a checkpoint of a run of another model, of sum \(model)", "the model of sum \(run.model)")
    }
    guard kernels.first != run.kernels.first || initialParameters == run.initialParameters else {
      throw context(
        .metadata, "a checkpoint of a run of another model, which began with parameters of sum \(initialParameters)",
        "parameters of sum \(run.initialParameters)")
    }
  }

  /// Whether it can be shown in a line: that of a file that is not trusted.
  private var isPossible: Bool {
    !kernels.isEmpty
      && ([model, initialParameters, data ?? ""] + kernels).allSatisfy { text in
        text.utf8.count <= Self.maxLength && text.utf8.allSatisfy { 0x20..<0x7F ~= $0 }
      }
  }

  /// More than any name of a processor core has.
  private static let maxLength = 100

  /// The identity of the run that goes on here from a checkpoint with this identity; `isOver` where no step is left.
  func resumed(isOver: Bool) -> RunIdentity {
    var result = self
    if !isOver, !kernels.contains(Self.kernelsHere) { result.kernels.append(Self.kernelsHere) }
    return result
  }
}

extension TrainingExamples {
  /// A sum over these and the examples of `validation`.
  func contentSum(validatingOn validation: Self?) -> String {
    var sum = ContentSum()
    sum.add(contentSum())
    sum.add(validation?.contentSum() ?? "none")
    return sum.text
  }
}
