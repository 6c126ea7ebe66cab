internal import Glibc

extension Matrix: CustomStringConvertible {
  /// The shape and the numbers, six digits of each, row by row; of a large matrix the first and the last three rows and
  /// columns.
  public var description: String {
    let (rowPlaces, columnPlaces) = (Self.shownPlaces(of: rows), Self.shownPlaces(of: columns))
    let cells = rowPlaces.map { row in
      columnPlaces.map { column in
        guard let row, let column else { return "…" }
        return Self.text(of: self[row, column])
      }
    }
    let widths = columnPlaces.indices.map { column in cells.map { $0[column].count }.max() ?? 0 }
    let lines = cells.map { row in
      zip(row, widths).map { String(repeating: " ", count: $1 - $0.count) + $0 }.joined(separator: "  ")
    }
    return (["\(rows) × \(columns)"] + (columns == 0 ? [] : lines)).joined(separator: "\n")
  }

  /// The places of `count` that are shown; `nil` for a mark of omission.
  private static func shownPlaces(of count: Int) -> [Int?] {
    count <= 8 ? Array(0..<count) : [0, 1, 2, nil, count - 3, count - 2, count - 1]
  }

  private static func text(of element: Element) -> String {
    guard let number = (element as? Float).map(Double.init) ?? element as? Double else { return "\(element)" }
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 32) { buffer in
      _ = withVaList([number]) { vsnprintf(buffer.baseAddress!, buffer.count, "%.6g", $0) }
      return String(cString: buffer.baseAddress!)
    }
  }
}
