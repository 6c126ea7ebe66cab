extension Matrix where Element: BLASScalar {
  /// Each row x as probabilities, eˣ / Σ eˣ: what logits say of classes. Computed relative to the row's largest, so that
  /// nothing overflows.
  public func softmax() -> Matrix {
    var result = self
    result.withMutableView(softmaxRows)
    return result
  }

  /// The column of the largest number of each row, `[rows]`; the first of equal ones. Needs at least one column.
  public func argmax() -> [Int] {
    require(columns > 0 || rows == 0, "a row without columns has no largest number")
    return withView { view in (0..<view.rows).map { Element._argmax(view.row($0), view.columns) } }
  }
}
