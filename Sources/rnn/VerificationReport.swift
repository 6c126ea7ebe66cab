#if Tools
import Foundation
import Interchange
import Kernels
import TextTable

/// A verification as text.
struct VerificationReport: CustomStringConvertible {
  private let verification: Verification

  init(_ verification: Verification) { self.verification = verification }

  var description: String {
    var lines = [table]
    for output in verification.outputs where !output.agrees { lines.append(difference(of: output)) }
    if let convention = verification.convention { lines.append("It would agree with \(convention).") }
    return lines.joined(separator: "\n")
  }

  private var table: String {
    TextTable<OutputComparison> {
      [
        Column(title: "output", value: printable($0.name, limit: 200)),
        Column(title: "shape", value: shape($0.foundShape)),
        Column(title: "largest difference", value: twoDigits($0.largestAbsolute), align: .right),
        Column(title: "relative", value: twoDigits($0.largestRelative), align: .right),
        Column(title: "", value: $0.agrees ? "agrees" : "differs"),
      ]
    }.string(for: verification.outputs, style: Style.plain)?.trimmingCharacters(in: .newlines) ?? ""
  }

  private func difference(of output: OutputComparison) -> String {
    guard output.foundShape == output.wantedShape else {
      return
        "\(printable(output.name, limit: 200)): the shape is \(shape(output.foundShape)), wanted \(shape(output.wantedShape))"
    }
    guard let first = output.firstDifferent else { return "" }
    let place = first.index.map(String.init).joined(separator: ", ")
    let count = output.foundShape.reduce(1, *)
    return
      "\(printable(output.name, limit: 200))[\(place)] is the first of \(output.differentCount) in \(count) that differ: "
      + "\(first.found), wanted \(first.wanted)"
  }

  private func shape(_ shape: [Int]) -> String { "[\(shape.map(String.init).joined(separator: ", "))]" }
}

/// A difference to two digits, with its power of ten.
func twoDigits(_ value: Double) -> String { value == 0 ? "0" : String(format: "%.1e", value) }
#endif
