internal import DataIO
internal import Models

/// Handwritten digits of 8 × 8 pixels, each with its name in letters as caption (Alpaydin & Kaynak, "Optical
/// recognition of handwritten digits", 1998).
enum HandwrittenDigits {
  private static let side = 8
  /// The brightest pixel of the file.
  private static let brightest = 16.0
  private static let names = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]

  /// The digits of the gzip file at `path`, 64 pixels and a label a line, in the order of the file.
  static func read(_ path: String) throws(DataError) -> [CaptionedPicture] {
    let table = try CSVTable(
      text: FileReading.text(ofGzip: path, limits: .bytes(1 << 26)), file: path, hasHeader: false, separator: ",")
    let width = side * side + 1
    guard table.columns.count == width else {
      throw DataError(
        file: path, line: table.lines.first,
        reason: "\(table.columns.count) columns, wanted \(width): pixels and a label")
    }
    var columns: [[Double?]] = []
    for index in 0..<width { columns.append(try table.numbers(of: index)) }
    var digits: [CaptionedPicture] = []
    for row in 0..<table.rowCount {
      func number(_ column: Int, atMost most: Double) throws(DataError) -> Double {
        guard let number = columns[column][row], 0...most ~= number, number == number.rounded() else {
          throw DataError(
            file: path, line: table.lines[row], column: column + 1,
            reason: "not a whole number from 0 to \(Int(most)): \(table.columns[column][row])")
        }
        return number
      }
      var pixels: [Float] = []
      for column in 0..<width - 1 { pixels.append(Float(try number(column, atMost: brightest) / brightest)) }
      let digit = Int(try number(width - 1, atMost: 9))
      digits.append(CaptionedPicture(side: side, pixels: pixels, caption: names[digit].map(String.init)))
    }
    return digits
  }

  /// `digits` in three parts that `seed` decides: of every ten seven for training, one for validation and two for the
  /// test.
  static func parts(of digits: [CaptionedPicture], seed: UInt64) -> CaptionedPictures {
    var shuffled = digits
    var generator = SeededGenerator(seed: seed, stream: 2)
    generator.shuffle(&shuffled)
    func part(_ places: Range<Int>) -> [CaptionedPicture] {
      shuffled.indices.filter { places ~= $0 % 10 }.map { shuffled[$0] }
    }
    return CaptionedPictures(training: part(0..<7), validation: part(7..<8), test: part(8..<10), separator: "")
  }
}
