internal import DataIO
internal import Kernels
internal import Models

/// A file of PyTorch's or Keras's weights that cannot be used, or weights of ours that those engines cannot have: which
/// file, what in it, what was found and what was wanted.
public struct WeightsError: Error, Hashable, CustomStringConvertible, Sendable {
  /// The file's path, or what the caller called the bytes.
  public let file: String
  /// The tensor, module or layer; `nil` where the whole file is meant.
  public let item: String?
  /// What is there.
  public let found: String
  /// What should be.
  public let wanted: String
  /// Whether the disk is full, or a quota or limit on sizes is reached.
  package var isOutOfSpace = false

  /// An error about `item` of `file`.
  init(file: String, item: String? = nil, found: String, wanted: String) {
    self.file = file
    self.item = item
    self.found = found
    self.wanted = wanted
  }

  /// What a safetensors file was refused for, or could not be written for.
  init(_ error: SafetensorsError) {
    self.init(
      file: error.file, item: error.tensor.map { "tensor \($0)" }, found: error.found, wanted: error.wanted)
    isOutOfSpace = error.isOutOfSpace
  }

  /// What a file was refused for that could not be read or written, or held no archive or array.
  init(_ error: DataError) {
    guard let failure = error.writeFailure else {
      self.init(file: error.file, found: error.reason, wanted: "a file that can be read")
      return
    }
    self.init(file: error.file, found: "\(failure)", wanted: "a file that can be written")
    isOutOfSpace = error.isOutOfSpace
  }

  /// A setting of `item` that no network of ours can have.
  init(file: String, item: String?, _ error: ConfigurationError) {
    self.init(file: file, item: item, found: "\(error.setting) \(error.found)", wanted: error.wanted)
  }

  /// All of it in a line of printable text, whatever the file held.
  public var description: String {
    let place = item.map { "\(file), \($0)" } ?? file
    return printable("\(place): \(found), wanted \(wanted)", limit: 4096)
  }
}

/// Calls `body`; what a safetensors file was refused for, or could not be written for, becomes a ``WeightsError``.
func readingSafetensors<Result>(
  _ body: () throws(SafetensorsError) -> Result
) throws(WeightsError) -> Result {
  do { return try body() } catch { throw WeightsError(error) }
}

extension SequenceArchitecture {
  /// Throws where the head has hidden layers, for which the conventions of a file have no place.
  func checkHeadIsLinear(_ file: String) throws(WeightsError) {
    guard head.hiddenLayers.isEmpty else {
      throw WeightsError(file: file, item: "head", found: "hidden layers", wanted: "a linear head")
    }
  }
}

/// At most eight of `names`, for an error message.
func listed(_ names: [String]) -> String {
  guard !names.isEmpty else { return "none" }
  return names.prefix(8).joined(separator: ", ") + (names.count > 8 ? ", … (\(names.count))" : "")
}
