internal import Figures
internal import Kernels
internal import Models

/// A picture in grey, and what is to be said of it.
struct CaptionedPicture: Hashable, Sendable {
  /// Pixels of a side.
  let side: Int
  /// How bright each pixel is, from 0 to 1, row after row from the top.
  let pixels: [Float]
  /// The words, or letters, of its caption.
  let caption: [String]

  /// A picture of `side × side` pixels.
  init(side: Int, pixels: [Float], caption: [String]) {
    precondition(pixels.count == side * side, "\(pixels.count) pixels for a picture of \(side) × \(side)")
    self.side = side
    self.pixels = pixels
    self.caption = caption
  }

  /// The picture to look at under `title`.
  func figure(titled title: String) -> HeatMap {
    let places = (1...side).map(String.init)
    return HeatMap(
      title, rows: places, columns: places,
      values: (0..<side).map { row in pixels[row * side..<(row + 1) * side].map(Double.init) },
      axes: (row: "row", column: "column"), value: FigureAxis("brightness"))
  }
}

/// Pictures of one size with captions: to learn from, to choose by, and to be measured on.
struct CaptionedPictures: Hashable, Sendable {
  let training: [CaptionedPicture]
  let validation: [CaptionedPicture]
  let test: [CaptionedPicture]
  /// What stands between the tokens of a caption: nothing between letters, a blank between words.
  let separator: String
  /// The tokens of the captions of training, ``start`` and ``end``.
  let vocabulary: Vocabulary

  /// Stands before a caption.
  static let start: Int32 = 0
  /// Stands behind a caption.
  static let end: Int32 = 1

  /// Parts that are there.
  init(
    training: [CaptionedPicture], validation: [CaptionedPicture], test: [CaptionedPicture], separator: String
  ) {
    self.training = training
    self.validation = validation
    self.test = test
    self.separator = separator
    vocabulary = Vocabulary(["start", "end"] + Set(training.flatMap(\.caption)).sorted())
  }

  /// Pixels of a picture.
  var pixelCount: Int { training.first?.pixels.count ?? 0 }

  /// `pictures` for a network.
  func examples(of pictures: [CaptionedPicture]) -> ConditionedExamples<Float> {
    ConditionedExamples(
      contexts: Matrix(pictures.map(\.pixels)), sequences: pictures.map { vocabulary.numbers(of: $0.caption) },
      startToken: Self.start, endToken: Self.end)
  }

  /// The text of `tokens`.
  func text(of tokens: some Sequence<String>) -> String { tokens.joined(separator: separator) }
}
