internal import Kernels

/// Which model something belongs to: a sum over its architecture, its number type and all its parameters, the same in every
/// process and on every machine.
///
/// It tells models apart that differ by accident; it is no protection from those who forge a file.
public struct ModelIdentity: Hashable, Sendable, CustomStringConvertible {
  private let sum: UInt64

  init<Scalar: BLASScalar>(architecture: String, _ parameters: ParameterVector<Scalar>) {
    var sum = ContentSum()
    sum.add(architecture)
    sum.add("\(Scalar.self)")
    parameters.withUnsafeBufferPointer { sum.add(UnsafeRawBufferPointer($0)) }
    self.sum = sum.value
  }

  /// The identity that ``description`` is of; `nil` where it is of none.
  public init?(_ description: String) {
    guard description.utf8.count == 16, description.utf8.allSatisfy({ $0 != UInt8(ascii: "+") }),
      let sum = UInt64(description, radix: 16), description == description.lowercased()
    else { return nil }
    self.sum = sum
  }

  /// 16 hexadecimal digits.
  public var description: String {
    let digits = String(sum, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
