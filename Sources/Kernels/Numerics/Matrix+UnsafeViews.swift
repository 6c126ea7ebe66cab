/// Views without a closure around them, for workspaces inside the package: a pass opens half a dozen matrices at once. Such
/// a view is valid as long as its matrix is neither changed nor destroyed; every caller here holds the matrix `inout` for
/// longer than it uses the view.
extension Matrix where Element: BLASScalar {
  /// Elements there is memory for.
  package var capacity: Int { storage.count }

  @inlinable
  package var unsafeView: MatrixView<Element> { MatrixView(storage.elements, rows: rows, columns: columns) }

  /// Copies the matrix first if another value shares its memory.
  @inlinable
  package mutating func unsafeMutableView() -> MutableMatrixView<Element> {
    makeUnique()
    return MutableMatrixView(storage.elements, rows: rows, columns: columns)
  }

  /// Gives this workspace a shape, discarding its contents.
  package mutating func reshaped(rows: Int, columns: Int) -> MutableMatrixView<Element> {
    discardContents(resizingTo: rows, by: columns)
    return unsafeMutableView()
  }
}
