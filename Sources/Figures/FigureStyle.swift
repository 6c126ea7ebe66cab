extension Figure {
  /// The style sheet of pictures in a page; a picture alone includes it.
  ///
  /// Colours are custom properties of `svg.figure`, in a light and a dark set, so that a page may replace them. The six
  /// colours of lines are distinct for people with red-green blindness, differ in grey by marks and dashes, and have a
  /// contrast of at least 3 : 1 with the background (WCAG 2.2, 1.4.11).
  package static let styleSheet = """
    svg.figure {
      --figure-ground: #ffffff; --figure-ink: #1c2530; --figure-muted: #5a6675; --figure-grid: #e3e7ec;
      --figure-axis: #9aa5b1; --figure-1: #0b6bb8; --figure-2: #c2500c; --figure-3: #00795c; --figure-4: #a23f86;
      --figure-5: #8a6a00; --figure-6: #4c5b9b;
      color: var(--figure-ink); font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
      font-size: 12px; display: block; width: 100%; height: auto; max-width: 60rem;
    }
    @media (prefers-color-scheme: dark) {
      svg.figure {
        --figure-ground: #14181d; --figure-ink: #e6eaef; --figure-muted: #a0abb8; --figure-grid: #2a323b;
        --figure-axis: #64707d; --figure-1: #5cb1f2; --figure-2: #f58d4e; --figure-3: #3cc9a0; --figure-4: #e48dc8;
        --figure-5: #e0bd45; --figure-6: #a3b1f0;
      }
    }
    svg.figure text { fill: currentColor; }
    svg.figure .ground { fill: var(--figure-ground); }
    svg.figure .heading { font-size: 15px; font-weight: 600; }
    svg.figure .label { font-weight: 600; fill: var(--c, currentColor); }
    svg.figure .axis-label { fill: var(--figure-muted); }
    svg.figure .tick { fill: var(--figure-muted); font-size: 11px; font-variant-numeric: tabular-nums; }
    svg.figure .name { font-size: 11px; }
    svg.figure .symbols { font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; }
    svg.figure .note { fill: var(--figure-muted); font-size: 11px; font-style: italic; }
    svg.figure .grid { stroke: var(--figure-grid); fill: none; }
    svg.figure .axis { stroke: var(--figure-axis); fill: none; }
    svg.figure .line { stroke: var(--c); stroke-width: 2; fill: none; stroke-linejoin: round; stroke-linecap: round; }
    svg.figure .mark { fill: var(--c); stroke: var(--figure-ground); stroke-width: 1; }
    svg.figure .hollow { fill: var(--figure-ground); stroke: var(--c); stroke-width: 2; }
    svg.figure .hover { fill: transparent; stroke: none; }
    svg.figure .band { fill: var(--c); fill-opacity: 0.18; stroke: none; }
    svg.figure .leader { stroke: var(--c); stroke-width: 1; stroke-opacity: 0.5; fill: none; }
    svg.figure .c0 { --c: var(--figure-muted); }
    svg.figure .c1 { --c: var(--figure-1); }
    svg.figure .c2 { --c: var(--figure-2); }
    svg.figure .c3 { --c: var(--figure-3); }
    svg.figure .c4 { --c: var(--figure-4); }
    svg.figure .c5 { --c: var(--figure-5); }
    svg.figure .c6 { --c: var(--figure-6); }
    svg.figure .d1 { stroke-dasharray: 7 5; stroke-linecap: butt; }
    svg.figure .d2 { stroke-dasharray: 2 4; stroke-linecap: butt; }
    svg.figure .d3 { stroke-dasharray: 10 3 2 3; stroke-linecap: butt; }
    svg.figure .cells { shape-rendering: crispEdges; }
    svg.figure .over { fill: var(--figure-1); stroke: none; }
    svg.figure .under { fill: var(--figure-2); stroke: none; }
    svg.figure .absent { fill: var(--figure-grid); stroke: var(--figure-axis); stroke-width: 0.5; }
    svg.figure .frame { fill: none; stroke: var(--figure-axis); stroke-width: 1; }
    """
}

/// The style that distinguishes a line of a picture.
struct SeriesStyle {
  /// The class of its colour.
  let colour: String
  /// The class of its dashes; `nil` for none.
  let dashes: String?
  /// The index of the shape of its marks.
  let mark: Int

  /// The style of the result `index`, counted from 0.
  static func result(_ index: Int) -> SeriesStyle { SeriesStyle(colour: "c\(index % 6 + 1)", dashes: nil, mark: index) }

  /// The style of the reference `index`, counted from 0.
  static func reference(_ index: Int) -> SeriesStyle {
    SeriesStyle(colour: "c0", dashes: "d\(index % 3 + 1)", mark: index)
  }

  /// The classes of a line.
  var lineClass: String { ["line", colour, dashes].compactMap(\.self).joined(separator: " ") }

  /// A mark around a point: circle, square, triangle or diamond.
  func mark(x: Double, y: Double, radius: Double = 3.5) -> Markup {
    func path(_ corners: [(Double, Double)]) -> Markup {
      let steps = corners.map { "\(NumberText.coordinate(x + $0 * radius)) \(NumberText.coordinate(y + $1 * radius))" }
      return Markup("path", ["class": "mark \(colour)", "d": "M" + steps.joined(separator: "L") + "Z"])
    }
    switch mark % 4 {
    case 0:
      return Markup(
        "circle",
        [
          "class": "mark \(colour)", "cx": NumberText.coordinate(x), "cy": NumberText.coordinate(y),
          "r": NumberText.coordinate(radius),
        ])
    case 1: return path([(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)])
    case 2: return path([(0, -1.2), (1.1, 0.8), (-1.1, 0.8)])
    default: return path([(0, -1.25), (1.25, 0), (0, 1.25), (-1.25, 0)])
    }
  }
}
