internal import Kernels

extension RecurrentLayer where Scalar: SafetensorsElement {
  /// Writes the parameters at `path` under PyTorch's names, as `safetensors.torch.save_file` writes the state of its
  /// module. Atomic as ``SafetensorsContents/write(to:)``; throws where the system refuses.
  public func writeParameters(to path: String) throws(SafetensorsError) {
    var contents = SafetensorsContents()
    contents.setParameters(parameters)
    try contents.write(to: path)
  }

  /// Replaces the parameters by those at `path`, which must be exactly this architecture's and, unless
  /// `allowsNonFinite`, finite; where they are not, throws and leaves the old ones.
  public mutating func readParameters(from path: String, allowsNonFinite: Bool = false) throws(SafetensorsError) {
    parameters = try SafetensorsFile(path: path).allParameters(
      parameters.layout, as: Scalar.self, allowsNonFinite: allowsNonFinite)
  }
}
