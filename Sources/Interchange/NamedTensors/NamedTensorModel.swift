public import DataIO
internal import Kernels

/// A model seen from outside, as a file of test vectors sees it: tensors with names go in, tensors with names come out.
///
/// An ``ONNXModel`` is one by its graph's own names, a `SequenceModel` by those of ``SequenceTensorName``.
public protocol NamedTensorModel: Sendable {
  /// Names of the inputs that must be given.
  var requiredInputs: [String] { get }
  /// Names of the inputs that have a default.
  var optionalInputs: [String] { get }
  /// Names of the outputs, in order.
  var outputNames: [String] { get }

  /// Runs the model. Throws where an input is missing or cannot be its input, or the run would take more than `limits`;
  /// ignores other names, whose tensors only count as inputs where a limit follows from their bytes.
  func outputs(of inputs: [String: Tensor], limits: RunLimits) throws -> [String: Tensor]

  /// Models that differ from this one in a convention over which engines disagree. ``Verification`` looks among them
  /// for one that would agree.
  func conventionAlternatives() -> [ConventionAlternative]
}

extension NamedTensorModel {
  /// Runs the model within the default limits.
  public func outputs(of inputs: [String: Tensor]) throws -> [String: Tensor] {
    try outputs(of: inputs, limits: RunLimits())
  }
}

/// The same model under another convention.
public struct ConventionAlternative: Sendable {
  /// The convention, as the end of the sentence “it would agree with …”.
  package let description: String
  package let make: @Sendable () -> any NamedTensorModel

  init(_ description: String, _ make: @escaping @Sendable () -> any NamedTensorModel) {
    self.description = description
    self.make = make
  }
}

/// A tensor that cannot be a model's input, or that is missing. Its description is one line.
public struct NamedTensorError: Error, Hashable, CustomStringConvertible, Sendable {
  /// The input's name.
  public let name: String
  /// What was found.
  public let found: String
  /// What was wanted.
  public let wanted: String

  /// All of it in a line of printable text.
  public var description: String { printable("input \(name): \(found), wanted \(wanted)", limit: 4096) }
}
