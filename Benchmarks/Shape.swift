#if Tools
import ArgumentParser

/// The sizes of a batch and a cell: `T` steps of `B` sequences with `I` inputs, and `H` hidden units.
struct Shape: Hashable {
  var steps: Int
  var batch: Int
  var inputs: Int
  var hidden: Int

  init(_ steps: Int, _ batch: Int, _ inputs: Int, _ hidden: Int) {
    (self.steps, self.batch, self.inputs, self.hidden) = (steps, batch, inputs, hidden)
  }

  /// The shapes that the package's figures are given for.
  static let named: [(name: String, shape: Shape)] = [
    ("step", Shape(1, 1, 64, 128)),  // one streaming step
    ("tiny", Shape(50, 4, 2, 32)),  // the ball tracker
    ("rt", Shape(100, 1, 128, 256)),  // one request, low latency
    ("b4", Shape(100, 4, 128, 256)),  // small batch
    ("mid", Shape(100, 32, 128, 256)),  // usual training
    ("b128", Shape(100, 128, 256, 256)),  // large batch
    ("big", Shape(50, 64, 256, 512)),  // larger model
    ("db1024", Shape(25, 32, 1024, 1024)),  // weights larger than a core's cache
  ]
}

extension Shape: CustomStringConvertible {
  var description: String { "\(steps),\(batch),\(inputs),\(hidden)" }
}

extension Shape: ExpressibleByArgument {
  /// Reads `T,B,I,H` or a name. Sizes of matrices that OpenBLAS's 32-bit interface cannot count are refused.
  init?(argument: String) {
    if let known = Self.named.first(where: { $0.name == argument }) {
      self = known.shape
      return
    }
    let sizes = argument.split(separator: ",", omittingEmptySubsequences: false).compactMap { Int($0) }
    let most = Int(Int32.max)
    guard sizes.count == 4, sizes.allSatisfy({ (1...most).contains($0) }) else { return nil }
    self.init(sizes[0], sizes[1], sizes[2], sizes[3])
    guard steps <= most / batch, hidden <= most / 8, inputs + hidden <= most / (4 * hidden),
      steps * batch <= most / max(inputs, 4 * hidden)
    else { return nil }
  }
}
#endif
