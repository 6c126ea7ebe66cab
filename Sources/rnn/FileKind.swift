#if Tools
import DataIO

/// The kinds of files that hold models, by extension.
enum FileKind: String, CaseIterable {
  case safetensors, onnx, npz, keras
  case hdf5 = "h5"

  /// Whether the tool writes such files too.
  var isWritten: Bool { self != .keras && self != .hdf5 }

  /// The extensions of `kinds`, for an error message.
  static func list(_ kinds: [FileKind]) -> String { kinds.map { ".\($0.rawValue)" }.joined(separator: ", ") }

  /// The kind of the file at `path`; throws where its extension is no model's.
  init(_ path: String) throws(DataError) {
    let name = path.split(separator: "/").last ?? ""
    let suffix = name.contains(".") ? name.split(separator: ".").last.map(String.init) ?? "" : ""
    guard let kind = FileKind(rawValue: suffix) else {
      throw DataError(
        file: path, reason: "no model has the extension \(quoted(suffix)), wanted one of \(Self.list(Self.allCases))")
    }
    self = kind
  }
}
#endif
