#if ONNX
public import DataIO
internal import Kernels

/// An ONNX model by the names of its graph.
extension ONNXModel: NamedTensorModel {
  /// Inputs without a default.
  public var requiredInputs: [String] { inputs.filter { !$0.hasDefault }.map(\.name) }

  /// Inputs with a default.
  public var optionalInputs: [String] { inputs.filter(\.hasDefault).map(\.name) }

  /// The graph's outputs.
  public var outputNames: [String] { outputs.map(\.name) }

  /// Runs the model on those tensors that are its inputs. Throws ``ONNXError``.
  public func outputs(of inputs: [String: Tensor], limits: RunLimits) throws -> [String: Tensor] {
    let names = Set(self.inputs.map(\.name))
    let budget = RunBudget(limits, modelBytes: byteCount, inputs: inputs.values)
    return try run(inputs.filter { names.contains($0.key) }, budget)
  }

  /// This model with every recurrent operator under one of the conventions over which engines disagree, where all of them
  /// are of one kind and run on the engine's cells.
  public func conventionAlternatives() -> [ConventionAlternative] {
    let cells = program.recurrentOperators.map(\.cell)
    guard let first = cells.first, let cell = first, cells.allSatisfy({ $0?.kind == cell.kind }) else { return [] }
    let candidates = cells.map { cell in Set(cell.map(RecurrentConvention.candidates) ?? []) }
    return RecurrentConvention.candidates(for: cell).filter { convention in
      candidates.allSatisfy { $0.contains(convention) }
    }.map { convention in
      ConventionAlternative(convention.description(for: cell)) {
        var model = self
        model.program = program.mappingRecurrentOperators { $0.applying(convention) }
        return model
      }
    }
  }
}
#endif
