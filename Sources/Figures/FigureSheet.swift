/// The sheet that a picture is drawn on, from the top down: title, legend, and the elements that are added.
struct FigureSheet {
  struct LegendEntry {
    let name: String
    /// Draws a sample in 24 × 12 units, given the top left corner.
    let sample: (_ x: Double, _ y: Double) -> [Markup]
  }

  /// The width of every picture, in its own unit; a page may show it at any.
  static let width = 720.0
  static let margin = 12.0

  /// The end of title and legend.
  private(set) var top: Double
  private let title: String
  private var elements: [Markup] = []

  /// A sheet with `title` on it and, below, what `legend` lists.
  init(title: String, legend: [LegendEntry] = []) {
    self.title = title
    top = Self.margin
    for line in TextMeasure.lines(title, width: Self.width - 2 * Self.margin, size: 15 * TextMeasure.bold) {
      top += 16
      text(line, x: Self.margin, y: top, style: "heading")
      top += 4
    }
    top += 10
    var x = Self.margin
    for entry in legend {
      let name = TextMeasure.shortened(entry.name, width: Self.width - 2 * Self.margin - 32, size: 12)
      let width = 32 + TextMeasure.width(name, size: 12)
      if x > Self.margin, x + width > Self.width - Self.margin {
        x = Self.margin
        top += 20
      }
      for sample in entry.sample(x, top + 4) { add(sample) }
      text(name, x: x + 30, y: top + 14)
      x += width + 20
    }
    if !legend.isEmpty { top += 26 }
  }

  mutating func add(_ element: Markup) { elements.append(element) }

  /// Adds `elements` as a group.
  mutating func add(group elements: [Markup], style: String? = nil) {
    let group = Markup("g", [:], elements)
    add(style.map { group.with("class", $0) } ?? group)
  }

  /// Adds a text whose baseline begins, is centred or ends at the point.
  mutating func text(_ content: String, x: Double, y: Double, style: String? = nil, anchor: String = "start") {
    guard !content.isEmpty else { return }
    var element = Markup(
      "text", ["x": NumberText.coordinate(x), "y": NumberText.coordinate(y)], text: content)
    if let style { element = element.with("class", style) }
    if anchor != "start" { element = element.with("text-anchor", anchor) }
    add(element)
  }

  /// Adds a straight line.
  mutating func line(_ from: (x: Double, y: Double), _ to: (x: Double, y: Double), style: String) {
    add(Self.line(from, to, style: style))
  }

  static func line(_ from: (x: Double, y: Double), _ to: (x: Double, y: Double), style: String) -> Markup {
    Markup(
      "line",
      [
        "class": style, "x1": NumberText.coordinate(from.x), "y1": NumberText.coordinate(from.y),
        "x2": NumberText.coordinate(to.x), "y2": NumberText.coordinate(to.y),
      ])
  }

  static func rectangle(x: Double, y: Double, width: Double, height: Double, style: String) -> Markup {
    Markup(
      "rect",
      [
        "class": style, "x": NumberText.coordinate(x), "y": NumberText.coordinate(y),
        "width": NumberText.coordinate(width), "height": NumberText.coordinate(height),
      ])
  }

  /// The picture, `height` high.
  ///
  /// - Parameters:
  ///   - height: Its height in its own unit.
  ///   - description: A description of its contents for screen readers.
  ///   - isAlone: Whether it is a file of its own, with style sheet and background.
  func picture(height: Double, description: String, isAlone: Bool) -> String {
    let size = "\(NumberText.coordinate(Self.width)) \(NumberText.coordinate(height))"
    var children = [Markup("title", text: title), Markup("desc", text: description)]
    if isAlone {
      children.append(Markup("style", text: Figure.styleSheet))
      children.append(Self.rectangle(x: 0, y: 0, width: Self.width, height: height, style: "ground"))
    }
    return Markup(
      "svg",
      [
        "xmlns": "http://www.w3.org/2000/svg", "class": "figure", "viewBox": "0 0 \(size)",
        "width": NumberText.coordinate(Self.width), "height": NumberText.coordinate(height), "role": "img",
        "aria-label": title,
      ], children + elements
    ).text
  }
}

/// Estimates of the size of a text without its font, rather too large than too small.
enum TextMeasure {
  /// The factor by which semi-bold letters are wider.
  static let bold = 1.15

  /// The width of `text` in letters `size` high.
  static func width(_ text: some StringProtocol, size: Double) -> Double {
    text.unicodeScalars.reduce(0) { $0 + width($1) } * size
  }

  /// `text`, or as much of its beginning as fits into `width`, with an ellipsis.
  static func shortened(_ text: String, width limit: Double, size: Double) -> String {
    guard width(text, size: size) > limit else { return text }
    var (shortened, letters) = ("", 0.0)
    for character in text {
      letters = character.unicodeScalars.reduce(letters) { $0 + width($1) }
      guard letters * size + size <= limit else { break }
      shortened.append(character)
    }
    return shortened + "…"
  }

  /// `text` broken between words into lines that fit into `width`.
  static func lines(_ text: String, width limit: Double, size: Double) -> [String] {
    var lines: [String] = []
    for word in text.split(whereSeparator: \.isWhitespace) {
      if let last = lines.last, width(last + " " + word, size: size) <= limit {
        lines[lines.count - 1] = last + " " + word
      } else {
        lines.append(shortened(String(word), width: limit, size: size))
      }
    }
    return lines
  }

  /// The usual advance of a letter of a sans serif, as a part of its size.
  private static func width(_ scalar: Unicode.Scalar) -> Double {
    switch scalar {
    case "i", "j", "l", "I", "t", "f", "r", " ", ".", ",", ":", ";", "'", "|", "!", "(", ")": 0.38
    case "m", "w", "M", "W", "—", "…": 0.92
    case "A"..."Z": 0.7
    case "\u{300}"..."\u{36F}", "\u{200D}", "\u{FE0F}": 0
    case "\u{1100}"..."\u{11FF}", "\u{2E80}"..."\u{FFEF}", "\u{1F000}"..."\u{1FAFF}": 1.05
    default: 0.61
    }
  }
}

extension FigureAxis {
  /// The label with its unit: `loss (nats per character)`.
  var text: String {
    guard let unit, !unit.isEmpty else { return label }
    return label.isEmpty ? unit : "\(label) (\(unit))"
  }
}
