/// Numbers that can be borrowed as a view: a ``Matrix``, or what keeps its numbers in one.
public protocol ViewSource {
  associatedtype Scalar: BLASScalar
  /// A view for reading, valid as long as this value is neither changed nor destroyed; `withViews` sees to that.
  var _view: MatrixView<Scalar> { get }
  /// The same for writing.
  mutating func _mutableView() -> MutableMatrixView<Scalar>
}

extension Matrix: ViewSource where Element: BLASScalar {
  /// A view for reading; see ``ViewSource``.
  @inlinable
  public var _view: MatrixView<Element> { unsafeView }

  /// A view for writing; copies the matrix first if another value shares its memory.
  @inlinable
  public mutating func _mutableView() -> MutableMatrixView<Element> { unsafeMutableView() }
}

/// Calls `body` with borrowed views of all `sources`.
///
///     let loss = withViews(predictions, targets) { meanSquaredError($0, $1) }
@inlinable
public func withViews<each Source: ViewSource, Result, Failure: Error>(
  _ sources: repeat each Source, body: (repeat MatrixView<(each Source).Scalar>) throws(Failure) -> Result
) throws(Failure) -> Result {
  defer { repeat withExtendedLifetime(each sources) {} }
  return try body(repeat (each sources)._view)
}

/// Calls `body` with a borrowed view of `target` for writing, and behind it those of all `sources`. The target is copied
/// first if another value shares its memory.
///
///     withViews(mutating: &outputs, reading: inputs, weights) { multiply($1, $2.transposed, into: $0) }
@inlinable
public func withViews<each Source: ViewSource, Target: ViewSource, Result, Failure: Error>(
  mutating target: inout Target, reading sources: repeat each Source,
  body: (MutableMatrixView<Target.Scalar>, repeat MatrixView<(each Source).Scalar>) throws(Failure) -> Result
) throws(Failure) -> Result {
  defer {
    repeat withExtendedLifetime(each sources) {}
    withExtendedLifetime(target) {}
  }
  return try body(target._mutableView(), repeat (each sources)._view)
}

/// The same with two values for writing.
@inlinable
public func withViews<each Source: ViewSource, First: ViewSource, Second: ViewSource, Result, Failure: Error>(
  mutating first: inout First, _ second: inout Second, reading sources: repeat each Source,
  body: (MutableMatrixView<First.Scalar>, MutableMatrixView<Second.Scalar>, repeat MatrixView<(each Source).Scalar>)
    throws(Failure) -> Result
) throws(Failure) -> Result {
  defer {
    repeat withExtendedLifetime(each sources) {}
    withExtendedLifetime(first) {}
    withExtendedLifetime(second) {}
  }
  return try body(first._mutableView(), second._mutableView(), repeat (each sources)._view)
}
