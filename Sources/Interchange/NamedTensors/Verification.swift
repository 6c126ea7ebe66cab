public import DataIO

/// How far a model's outputs are from those that another engine computed from the same inputs.
public struct Verification: Sendable {
  /// The outputs that were compared, in the model's order.
  public let outputs: [OutputComparison]
  /// The convention under which the model would agree, as the end of the sentence “it would agree with …”; `nil` where
  /// it agrees, or where no known convention makes it agree.
  public let convention: String?

  /// Whether every output agrees.
  public var agrees: Bool { outputs.allSatisfy(\.agrees) }

  /// Runs `model` on those of `vectors` that are its inputs, and compares what comes out with those that are its
  /// outputs. Where they disagree, tries the conventions over which engines are known to differ.
  ///
  /// - Parameters:
  ///   - model: The model.
  ///   - vectors: Inputs and expected outputs, by the model's names.
  ///   - tolerance: An element agrees where it is off by no more than this share of the output's largest magnitude.
  ///   - limits: What each run may take. Those left open also follow from the bytes of the expected outputs.
  /// - Throws: ``VerificationError`` where nothing can be compared, and what the model throws.
  public init(
    of model: some NamedTensorModel, on vectors: [String: Tensor], tolerance: Double, limits: RunLimits = RunLimits()
  ) throws {
    let unknown = Set(vectors.keys).subtracting(model.requiredInputs + model.optionalInputs + model.outputNames)
    guard unknown.isEmpty else {
      throw VerificationError.unknownNames(
        unknown.sorted(), known: model.requiredInputs + model.optionalInputs + model.outputNames)
    }
    let missing = model.requiredInputs.filter { vectors[$0] == nil }
    guard missing.isEmpty else { throw VerificationError.missingInputs(missing) }
    guard model.outputNames.contains(where: { vectors[$0] != nil }) else {
      throw VerificationError.noOutputs(model.outputNames)
    }
    outputs = try Self.compare(model, vectors, tolerance, limits)
    guard outputs.contains(where: { !$0.agrees || !$0.foundShape.contains(0) }) else {
      throw VerificationError.noElements
    }
    guard !outputs.allSatisfy(\.agrees) else {
      convention = nil
      return
    }
    convention =
      model.conventionAlternatives().first { alternative in
        let compared = try? Self.compare(alternative.make(), vectors, tolerance, limits)
        return compared?.allSatisfy(\.agrees) ?? false
      }?.description
  }

  private static func compare(
    _ model: any NamedTensorModel, _ vectors: [String: Tensor], _ tolerance: Double, _ limits: RunLimits
  ) throws -> [OutputComparison] {
    let found = try model.outputs(of: vectors, limits: limits)
    return model.outputNames.compactMap { name in
      guard let wanted = vectors[name], let found = found[name] else { return nil }
      return OutputComparison(name: name, found: found, wanted: wanted, tolerance: tolerance)
    }
  }
}

/// One output compared with its expected values.
public struct OutputComparison: Sendable {
  /// An element that differs.
  public struct Element: Hashable, Sendable {
    /// An index for each dimension.
    public let index: [Int]
    /// The model's value.
    public let found: Double
    /// The expected value.
    public let wanted: Double
  }

  /// The output's name.
  public let name: String
  /// The shape of the model's output.
  public let foundShape: [Int]
  /// The expected shape. Where it differs, no elements are compared.
  public let wantedShape: [Int]
  /// The largest |found − wanted|; infinite where one is no number, or infinite, and the other is not the same.
  public private(set) var largestAbsolute = 0.0
  /// ``largestAbsolute`` as a share of the largest |wanted|, which shows how many digits agree whatever the unit.
  public private(set) var largestRelative = 0.0
  /// The first element that is off by more than the tolerance, in row-major order.
  public private(set) var firstDifferent: Element?
  /// The number of elements off by more than the tolerance.
  public private(set) var differentCount = 0

  /// Whether shapes are equal and no element is off by more than the tolerance.
  public var agrees: Bool { foundShape == wantedShape && differentCount == 0 }

  init(name: String, found: Tensor, wanted: Tensor, tolerance: Double) {
    self.name = name
    foundShape = found.shape
    wantedShape = wanted.shape
    guard foundShape == wantedShape else { return }
    let (found, wanted) = (found.elements.doubles, wanted.elements.doubles)
    let magnitude = wanted.lazy.filter(\.isFinite).map(\.magnitude).max() ?? 0
    // Where all expected values are zero, differences are absolute.
    let scale = magnitude == 0 ? 1 : magnitude
    for (place, (a, b)) in zip(found, wanted).enumerated() {
      let difference = a == b || (a.isNaN && b.isNaN) ? 0 : (a - b).isNaN ? .infinity : (a - b).magnitude
      largestAbsolute = max(largestAbsolute, difference)
      guard difference > tolerance * scale else { continue }
      differentCount += 1
      if firstDifferent == nil { firstDifferent = Element(index: index(of: place), found: a, wanted: b) }
    }
    largestRelative = largestAbsolute / scale
  }

  private func index(of place: Int) -> [Int] {
    var (rest, index) = (place, [Int](repeating: 0, count: foundShape.count))
    for dimension in foundShape.indices.reversed() {
      (rest, index[dimension]) = rest.quotientAndRemainder(dividingBy: foundShape[dimension])
    }
    return index
  }
}

/// Test vectors with which a model cannot be compared. Its description is one line.
public enum VerificationError: Error, Hashable, CustomStringConvertible, Sendable {
  /// Names that the model does not have, and those that it has.
  case unknownNames([String], known: [String])
  /// Inputs that the model needs and the vectors do not have.
  case missingInputs([String])
  /// None of the outputs that the model has.
  case noOutputs([String])
  /// Outputs without a number, as of a batch of no sequences.
  case noElements

  /// The error in a line.
  public var description: String {
    switch self {
    case .unknownNames(let names, let known):
      "no input or output is called \(names.joined(separator: ", ")); "
        + (known.isEmpty ? "the model has none" : "there are \(known.joined(separator: ", "))")
    case .missingInputs(let names): "the model needs \(names.joined(separator: ", ")), which is not there"
    case .noElements: "the outputs hold no number to compare"
    case .noOutputs(let names): "nothing to compare with, wanted one of \(names.joined(separator: ", "))"
    }
  }
}
