import CFusedKernels
import Testing

/// An instruction set that this processor has loops for: what every test here runs over.
struct InstructionSet: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let set: CFKInstructionSet

  static let all = [
    InstructionSet(testDescription: "scalar", set: CFKInstructionSetScalar),
    InstructionSet(testDescription: "neon", set: CFKInstructionSetNEON),
    InstructionSet(testDescription: "avx2", set: CFKInstructionSetAVX2),
    InstructionSet(testDescription: "avx512", set: CFKInstructionSetAVX512),
  ]
  static let available = all.filter { CFKLoopsFor($0.set) != nil }

  var loops: CFKLoops { CFKLoopsFor(set)!.pointee }
}

enum Activation: CaseIterable, Sendable {
  case sigmoid, tanh
}

/// The two types there are loops for, so that a law can be tested on both with one body.
protocol ActivatedScalar: BinaryFloatingPoint {
  typealias Loop = (UnsafePointer<Self>?, UnsafeMutablePointer<Self>?, Int) -> Void
  static func loop(_ activation: Activation, of set: InstructionSet) -> Loop
}

extension Float: ActivatedScalar {
  static func loop(_ activation: Activation, of set: InstructionSet) -> Loop {
    switch activation {
    case .sigmoid: set.loops.sigmoidFloat
    case .tanh: set.loops.tanhFloat
    }
  }
}

extension Double: ActivatedScalar {
  static func loop(_ activation: Activation, of set: InstructionSet) -> Loop {
    switch activation {
    case .sigmoid: set.loops.sigmoidDouble
    case .tanh: set.loops.tanhDouble
    }
  }
}

extension ActivatedScalar {
  static func apply(_ activation: Activation, of set: InstructionSet, to x: [Self]) -> [Self] {
    var y = x
    loop(activation, of: set)(x, &y, x.count)
    return y
  }
}

/// The two types again, as the loops of the cells know them.
protocol FusedScalar: BinaryFloatingPoint {
  static func cells(of set: InstructionSet) -> CFKCellLoops
}

extension Float: FusedScalar {
  static func cells(of set: InstructionSet) -> CFKCellLoops { set.loops.floatCells }
}

extension Double: FusedScalar {
  static func cells(of set: InstructionSet) -> CFKCellLoops { set.loops.doubleCells }
}

/// SplitMix64 (Steele, Lea, Flood 2014): the same numbers in every run.
struct RandomBits: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var bits = state
    bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
    return bits ^ (bits >> 31)
  }
}
