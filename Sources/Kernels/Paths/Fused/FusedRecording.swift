/// Gates and cell states of some rows of a batch, as a forward pass on the fused path records them and the backward pass
/// reads them: all rows, or those of one window whose gates are recomputed.
struct FusedRecording<Scalar: BLASScalar>: Sendable {
  let rows: Range<Int>
  let gates: Panels<Scalar>
  /// Cell states after each row.
  let cells: Panels<Scalar>
  /// Cell states before the first step, by rank.
  let initialCells: Panels<Scalar>
  /// Cell states before the first step of `rows`, by rank.
  let cellsBefore: Panels<Scalar>

  /// The gates from row `row` of the batch on.
  func gates(from row: Int) -> Panels<Scalar> { gates.rows(from: row - rows.lowerBound) }

  /// The cell states from that after row `row` on.
  func cells(after row: Int) -> Panels<Scalar> { cells.rows(from: row - rows.lowerBound) }

  /// The cell states with which a step of the sequences from rank `rank` on begins, whose step before has the rows from
  /// `rowBefore` on; `nil` where they start.
  func cells(before rank: Int, after rowBefore: Int?) -> Panels<Scalar> {
    guard let rowBefore else { return initialCells.rows(from: rank) }
    return rows.contains(rowBefore) ? cells(after: rowBefore) : cellsBefore.rows(from: rank)
  }
}
