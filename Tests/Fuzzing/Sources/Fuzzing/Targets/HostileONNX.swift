/// ONNX files of one operator whose sizes no tensor can have: dimensions beyond memory beside one of 0, sums and products
/// that overflow. Written field by field, because the package exports no model of its own.
enum HostileONNX {
  static let seeds: [[UInt8]] = [
    model("Transpose", [constant("w", [0, 1 << 40])]),
    model("ArgMax", [constant("w", [0, 1 << 40])], ["axis": 0, "keepdims": 0]),
    model("Softmax", [constant("w", [1 << 40, 0])], ["axis": 1]),
    model("Concat", [constant("w", [0, 1 << 62]), constant("v", [0, 1 << 62])], ["axis": 1]),
    model("Split", [constant("w", [0, .max])], ["axis": 1], outputs: ["y", "z"]),
    model("LSTM", [input("x"), constant("W", [1, 0, 1 << 61]), constant("R", [1, 0, 1 << 61])]),
    model("GRU", [input("x"), numbers("W", [1, 9, 2]), numbers("R", [1, 9, 3])], ["hidden_size": 1 << 62]),
    model("ConstantOfShape", [integers("s", [1 << 62, 1 << 62])]),
    model("Expand", [numbers("w", [1, 1]), integers("s", [1 << 31, 1 << 31])]),
    model("Tile", [numbers("w", [2, 1]), integers("s", [1 << 62, 2])]),
    model("Reshape", [constant("w", [0, 2]), integers("s", [0, 1 << 62, 4])], ["allowzero": 1]),
    model(
      "Slice",
      [numbers("w", [3]), integers("s", [.max]), integers("e", [.min]), integers("a", [0]), integers("p", [.min])]),
    model("Gather", [numbers("w", [2, 3]), integers("s", [.min])], ["axis": 1]),
    model("Range", [integers("a", [0]), integers("b", [.max]), integers("c", [1])]),
    model("MatMul", [constant("w", [1 << 40, 0]), constant("v", [0, 1 << 40])]),
    model("Unsqueeze", [numbers("w", [2]), integers("s", [.min, .max])]),
    model("ReduceSum", [constant("w", [0, 1 << 40]), integers("s", [0])]),
  ]

  /// An input of the node: its name and, unless it is given at run time, the constant.
  private struct Input {
    let name: String
    var constant: [UInt8]?
  }

  /// An input `[2 × 2 × 2]` that is given at run time.
  private static func input(_ name: String) -> Input { Input(name: name) }

  /// A constant without numbers.
  private static func constant(_ name: String, _ shape: [Int]) -> Input { tensor(name, shape, type: 1, []) }

  private static func numbers(_ name: String, _ shape: [Int]) -> Input {
    tensor(name, shape, type: 1, [UInt8](repeating: 0x3f, count: 4 * shape.reduce(1, *)))
  }

  private static func integers(_ name: String, _ integers: [Int]) -> Input {
    tensor(
      name, [integers.count], type: 7,
      integers.flatMap { number in (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) } })
  }

  private static func tensor(_ name: String, _ shape: [Int], type: Int, _ bytes: [UInt8]) -> Input {
    let shape = shape.flatMap { field(1, $0) }
    return Input(name: name, constant: shape + field(2, type) + field(8, name) + field(9, bytes))
  }

  private static func model(
    _ operation: String, _ inputs: [Input], _ attributes: KeyValuePairs<String, Int> = [:], outputs: [String] = ["y"]
  ) -> [UInt8] {
    var node = inputs.flatMap { field(1, $0.name) } + outputs.flatMap { field(2, $0) } + field(4, operation)
    for (name, value) in attributes { node += field(5, field(1, name) + field(3, value) + field(20, 2)) }
    var graph = field(1, node) + field(2, "g")
    for input in inputs {
      if let constant = input.constant {
        graph += field(5, constant)
      } else {
        let shape = (0..<3).flatMap { _ in field(1, field(1, 2)) }
        graph += field(11, field(1, input.name) + field(2, field(1, field(1, 1) + field(2, shape))))
      }
    }
    for output in outputs { graph += field(12, field(1, output)) }
    return field(1, 8) + field(7, graph) + field(8, field(2, 17))
  }

  // Fields of a protocol buffer.

  private static func field(_ number: Int, _ bytes: [UInt8]) -> [UInt8] {
    varint(number << 3 | 2) + varint(bytes.count) + bytes
  }

  private static func field(_ number: Int, _ text: String) -> [UInt8] { field(number, Array(text.utf8)) }
  private static func field(_ number: Int, _ integer: Int) -> [UInt8] { varint(number << 3) + varint(integer) }

  private static func varint(_ number: Int) -> [UInt8] {
    var (rest, bytes) = (UInt(bitPattern: number), [UInt8]())
    while rest > 0x7f {
      bytes.append(UInt8(rest & 0x7f) | 0x80)
      rest >>= 7
    }
    return bytes + [UInt8(rest)]
  }
}
