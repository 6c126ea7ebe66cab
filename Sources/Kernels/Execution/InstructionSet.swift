internal import CFusedKernels

/// A vector instruction set that the innermost loops are written for.
public enum InstructionSet: String, CaseIterable, Sendable {
  case scalar, neon, avx2, avx512

  /// The one in use: the widest this processor runs, unless `RECURRENT_ISA` names another that it runs too.
  /// Chosen once, at first use; what is wrong with that variable is then said on standard error.
  public static let active: InstructionSet = {
    EngineEnvironment.reportProblems
    if let requested, requested.isAvailable { return requested }
    return best
  }()

  /// The one that `RECURRENT_ISA` names, whether or not it can be had here; `nil` where it is unset or no such name.
  package static var requested: InstructionSet? {
    EngineEnvironment.value(of: .instructionSet).flatMap(InstructionSet.init(rawValue:))
  }

  /// The widest that this processor and its operating system run.
  package static let best = allCases.first { $0.code == CFKBestInstructionSet() } ?? .scalar

  /// Whether this processor and this build have it.
  package var isAvailable: Bool { CFKLoopsFor(code) != nil }

  var code: CFKInstructionSet {
    switch self {
    case .scalar: CFKInstructionSetScalar
    case .neon: CFKInstructionSetNEON
    case .avx2: CFKInstructionSetAVX2
    case .avx512: CFKInstructionSetAVX512
    }
  }
}

/// The C loops of the active instruction set.
enum VectorLoops {
  /// Replaces the loops when they are chosen, once in a process: for tests that count calls, in a process of their own.
  nonisolated(unsafe) static var replacement: ((CFKLoops) -> CFKLoops)?

  static let active: CFKLoops = {
    let loops = CFKLoopsFor(InstructionSet.active.code).pointee
    return replacement?(loops) ?? loops
  }()
}
