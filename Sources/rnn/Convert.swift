#if Tools
import ArgumentParser
import DataIO
import Foundation
import Interchange
import Kernels
import Models
import ToolSupport

/// `rnn convert`: a model from one engine's file into another's.
struct Convert: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Converts a model from one engine's file into another's, by their extensions.",
    discussion: """
      Reads   .safetensors  ours, PyTorch's state_dict, Keras's variables
              .keras .h5    Keras, where this was built with --traits default,HDF5
              .npz          Keras's variables, by w.path
              .onnx         ONNX
      Writes  .safetensors  ours; with --for pytorch its state_dict
              .onnx         ONNX
              .npz          Keras's variables, by w.path
      What was written is read back and run beside the model that was read, before convert says that it is done.

      Exit codes: 0; 1 where what was written does not compute the same, and where the disk is full or a limit on sizes
      is reached; 2 for files that cannot be read or written.
      """)

  /// Whose weights a .safetensors file is to hold.
  enum Target: String, CaseIterable, ExpressibleByArgument {
    case recurrent, pytorch
  }

  @Argument(help: ArgumentHelp("What to read.", valueName: "in"))
  var input: String

  @Argument(help: ArgumentHelp("What to write; replaced where it exists.", valueName: "out"))
  var output: String

  @Option(name: .customLong("for"), help: "Whose weights a .safetensors file is to hold.")
  var target = Target.recurrent

  @Flag(help: "An .onnx model that takes the length of each sequence.")
  var lengths = false

  @Flag(help: "An .onnx model that starts from the zero state and gives no state.")
  var noStates = false

  @OptionGroup(title: "What a file does not say")
  var reading: ReadingOptions

  func validate() throws {
    guard !input.utf8.elementsEqual(output.utf8) else { throw ValidationError("IN and OUT are the same file") }
    let kind = try? FileKind(output)
    if let kind, kind != .onnx, lengths || noStates {
      throw ValidationError("--lengths and --no-states are for an .onnx file, and OUT is \(shown(output))")
    }
    if let kind, kind != .safetensors, target != .recurrent {
      throw ValidationError("--for is for a .safetensors file, and OUT is \(shown(output))")
    }
  }

  func run() throws {
    let writer = try ModelWriter(to: output, self)
    try OutputFolder.check(file: output, besides: [input])
    let file = try ModelFile.read(input, reading)
    print("\(shown(input)): \(file.description)")
    let difference =
      switch file.model {
      case .float(let model): try writer.write(model, file.preprocessing)
      case .double(let model): try writer.write(model, file.preprocessing)
      }
    print("\(shown(output)): \(writer.description)")
    guard difference <= ModelWriter.tolerance else {
      StandardStream.error.log(
        "Error: \(shown(output)) was written, but gives outputs that differ by \(twoDigits(difference))\n")
      throw ExitCode(1)
    }
    let agreement = difference == 0 ? "to the bit" : "to within \(twoDigits(difference))"
    print("Read back, it gives the same outputs \(agreement).")
  }

  private func shown(_ path: String) -> String { printable(path, limit: 4096) }
}
#endif
