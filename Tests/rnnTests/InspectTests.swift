#if Tools
import ArgumentParser
import DataIO
import Foundation
import Interchange
import Kernels
import Models
import Tasks
import TestSupport
import Testing

@testable import rnn

@Suite(.serialized) struct InspectTests {
  private let folder = TemporaryFolder()

  private func run(_ arguments: [String]) throws {
    var command = try RNN.parseAsRoot(arguments)
    try command.run()
  }

  private func inspection(_ path: String, _ options: [String] = []) throws -> Inspection {
    try Inspection(of: path, try Inspect.parse([path] + options).reading)
  }

  /// A model and a checkpoint of a small training of a table, and the table.
  private func train() throws -> (model: String, checkpoint: String, table: String) {
    let (table, model) = (folder.path("t.csv"), folder.path("m.safetensors"))
    let rows = (0..<90).map { String(format: "2024-01-%02d %02d:00,%d", $0 / 24 + 1, $0 % 24, $0 % 7) }
    writeFile(Array("time,y\n\(rows.joined(separator: "\n"))\n".utf8), to: table)
    try run([
      "train", table, "--target", "y", "--horizon", "2", "--history", "5", "--hidden", "3", "--epochs", "2", "--quiet",
      "--cell", "gru", "--output", model, "--checkpoints", folder.path,
    ])
    return (model, folder.path("gru.checkpoint.safetensors"), table)
  }

  @Test func noNumberInAFileEndsTheProcess() throws {
    let (model, checkpoint, _) = try train()
    let page = folder.path("page.html")
    for path in [model, checkpoint] {
      // Other numbers are looked at by the tests of their modules.
      let files = try HostileNumbers.files(from: path).filter { file in
        ["poch", "osses", "steps", "seconds", "examples"].contains { file.change.suffix(60).contains($0) }
      }
      try #require(files.count > 50 / HostileNumbers.sampling)
      var refused = 0
      for (change, bytes) in files {
        writeFile(bytes, to: path)
        do {
          let inspection = try inspection(path)
          _ = inspection.description + jsonLine(inspection)
          try ReportPage(weightsIn: path).write(to: page)
        } catch {
          refused += 1
          #expect(error is SafetensorsError || error is DataError, "\(change)")
          #expect(!"\(error)".contains("\n"), "\(change)")
        }
      }
      #expect(refused * 6 > files.count)
    }
  }

  @Test func whatAFileHoldsIsEscaped() throws {
    let path = folder.path("m.safetensors")
    var contents = SafetensorsContents(metadata: ["k\u{1b}[2J": "v\u{202e}\u{7f}\nw"])
    contents.setTensor("weight\u{1b}]0;x\u{7}", shape: [1], elements: [1] as [Float])
    try contents.write(to: path)
    let text = try inspection(path).description
    #expect(text.contains(#"k\u{1b}[2J: v\u{202e}\u{7f}⏎w"#) && text.contains(#"weight\u{1b}]0;x\u{7}"#))
    #expect(!text.unicodeScalars.contains { $0.value == 0x1b || $0.value == 7 || $0.value == 0x202e })
  }

  @Test func textForATerminalIsEscapedLineByLine() {
    #expect(Generate.printable("a\tb\n\u{1b}[31mc\r\n") == "a\tb\n\\u{1b}[31mc\\u{d}\n")
  }

  @Test func weightsThatAreNotFiniteAreNamedUnlessAllowed() throws {
    let (path, checkpoint, table) = try train()
    let (whole, preprocessing) = try SequenceModel<Float>.read(from: path)
    var model = whole
    var weights = model.parameters["recurrent.weight_hh_l0"]
    weights[4, 2] = .nan
    model.parameters["recurrent.weight_hh_l0"] = weights
    try model.write(to: path, preprocessing: preprocessing)
    let allowed = "--allow-non-finite"
    let outputs = ["npz", "onnx"].map { folder.path("out.\($0)") }
    for command in [["inspect", path], ["predict", path, table], ["evaluate", path, table, "--quiet"]]
      + outputs.map({ ["convert", path, $0] })
    {
      #expect { try run(command) } throws: {
        "\($0)".contains("tensor recurrent.weight_hh_l0: nan at [4, 2], wanted finite numbers")
      }
      try run(command + [allowed])
    }
    let pyTorch = folder.path("torch.safetensors")
    try run(["convert", path, pyTorch, "--for", "pytorch", allowed])
    for (source, name) in [
      (pyTorch, "tensor recurrent.weight_hh_l0: nan at [4, 2]"), (outputs[0], "nan at [2, "),
      (outputs[1], "parameter “recurrent.weight_hh_l0”: nan at [4, 2]"),
    ] {
      let command = ["convert", source, folder.path("again.safetensors"), "--readout", "final-state"]
      #expect { try run(command) } throws: { "\($0)".contains(name) }
      try run(command + [allowed])
    }
    try SafetensorsContents(copying: checkpoint, replacing: ("optimizer.first_moment", 1, .infinity)).write(
      to: checkpoint)
    #expect { try run(["inspect", checkpoint]) } throws: {
      "\($0)".contains("tensor “optimizer.first_moment” holds inf at [0, 1]")
    }
    try run(["inspect", checkpoint, allowed])
  }
}
#endif
