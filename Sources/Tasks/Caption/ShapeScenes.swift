internal import Models

/// Pictures of two shapes that a seed draws, each with a sentence that says which they are, how big, and how they lie:
/// “a small circle above a big square”.
///
/// Exactly one caption is right: of two shapes one above the other the upper is named first, of two side by side the
/// left one.
struct ShapeScenes {
  /// Standard deviation of the noise added to each pixel.
  var noise = 0.08

  private static let side = 16

  /// What is drawn; a shape has a centre and a half width.
  private enum Kind: String, CaseIterable {
    case circle, square, triangle

    /// Whether the shape of half width `half` covers the pixel `x` to the right of its centre and `y` under it.
    func covers(_ x: Int, _ y: Int, half: Int) -> Bool {
      guard max(abs(x), abs(y)) <= half else { return false }
      switch self {
      case .square: return true
      case .circle: return x * x + y * y <= half * half + 1
      // Its tip is at the top, and it grows by half a pixel to each side with every row.
      case .triangle: return 2 * abs(x) <= y + half
      }
    }
  }

  private struct Shape {
    let kind: Kind
    let isBig: Bool
    var x = 0
    var y = 0

    init(using generator: inout SeededGenerator) {
      kind = Kind.allCases[generator.uniform(in: 0..<Kind.allCases.count)]
      isBig = generator.uniform(in: 0..<2) == 1
    }

    var half: Int { isBig ? 3 : 2 }
    var words: [String] { ["a", isBig ? "big" : "small", kind.rawValue] }

    mutating func move(using generator: inout SeededGenerator) {
      x = generator.uniform(in: half..<ShapeScenes.side - half)
      y = generator.uniform(in: half..<ShapeScenes.side - half)
    }
  }

  func picture(using generator: inout SeededGenerator) -> CaptionedPicture {
    var (first, second) = (Shape(using: &generator), Shape(using: &generator))
    let isAbove = generator.uniform(in: 0..<2) == 1
    // The positions depend on the sizes alone: draw until they fit.
    repeat {
      first.move(using: &generator)
      second.move(using: &generator)
    } while !lies(first, before: second, isAbove: isAbove)

    var pixels = (0..<Self.side * Self.side).map { _ in Float(noise * abs(generator.normal(Double.self))) }
    for shape in [first, second] {
      let brightness: Double = generator.uniform(in: 0.6..<1)
      for y in -shape.half...shape.half {
        for x in -shape.half...shape.half where shape.kind.covers(x, y, half: shape.half) {
          pixels[(shape.y + y) * Self.side + shape.x + x] += Float(brightness)
        }
      }
    }
    return CaptionedPicture(
      side: Self.side, pixels: pixels.map { min($0, 1) },
      caption: first.words + (isAbove ? ["above"] : ["left", "of"]) + second.words)
  }

  /// Whether `first` is clearly above, or left of, `second`: a row or column is free between them, and the way between
  /// their centres is steeper, or flatter, than 1 in 2.
  private func lies(_ first: Shape, before second: Shape, isAbove: Bool) -> Bool {
    let (right, down) = (second.x - first.x, second.y - first.y)
    let (along, across) = isAbove ? (down, right) : (right, down)
    return along > first.half + second.half + 1 && 2 * abs(across) <= along
  }

  /// Scenes in three parts, which `seed` decides.
  func parts(training: Int, validation: Int, test: Int, seed: UInt64) -> CaptionedPictures {
    func part(_ count: Int, _ stream: UInt64) -> [CaptionedPicture] {
      var generator = SeededGenerator(seed: seed, stream: stream)
      return (0..<count).map { _ in picture(using: &generator) }
    }
    return CaptionedPictures(
      training: part(training, 3), validation: part(validation, 4), test: part(test, 5), separator: " ")
  }
}
