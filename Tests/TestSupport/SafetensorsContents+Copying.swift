package import Models

extension SafetensorsContents {
  /// What the file at `path` holds, whose tensors are of `Float`.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - change: An element of a tensor that is another number in the copy. A sum over the file, as checkpoints have it, is
  ///     right all the same.
  package init(copying path: String, replacing change: (tensor: String, index: Int, number: Float)? = nil) throws {
    let file = try SafetensorsFile(path: path)
    self.init(metadata: file.metadata)
    for name in file.tensorNames {
      var (shape, elements) = try file.tensor(name, as: Float.self)
      if let change, change.tensor == name { elements[change.index] = change.number }
      setTensor(name, shape: shape, elements: elements)
    }
    if metadata.removeValue(forKey: "sum") != nil { metadata["sum"] = sum() }
  }
}
