#if Tools
import ArgumentParser
import DataIO
import Foundation
import Interchange
import TextTable

/// `rnn verify`: a model compared with the outputs of another engine.
struct Verify: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Runs a model on stored inputs and compares what comes out with stored outputs.",
    discussion: """
      VECTORS is an .npz file whose arrays have the names of the model's inputs and outputs. Those of an ONNX model are its \
      graph's. Any other model takes inputs [batch, time, features] or tokens [batch, time], and may take lengths [batch], \
      h_0 and c_0 [layers x directions, batch, units]; it gives predictions, before any activation, h_n and c_n.
      In Python: numpy.savez("vectors.npz", inputs=x, predictions=y)

      Exit codes: 0 where all outputs agree; 1 where one does not; 2 for files that cannot be read or compared.
      """)

  @Argument(help: ArgumentHelp("The model, of any kind that rnn convert reads.", valueName: "model"))
  var path: String

  @Argument(help: ArgumentHelp("Inputs and outputs.", valueName: "vectors.npz"))
  var vectors: String

  @Option(
    help: "An element agrees where it is off by no more than this share of its output's largest magnitude.")
  var tolerance = 1e-5

  @OptionGroup(title: "What a file does not say")
  var reading: ReadingOptions

  func validate() throws {
    guard tolerance >= 0, tolerance.isFinite else {
      throw ValidationError("--tolerance takes a number from 0 up, not \(tolerance)")
    }
  }

  func run() throws {
    let vectors = try NumPyArchive(path: self.vectors)
    let verification: Verification
    do {
      verification = try ModelFile.verify(path, reading, on: vectors, at: self.vectors, tolerance: tolerance)
    } catch let error as VerificationError {
      throw DataError(file: self.vectors, reason: "\(error)")
    } catch let error as NamedTensorError {
      throw DataError(file: self.vectors, reason: "\(error)")
    }
    print(VerificationReport(verification))
    if !verification.agrees { throw ExitCode(1) }
  }
}
#endif
