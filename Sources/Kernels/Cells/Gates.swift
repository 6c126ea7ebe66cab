/// A block of rows of a cell's weights: what it decides. The blocks of a cell and their order are ``RecurrentCell/gates``.
public enum Gate: String, Codable, Sendable {
  /// How much of the candidate an LSTM takes into its cell state; sometimes called store gate.
  case input
  /// How much of its cell state an LSTM keeps.
  case forget
  /// What could be taken into the state; no gate in the strict sense.
  case candidate
  /// How much of its cell state an LSTM shows.
  case output
  /// How much of the hidden state a GRU's candidate sees.
  case reset
  /// How much of its hidden state a GRU keeps.
  case update
  /// The one block of a vanilla cell.
  case hidden

  static let vanilla = VanillaGate.allCases.map(\.name)
  static let lstm = LSTMGate.allCases.map(\.name)
  static let gru = GRUGate.allCases.map(\.name)
}

/// The one block of a vanilla cell's weights.
enum VanillaGate: Int, CaseIterable, Sendable {
  case hidden

  static let count = 1

  var name: Gate { .hidden }
}

/// Order of the gate blocks in packed LSTM weights: PyTorch's `i f g o`.
package enum LSTMGate: Int, CaseIterable, Sendable {
  case input, forget, candidate, output

  static let count = 4

  var name: Gate {
    switch self {
    case .input: .input
    case .forget: .forget
    case .candidate: .candidate
    case .output: .output
    }
  }
}

/// Order of the rows of an LSTM's peephole weights.
package enum LSTMPeephole: Int, CaseIterable, Sendable {
  case input, forget, output

  /// The peephole of `gate`, if it has one.
  package init?(_ gate: Gate) {
    switch gate {
    case .input: self = .input
    case .forget: self = .forget
    case .output: self = .output
    case .candidate, .reset, .update, .hidden: return nil
    }
  }
}

/// Order of the gate blocks in packed GRU weights: PyTorch's `r z n`.
package enum GRUGate: Int, CaseIterable, Sendable {
  case reset, update, candidate

  static let count = 3

  var name: Gate {
    switch self {
    case .reset: .reset
    case .update: .update
    case .candidate: .candidate
    }
  }
}

extension GRUGate: Comparable {
  package static func < (a: GRUGate, b: GRUGate) -> Bool { a.rawValue < b.rawValue }
}

extension ClosedRange<GRUGate> {
  /// Rows of the recurrent weights, and columns of the gates, that belong to these gates.
  func block(hiddenSize: Int) -> Range<Int> {
    lowerBound.rawValue * hiddenSize..<(upperBound.rawValue + 1) * hiddenSize
  }
}

/// One row of gates, `[G·H]`, from which a block is picked by name.
struct GateRow<Name: RawRepresentable<Int>, Scalar: BLASScalar> {
  let start: UnsafeMutablePointer<Scalar>
  let hiddenSize: Int

  subscript(gate: Name) -> UnsafeMutablePointer<Scalar> { start + gate.rawValue * hiddenSize }
}

extension MutableMatrixView {
  /// Row `index` of a `[N × G·H]` buffer.
  func gates<Name>(_ index: Int, _: Name.Type, hiddenSize: Int) -> GateRow<Name, Scalar> {
    GateRow(start: row(index), hiddenSize: hiddenSize)
  }
}
