internal import CRecurrent
internal import Glibc
internal import Kernels
internal import Models

/// What a call will allocate. A lack of memory would end the process, so what a machine cannot have is refused before.
struct MemoryNeed {
  /// Numbers of 32 bits, roughly.
  var numbers: Double

  /// Throws where the machine has not as much memory, or the system refuses it.
  func check() throws {
    let bytes = numbers * 4
    guard bytes > Self.unchecked else { return }
    let physical = Double(sysconf(Int32(_SC_PHYS_PAGES))) * Double(sysconf(Int32(_SC_PAGESIZE)))
    if bytes < physical, let memory = malloc(Int(bytes)) { return Glibc.free(memory) }
    throw CallError(RECURRENT_OUT_OF_MEMORY, "some \(Self.gibibytes(bytes)) GiB are needed")
  }

  /// A whole number, at least 1.
  private static func gibibytes(_ bytes: Double) -> Int {
    bytes < 0x1p90 ? max(1, Int((bytes / 0x1p30).rounded(.up))) : .max
  }

  /// Bytes that a process is taken to have.
  private static let unchecked = 0x1p24

  /// Of a model made of all tensors of a file.
  static func reading(_ file: SafetensorsFile) -> MemoryNeed {
    // The parameters and their copy in the order that steps read them in, and the largest tensor as it is in the file.
    var (all, largest) = (0.0, 0.0)
    for tensor in file.tensors.values {
      let count = tensor.shape.reduce(1.0) { $0 * Double($1) }
      all += count
      largest = max(largest, count * Double(tensor.type.size) / 4)
    }
    return MemoryNeed(numbers: 2 * all + largest)
  }

  /// Of a forward pass over `rows` steps of `batch` sequences.
  static func run(_ stack: RecurrentStack, besideLayers: Int, outputs: Int, rows: Int, batch: Int) -> MemoryNeed {
    // Inputs in another order, embedded tokens and the head's hidden layers, outputs twice, and of each layer outputs and
    // gates.
    let row =
      stack.inputSize + besideLayers + 2 * outputs + stack.layers * (stack.outputSize + 4 * stack.cells[0].hiddenSize)
    return MemoryNeed(numbers: Double(rows) * Double(row) + Double(batch) * Double(row) * 2)
  }

  /// Of a gradient over as many.
  static func training(_ stack: RecurrentStack, besideLayers: Int, outputs: Int, rows: Int, batch: Int) -> MemoryNeed {
    // Gradients of all that, and what the forward pass keeps for them.
    MemoryNeed(
      numbers: 3 * run(stack, besideLayers: besideLayers, outputs: outputs, rows: rows, batch: batch).numbers)
  }
}

extension SequenceArchitecture {
  /// Numbers that are computed for each step outside of the recurrent layers, but for outputs: an embedded token, and the
  /// hidden layers of the head.
  var sizeBesideLayers: Int {
    (embedding?.dimension ?? 0) + head.hiddenLayers.reduce(0) { $0 + $1.outputSize }
  }
}
