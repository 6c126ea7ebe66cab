internal import Figures
internal import Kernels
internal import Models

/// A grey-scale picture and its caption.
struct CaptionedPicture: Hashable, Sendable {
  /// Pixels of a side.
  let side: Int
  /// The brightness of each pixel, from 0 to 1, row after row from the top.
  let pixels: [Float]
  /// The words, or letters, of its caption.
  let caption: [String]

  /// A picture of `side × side` pixels.
  init(side: Int, pixels: [Float], caption: [String]) {
    require(pixels.count == side * side, "\(pixels.count) pixels for a picture of \(side) × \(side)")
    self.side = side
    self.pixels = pixels
    self.caption = caption
  }

  func figure(titled title: String) -> HeatMap {
    let places = (1...side).map(String.init)
    return HeatMap(
      title, rows: places, columns: places,
      values: (0..<side).map { row in pixels[row * side..<(row + 1) * side].map(Double.init) },
      axes: (row: "row", column: "column"), value: FigureAxis("brightness"))
  }
}

/// Pictures of one size with captions: the training, validation and test parts.
struct CaptionedPictures: Hashable, Sendable {
  let training: [CaptionedPicture]
  let validation: [CaptionedPicture]
  let test: [CaptionedPicture]
  /// Separates the tokens of a caption: nothing between letters, a space between words.
  let separator: String
  /// The tokens of the captions of training, ``start`` and ``end``.
  let vocabulary: Vocabulary

  static let start: Int32 = 0
  static let end: Int32 = 1

  init(
    training: [CaptionedPicture], validation: [CaptionedPicture], test: [CaptionedPicture], separator: String
  ) {
    self.training = training
    self.validation = validation
    self.test = test
    self.separator = separator
    vocabulary = Vocabulary(["start", "end"] + Set(training.flatMap(\.caption)).sorted())
  }

  var pixelCount: Int { training.first?.pixels.count ?? 0 }

  /// `pictures` for a network.
  func examples(of pictures: [CaptionedPicture]) -> ConditionedExamples<Float> {
    ConditionedExamples(
      contexts: Matrix(pictures.map(\.pixels)), sequences: pictures.map { vocabulary.numbers(of: $0.caption) },
      startToken: Self.start, endToken: Self.end)
  }

  func text(of tokens: some Sequence<String>) -> String { tokens.joined(separator: separator) }
}
