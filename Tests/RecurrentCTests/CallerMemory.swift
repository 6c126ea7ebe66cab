import CRecurrent
import Models
import Testing

/// What a caller in C holds: a handle, freed with this.
final class Held {
  let pointer: OpaquePointer
  private let release: (OpaquePointer?) -> recurrent_status

  private init(
    _ release: @escaping (OpaquePointer?) -> recurrent_status,
    _ make: (UnsafeMutablePointer<OpaquePointer?>) -> recurrent_status
  ) throws {
    var pointer: OpaquePointer?
    try check(make(&pointer))
    self.pointer = try #require(pointer)
    self.release = release
  }

  deinit { _ = release(pointer) }

  static func model(at path: String, _ options: recurrent_load_options? = nil) throws -> Held {
    try Held(recurrent_model_free) { model in
      guard var options else { return recurrent_model_load(path, nil, model) }
      options.size = MemoryLayout<recurrent_load_options>.size
      return recurrent_model_load(path, &options, model)
    }
  }

  static func model(of trainer: Held) throws -> Held {
    try Held(recurrent_model_free) { recurrent_trainer_model(trainer.pointer, $0) }
  }

  static func workspace(_ model: Held) throws -> Held {
    try Held(recurrent_workspace_free) { recurrent_workspace_create(model.pointer, $0) }
  }

  static func session(_ model: Held) throws -> Held {
    try Held(recurrent_session_free) { recurrent_session_open(model.pointer, $0) }
  }

  static func trainer(_ model: Held, _ options: recurrent_training_options? = nil) throws -> Held {
    try Held(recurrent_trainer_free) { trainer in
      guard var options else { return recurrent_trainer_create(model.pointer, nil, trainer) }
      options.size = MemoryLayout<recurrent_training_options>.size
      return recurrent_trainer_create(model.pointer, &options, trainer)
    }
  }
}

/// A call that failed.
struct CallFailure: Error, CustomStringConvertible {
  let status: recurrent_status
  let description: String
}

/// Throws the status and the message of a call that failed.
func check(_ status: recurrent_status) throws {
  guard status != RECURRENT_OK else { return }
  throw CallFailure(status: status, description: recurrent_last_error().map { String(cString: $0) } ?? "")
}

/// Calls `body` with sequences of features, `[N × I]`, or of tokens, `[N]`, one after another.
func withSequences<Result>(
  _ lengths: [Int], features: [Float] = [], tokens: [Int32] = [],
  _ body: (UnsafePointer<recurrent_sequences>) throws -> Result
) rethrows -> Result {
  try lengths.withUnsafeBufferPointer { lengths in
    try features.withUnsafeBufferPointer { features in
      try tokens.withUnsafeBufferPointer { tokens in
        var sequences = recurrent_sequences(
          count: lengths.count, lengths: lengths.baseAddress,
          features: features.isEmpty ? nil : features.baseAddress, feature_count: features.count,
          tokens: tokens.isEmpty ? nil : tokens.baseAddress, token_count: tokens.count)
        return try body(&sequences)
      }
    }
  }
}

/// Calls `body` with targets that are values or classes.
func withTargets<Result>(
  values: [Float] = [], classes: [Int32] = [], _ body: (UnsafePointer<recurrent_targets>) throws -> Result
) rethrows -> Result {
  try values.withUnsafeBufferPointer { values in
    try classes.withUnsafeBufferPointer { classes in
      var targets = recurrent_targets(
        values: values.isEmpty ? nil : values.baseAddress, value_count: values.count,
        classes: classes.isEmpty ? nil : classes.baseAddress, class_count: classes.count)
      return try body(&targets)
    }
  }
}
