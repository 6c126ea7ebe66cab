#if Tools
import Foundation
import Models

// What `--json` writes, an object a line. Each has the field `event`.

/// A line for the user.
struct NoteEvent: Encodable {
  let event = "note"
  let text: String

  private enum CodingKeys: CodingKey { case event, text }
}

/// The end of an epoch.
struct ProgressEvent: Encodable {
  let event = "progress"
  let stage: String
  let epoch: Int
  let epochs: Int
  let step: Int
  let loss: Double
  let validationLoss: Double?
  let examplesPerSecond: Double
  let secondsLeft: Double

  private enum CodingKeys: String, CodingKey {
    case event, stage, epoch, epochs, step, loss
    case validationLoss = "validation_loss"
    case examplesPerSecond = "examples_per_second"
    case secondsLeft = "seconds_left"
  }

  init(_ stage: String, _ progress: TrainingProgress) {
    self.stage = stage
    epoch = progress.epoch
    epochs = progress.epochs
    step = progress.step
    loss = progress.epochLoss
    validationLoss = progress.validationLoss
    examplesPerSecond = progress.examplesPerSecond
    secondsLeft = progress.secondsLeft
  }
}

/// Work that was stopped; `resume` is the command that resumes it, if there is one.
struct InterruptionEvent: Encodable {
  let event = "interrupted"
  let text: String
  let resume: String?

  private enum CodingKeys: CodingKey { case event, text, resume }
}

struct ResultEvent<Result: Encodable>: Encodable {
  let event = "result"
  let result: Result

  private enum CodingKeys: CodingKey { case event, result }
}

/// `value` as JSON without a line break, keys sorted; numbers that JSON does not have are texts, such as "nan".
func jsonLine(_ value: some Encodable) -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  encoder.nonConformingFloatEncodingStrategy = .convertToString(
    positiveInfinity: "infinity", negativeInfinity: "-infinity", nan: "nan")
  do { return String(decoding: try encoder.encode(value), as: UTF8.self) } catch {
    fatalError("cannot write \(type(of: value)) as JSON: \(error)")
  }
}
#endif
