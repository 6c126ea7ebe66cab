public import DataIO
public import Kernels
public import Models

/// A floating-point type that both the engine and a `Tensor` know: `Float` or `Double`, and no other.
public protocol TensorScalar: BLASScalar, SafetensorsElement {
  /// A tensor of `shape` with these elements, in row-major order.
  static func tensor(_ shape: [Int], _ elements: [Self]) -> Tensor
  /// The numbers of a tensor of any type, each rounded once.
  static func elements(of tensor: Tensor) -> [Self]
}

extension Float: TensorScalar {
  /// A tensor of `shape` with these elements, in row-major order.
  public static func tensor(_ shape: [Int], _ elements: [Float]) -> Tensor { Tensor(shape: shape, .float(elements)) }
  /// The numbers of a tensor of any type, each rounded once.
  public static func elements(of tensor: Tensor) -> [Float] { tensor.elements.floats }
}

extension Double: TensorScalar {
  /// A tensor of `shape` with these elements, in row-major order.
  public static func tensor(_ shape: [Int], _ elements: [Double]) -> Tensor { Tensor(shape: shape, .double(elements)) }
  /// The numbers of a tensor of any type, each rounded once.
  public static func elements(of tensor: Tensor) -> [Double] { tensor.elements.doubles }
}
