// recurrent.h documents the functions.
// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation

internal import CRecurrent
internal import Glibc
internal import Interchange
internal import Kernels
internal import Models

/// Why a function does not do what it was called for.
struct CallError: Error {
  let status: recurrent_status
  let message: String

  init(_ status: recurrent_status, _ message: String) {
    self.status = status
    self.message = message
  }

  static func argument(_ message: String) -> CallError { CallError(RECURRENT_INVALID_ARGUMENT, message) }
  static func null(_ name: String) -> CallError { argument("\(name) is NULL") }

  static func count(_ name: String, _ found: Int, wanted: Int) -> CallError {
    argument("\(name) is \(UInt(bitPattern: found)), wanted \(wanted)")
  }

  /// An error of the engine's.
  init(_ error: any Error) {
    switch error {
    case let error as CallError: self = error
    case let error as SessionError: self.init(error.status, error.description)
    case let error as SafetensorsError: self.init(error.status, error.description)
    case let error as WeightsError: self.init(RECURRENT_FORMAT, error.description)
    case let error as ConfigurationError: self.init(RECURRENT_INVALID_ARGUMENT, error.description)
    default:
      #if ONNX
      if let error = error as? ONNXError {
        self.init(error.status, error.description)
        return
      }
      #endif
      self.init(RECURRENT_FORMAT, "\(error)")
    }
  }
}

extension SessionError {
  fileprivate var status: recurrent_status {
    switch self {
    case .otherModel: RECURRENT_WRONG_MODEL
    case .bidirectional, .noProbabilities: RECURRENT_UNSUPPORTED
    default: RECURRENT_INVALID_ARGUMENT
    }
  }
}

extension SafetensorsError {
  fileprivate var status: recurrent_status {
    switch problem {
    case .cannotRead, .cannotWrite, .inUse: RECURRENT_FILE
    default: RECURRENT_FORMAT
    }
  }
}

#if ONNX
extension ONNXError {
  fileprivate var status: recurrent_status {
    switch problem {
    case .cannotRead: RECURRENT_FILE
    case .malformed: RECURRENT_FORMAT
    case .unsupported, .input: RECURRENT_UNSUPPORTED
    }
  }
}
#endif

/// What a function for C does: `body`, whose error becomes the status, and a message for the calling thread.
@inline(__always)
func call(_ body: () throws -> Void) -> recurrent_status {
  do {
    try body()
    return RECURRENT_OK
  } catch {
    return LastError.keep(CallError(error))
  }
}

/// The message of each thread's last call that failed.
enum LastError {
  /// Of a text on the C heap, which ends with its thread.
  private static let key: pthread_key_t = {
    var key = pthread_key_t()
    let code = pthread_key_create(&key) { free($0) }
    require(code == 0, "the process has no memory left for the errors of its threads")
    return key
  }()

  /// Out of line, so that the functions that step stay short.
  @inline(never)
  static func keep(_ error: CallError) -> recurrent_status {
    let old = pthread_getspecific(key)
    // Without memory for the text the old one is better than none.
    guard let text = strdup(error.message) else { return error.status }
    guard pthread_setspecific(key, text) == 0 else {
      free(text)
      return error.status
    }
    free(old)
    return error.status
  }

  static var message: UnsafePointer<CChar> {
    pthread_getspecific(key).map { UnsafePointer($0.assumingMemoryBound(to: CChar.self)) } ?? ConstantText.empty
  }
}

/// Texts that live as long as the process.
enum ConstantText {
  static var empty: UnsafePointer<CChar> { pointer("") }
  static var version: UnsafePointer<CChar> { pointer(Version.text) }

  private static func pointer(_ text: StaticString) -> UnsafePointer<CChar> {
    UnsafeRawPointer(text.utf8Start).assumingMemoryBound(to: CChar.self)
  }
}

/// `PackageVersion.current` as a constant in memory, which a test compares.
enum Version {
  static let text: StaticString = "1.0.0"
}

@c @implementation
public func recurrent_last_error() -> UnsafePointer<CChar>? { LastError.message }

@c @implementation
public func recurrent_version() -> UnsafePointer<CChar>? { ConstantText.version }
