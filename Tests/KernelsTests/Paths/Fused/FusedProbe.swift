import TestSupport
import Testing

@testable import Kernels

/// Sizes for the fused path: `hiddenSize` fills no vector register, or some to the last lane.
struct FusedSize: CustomTestStringConvertible, Sendable {
  let inputSize: Int
  let hiddenSize: Int

  static let all = [(3, 5), (7, 17), (11, 83), (9, 32), (13, 64)].map { FusedSize(inputSize: $0.0, hiddenSize: $0.1) }
  /// Those that give several threads something to do on every instruction set. Narrower ones need a batch of thousands.
  static let wide = all.filter { $0.hiddenSize > 17 }

  var testDescription: String { "\(inputSize) to \(hiddenSize)" }

  func cell(_ variant: CellVariant) -> RecurrentCell {
    variant.cell(inputSize: inputSize, hiddenSize: hiddenSize)
  }
}

/// How many have had the pool.
private let turns = Guarded(0)

/// Runs `body` while no other test that calls this does: a pool that is busy gives its next caller no team.
func onThePoolAlone(_ body: () -> Void) {
  turns.withLock {
    $0 += 1
    body()
  }
}

/// One thread of the fused path.
let fused = Execution(path: .fused, threads: 1)

extension CellProbe {
  /// The probe in both directions, each with and without a recurrent mask.
  var directions: [(name: String, probe: CellProbe)] {
    TimeDirection.allCases.flatMap { direction in
      [("\(direction)", inDirection(direction)), ("\(direction), masked", inDirection(direction).masked())]
    }
  }

  /// What an inference on a new tape gives.
  func infer(_ execution: Execution = fused) -> CellOutcome<Scalar> {
    var tape = CellTape<Scalar>()
    return forward(execution, tape: &tape)
  }

  /// A ragged batch large enough that up to `threads` threads find work, in `Float` or `Double`.
  static func forThreads(_ threads: Int, _ cell: RecurrentCell) -> CellProbe {
    let batch = 1 + threads * Execution.minimumFusedWorkPerThread / cell.forwardOperations
    return CellProbe(cell, lengths: (0..<batch).map { $0 == 2 ? 6 : $0 % 4 })
  }
}
