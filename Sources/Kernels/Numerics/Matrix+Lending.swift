/// Views without a closure around them, for workspaces inside the package: a pass lends itself half a dozen matrices at
/// once. A lent view is valid as long as its matrix is neither changed nor destroyed; every caller here holds the
/// matrix `inout` for longer than it uses the view.
extension Matrix where Element: BLASScalar {
  /// Elements there is memory for.
  package var capacity: Int { storage.count }

  /// Lends this matrix for reading.
  @inlinable
  package var lentForReading: MatrixView<Element> { MatrixView(storage.elements, rows: rows, columns: columns) }

  /// Lends this matrix for writing. Copies it first if another value shares its memory.
  @inlinable
  package mutating func lent() -> MutableMatrixView<Element> {
    makeUnique()
    return MutableMatrixView(storage.elements, rows: rows, columns: columns)
  }

  /// Gives this workspace a shape, discarding its contents, and lends it for writing.
  package mutating func reshaped(rows: Int, columns: Int) -> MutableMatrixView<Element> {
    discardContents(resizingTo: rows, by: columns)
    return lent()
  }
}
