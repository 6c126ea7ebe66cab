#if Tools
import ArgumentParser
import DataIO
import Foundation
import FoundationXML
import Kernels
import Models
import TestSupport
import Testing

@testable import rnn

@Suite(.serialized) struct TrainTests {
  private let folder = TemporaryFolder()

  /// A wave of 12 rows, with dates.
  private func writeWave(rows: Int = 220) -> String {
    let lines = (0..<rows).map { row in
      let (day, hour) = (1 + row / 24, row % 24)
      return String(format: "2024-01-%02d %02d:00,%.4f", day, hour, 20 + sin(Double(row) * 2 * .pi / 12))
    }
    writeFile(Array("time,level\n\(lines.joined(separator: "\n"))\n".utf8), to: folder.path("wave.csv"))
    return folder.path("wave.csv")
  }

  private func run(_ arguments: [String]) throws {
    var command = try RNN.parseAsRoot(arguments)
    try command.run()
  }

  private let small = [
    "--horizon", "4", "--history", "12", "--hidden", "6", "--epochs", "2", "--quiet", "--cell", "gru",
  ]

  @Test func aTableIsForecastFromTheFileAlone() throws {
    let (wave, model, page) = (writeWave(), folder.path("m.safetensors"), folder.path("m.html"))
    try run(["train", wave, "--target", "level", "--output", model, "--report", page] + small)
    #expect(Set(fileNames(in: folder.path)) == ["wave.csv", "m.safetensors", "m.html"])
    let html = try FileReading.text(of: page)
    #expect(html.contains("<svg") && html.contains("mean absolute error, last value"))
    #expect(XMLParser(data: Data(html.utf8)).parse())

    let forecast = folder.path("forecast.csv")
    try run(["predict", model, wave, "--output", forecast])
    let table = try CSVTable(contentsOf: forecast)
    #expect(table.columns[0].count == 4)
    try run(["evaluate", model, wave, "--quiet"])
    try run(["inspect", model, "--json"])
    try run(["report", model])
  }

  @Test func theChoiceOfMemoryChangesNoWeight() throws {
    let wave = writeWave()
    let models = try ["everything", "least", "1kB"].map { memory in
      let model = folder.path("\(memory).safetensors")
      try run(["train", wave, "--target", "level", "--output", model, "--memory", memory] + small)
      return try SequenceModel<Float>.read(from: model).model.parameters
    }
    #expect(models[1] == models[0] && models[2] == models[0])
  }

  @Test(arguments: [
    ("everything", TapeMemory.everything), ("least", .least), ("200MB", .budget(bytes: 200_000_000)),
    ("1.5GB", .budget(bytes: 1_500_000_000)), ("8kB", .budget(bytes: 8000)),
  ])
  func amountsOfMemoryAreRead(_ text: String, _ wanted: TapeMemory) throws {
    let command = try #require(try RNN.parseAsRoot(["train", "a.txt", "--memory", text]) as? Train)
    #expect(command.network.memory == wanted)
  }

  @Test(arguments: ["", "200", "MB", "-1MB", "0MB", "200 MiB", "nanMB", "infGB", "all"])
  func whatIsNoAmountOfMemoryIsRefused(_ text: String) {
    #expect(throws: (any Error).self) { try RNN.parseAsRoot(["train", "a.txt", "--memory", text]) }
  }

  @Test func thePageIsNamedBesideTheModel() throws {
    let command = try #require(
      try RNN.parseAsRoot(["train", "a.csv", "--target", "x", "--report", "a.html"]) as? Train)
    #expect(command.files(besides: "a.safetensors") == ["a.safetensors", "a.html"])
  }

  @Test func stoppedAndResumedItWritesTheSameBytes() throws {
    let wave = writeWave()
    let (whole, parts) = (folder.path("whole.safetensors"), folder.path("parts.safetensors"))
    try run(["train", wave, "--target", "level", "--output", whole] + small)
    let arguments = ["train", wave, "--target", "level", "--output", parts, "--checkpoints", folder.path] + small
    try run(arguments)
    // What is finished is read from its checkpoint.
    unlink(parts)
    try run(arguments + ["--resume"])
    #expect(try FileReading.bytes(of: parts) == FileReading.bytes(of: whole))
  }

  /// The limit is for a run that does not begin.
  @Test(.timeLimit(.minutes(10))) func aSecondRunInAFolderIsRefusedUntilTheFirstEnds() throws {
    let wave = writeWave()
    let runs = folder.path("runs")
    func arguments(_ epochs: Int) -> [String] {
      [
        "train", wave, "--target", "level", "--output", folder.path("m.safetensors"), "--checkpoints", runs, "--quiet",
        "--checkpoint-seconds", "0", "--horizon", "4", "--history", "12", "--hidden", "6", "--epochs", "\(epochs)",
      ]
    }
    let first = try ToolProcess(arguments(1_000_000))
    while !fileNames(in: runs).contains(where: { $0.hasSuffix(".checkpoint.safetensors") }) { usleep(10_000) }
    for options in [[], ["--resume"]] {
      let (status, errors) = try ToolProcess(arguments(2) + options).wait()
      #expect(status == 2 && errors == "Error: \(runs): is in use by process \(first.identifier)\n")
    }
    #expect(first.isRunning)
    first.kill()
    _ = first.wait()
    // Neither gone on with nor removed.
    for options in [[], ["--resume"]] {
      let (status, errors) = try ToolProcess(arguments(2) + options).wait()
      #expect(status == 2 && errors == "Error: \(runs): holds checkpoints of a run that differs in its options\n")
    }
    #expect(fileNames(in: runs).contains { $0.hasSuffix(".checkpoint.safetensors") })
    try FileManager.default.removeItem(atPath: runs)
    #expect(try ToolProcess(arguments(2)).wait().status == 0)
    #expect(fileNames(in: runs).allSatisfy { !$0.hasSuffix(".tmp") && !$0.hasSuffix(".lock") })
  }

  @Test func namesThatAreTooLongAreSaidBeforeTraining() throws {
    let wave = writeWave()
    // Long enough that the folder of its checkpoints has no name, or its file.
    for count in [250, 256] {
      let model = folder.path(String(repeating: "m", count: count))
      #expect { try run(["train", wave, "--target", "level", "--output", model] + small) } throws: {
        "\($0)".contains("File name too long")
      }
    }
    #expect(fileNames(in: folder.path) == ["wave.csv"])
  }

  @Test func aTextIsContinuedFromTheFileAlone() throws {
    let text = folder.path("book.txt")
    writeFile(Array(String(repeating: "the cat sat on the mat. ", count: 60).utf8), to: text)
    let model = folder.path("book.safetensors")
    try run(["train", text, "--level", "char", "--hidden", "8", "--epochs", "1", "--batch", "4", "--quiet"])
    try run(["generate", model, "--prompt", "the", "--length", "5", "--seed", "3"])
    try run(["evaluate", model, text, "--quiet"])
    try run(["inspect", model])
    #expect(throws: (any Error).self) { try run(["generate", model, "--prompt", "Ω"]) }
  }

  @Test(arguments: [
    ["--horizon", "9223372036854775807"], ["--season", "5000000000000000000"], ["--history", "1000001"],
    ["--epochs", "9223372036854775807"], ["--batch", "9000000000"], ["--layers", "9223372036854775807"],
    ["--hidden", "9223372036854775807"], ["--hidden", "100000000"], ["--layers", "100000", "--hidden", "4"],
    ["--dropout", "1"], ["--dropout", "nan"],
  ])
  func impossibleNumbersAreRefusedAtOnce(_ options: [String]) {
    #expect(throws: (any Error).self) { try RNN.parseAsRoot(["train", "wave.csv", "--target", "level"] + options) }
  }

  @Test func dataAndModelAreNotOverwritten() throws {
    let wave = writeWave()
    let bytes = try FileReading.bytes(of: wave)
    let model = folder.path("wave.safetensors")
    for outputs in [["--output", folder.path("./wave.csv")], ["--report", wave], ["--report", model]] {
      #expect(throws: DataError.self) { try run(["train", wave, "--target", "level"] + outputs + small) }
    }
    #expect(fileNames(in: folder.path) == ["wave.csv"])
    try run(["train", wave, "--target", "level"] + small)
    for output in [wave, model] {
      #expect(throws: DataError.self) { try run(["predict", model, wave, "--output", output]) }
    }
    #expect(throws: DataError.self) { try run(["report", model, "--output", folder.path("./wave.safetensors")]) }
    #expect(try FileReading.bytes(of: wave) == bytes)
    try run(["evaluate", model, wave, "--quiet"])
  }

  @Test func aModelThatTheToolDoesNotRunIsInspectedAndRefusedByName() throws {
    let path = folder.path("gaps.safetensors")
    let architecture = try GapArchitecture(
      embedding: EmbeddingTable(vocabularySize: 8, dimension: 3),
      recurrent: RecurrentStack(RecurrentCell(.lstm, inputSize: 3, hiddenSize: 5)))
    try GapModel<Float>(architecture, seed: 1).write(to: path)
    let text = try Inspection(of: path, try Inspect.parse([path]).reading).description
    #expect(text.contains("a model of Recurrent's that fills gaps") && text.contains("backward.weight_hh_l0"))
    #expect { try run(["generate", path]) } throws: { "\($0)".contains("recurrent.gap-model") }
  }

  @Test func aCheckpointIsInspectedAndADamagedOneRefused() throws {
    let wave = writeWave()
    let arguments = ["train", wave, "--target", "level", "--checkpoints", folder.path] + small
    try run(arguments)
    let checkpoint = folder.path("gru.checkpoint.safetensors")
    let inspection = try Inspect.parse([checkpoint])
    let text = try Inspection(of: checkpoint, inspection.reading).description
    #expect(text.contains("weight_hh_l0") && text.contains("candidate") && text.contains("spectral radius"))
    var bytes = try FileReading.bytes(of: checkpoint)
    bytes[bytes.count - 100] ^= 1
    writeFile(bytes, to: checkpoint)
    for command in [["inspect", checkpoint], ["report", checkpoint], arguments + ["--resume"]] {
      #expect { try run(command) } throws: { "\($0)".contains("damaged") }
    }
  }

  @Test(arguments: [
    ("time,level\n1,2\n", "nothing", "nothing"), ("time,level\n1,x\n2,3\n", "level", ":2"),
    ("", "level", "holds no table"),
  ])
  func badTablesAreNamedAndNothingIsWritten(_ text: String, _ target: String, _ named: String) {
    writeFile(Array(text.utf8), to: folder.path("bad.csv"))
    #expect { try run(["train", folder.path("bad.csv"), "--target", target, "--quiet"]) } throws: {
      "\($0)".contains(named) && "\($0)".contains("bad.csv")
    }
    #expect(fileNames(in: folder.path) == ["bad.csv"])
  }
}
#endif
