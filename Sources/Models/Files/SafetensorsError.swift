internal import Kernels

/// A safetensors file that cannot be read or written: which file, which tensor, what was found and what was wanted.
public struct SafetensorsError: Error, Equatable, CustomStringConvertible, Sendable {
  /// The kind of problem.
  public enum Problem: String, CaseIterable, Sendable {
    /// The system did not let the file be read.
    case cannotRead
    /// The system did not let the file be written. What was there before still is, unless only the directory could not
    /// be flushed: then the new file is there, but a power failure may bring the old one back.
    case cannotWrite
    /// Another training, of this process or another, writes the file.
    case inUse
    /// The file is too short for a header, or the header for its own length.
    case headerLength
    /// The header is not a JSON object of the kind that the format prescribes.
    case headerText
    /// A name occurs twice.
    case duplicateName
    /// A tensor's entry lacks a field, or has one that the format does not know, or one of another type.
    case field
    /// A tensor's numbers are of a type that is not supported, or cannot be had as the type asked for.
    case elementType
    /// A tensor has another shape than wanted, or one that no memory can hold.
    case shape
    /// A tensor's numbers lie outside the file or do not have the length that shape and type demand.
    case dataOffsets
    /// The numbers of two tensors overlap.
    case overlap
    /// Bytes belong to no tensor.
    case gap
    /// No tensor has the name asked for.
    case missingTensor
    /// A tensor is none of the model's.
    case unknownTensor
    /// A number is infinite or NaN.
    case notFinite
    /// The metadata lacks what rebuilds a model, or what is there describes none.
    case metadata
  }

  /// The file's path, or what the caller called the bytes.
  public let file: String
  /// The tensor's name; `nil` where the problem is not one tensor's.
  public let tensor: String?
  /// The kind of problem.
  public let problem: Problem
  /// What is there.
  public let found: String
  /// What should be.
  public let wanted: String
  /// Whether the disk is full, or a quota or limit on sizes is reached.
  package var isOutOfSpace = false

  /// All of it in a line of printable text, whatever the file held.
  public var description: String {
    let place = tensor.map { "\(file), tensor \($0)" } ?? file
    return printable("\(place): \(found), wanted \(wanted)", limit: 4096)
  }
}
