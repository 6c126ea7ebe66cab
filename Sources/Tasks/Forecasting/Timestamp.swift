/// A point in time: seconds since 1970-01-01 in the proleptic Gregorian calendar, without leap seconds.
///
/// Where a text names a zone this is universal time, otherwise the clock's own.
package struct Timestamp: Hashable, Comparable, Codable, Sendable {
  package var seconds: Double

  /// The moment `seconds` after the start of 1970.
  package init(seconds: Double) { self.seconds = seconds }

  /// The start of a day, or `secondOfDay` seconds later. `nil` where the calendar has no such day.
  package init?(year: Int, month: Int, day: Int, secondOfDay: Double = 0) {
    guard 1...12 ~= month, 1...Self.days(inMonth: month, of: year) ~= day, 0...9999 ~= year else { return nil }
    seconds = Double(Self.dayNumber(year: year, month: month, day: day)) * 86_400 + secondOfDay
  }

  package static func < (a: Timestamp, b: Timestamp) -> Bool { a.seconds < b.seconds }

  /// Whole days since 1970-01-01.
  var dayNumber: Int { Int((seconds / 86_400).rounded(.down)) }

  /// Seconds since the start of the day.
  var secondOfDay: Double { seconds - Double(dayNumber) * 86_400 }

  /// Year, month and day (Hinnant, "chrono-compatible low-level date algorithms", 2013, `civil_from_days`).
  var date: (year: Int, month: Int, day: Int) {
    let shifted = dayNumber + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    // Years begin in March here, so that a leap day is the last.
    let month = (5 * dayOfYear + 2) / 153
    let isNextYear = month >= 10
    return (
      yearOfEra + era * 400 + (isNextYear ? 1 : 0), isNextYear ? month - 9 : month + 3,
      dayOfYear - (153 * month + 2) / 5 + 1
    )
  }

  /// Days since 1970-01-01 of a day of the calendar (`days_from_civil` of the same source).
  static func dayNumber(year: Int, month: Int, day: Int) -> Int {
    let year = month <= 2 ? year - 1 : year
    let era = (year >= 0 ? year : year - 399) / 400
    let yearOfEra = year - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  static func days(inMonth month: Int, of year: Int) -> Int {
    switch month {
    case 2: year.isMultiple(of: 4) && !year.isMultiple(of: 100) || year.isMultiple(of: 400) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  /// This moment in ISO 8601: `2024-02-29`, with `T13:45:00` where `style` has a time.
  package func text(_ style: Style) -> String {
    func padded(_ number: Int, _ width: Int = 2) -> String {
      let digits = String(number)
      return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
    // To the millisecond, which fractions of seconds are rounded to.
    let rounded = Timestamp(seconds: (seconds * 1000).rounded() / 1000)
    let (year, month, day) = rounded.date
    let date = "\(padded(year, 4))-\(padded(month))-\(padded(day))"
    guard style.hasTime else { return date }
    let milliseconds = Int((rounded.secondOfDay * 1000).rounded())
    let time = [milliseconds / 3_600_000, milliseconds / 60_000 % 60, milliseconds / 1000 % 60]
      .map { padded($0) }.joined(separator: ":")
    let fraction = milliseconds % 1000 == 0 ? "" : ".\(padded(milliseconds % 1000, 3))"
    return "\(date)T\(time)\(fraction)\(style.hasZone ? "Z" : "")"
  }

  /// How moments are written.
  package struct Style: Hashable, Codable, Sendable {
    /// Whether with a time of day.
    package var hasTime: Bool
    /// Whether as universal time, with a Z.
    package var hasZone: Bool

    package init(hasTime: Bool, hasZone: Bool = false) {
      self.hasTime = hasTime
      self.hasZone = hasZone
    }
  }
}

/// The order of year, month and day in a text.
package enum DateOrder: String, CaseIterable, Codable, Sendable {
  /// ISO 8601, and the same with slashes or points.
  case yearMonthDay
  /// As in most of the world.
  case dayMonthYear
  /// As in the United States.
  case monthDayYear
}

extension Timestamp {
  /// Reads `text`: a date in `order`, which may be `2024-02` for a month; after a blank or a T a time of day `13:45`,
  /// `13:45:10.5` or `1:45 PM`; after that `Z`, `UTC` or an offset such as `+01:00`. A year has four digits. `nil` for
  /// anything else.
  package init?(_ text: some StringProtocol, order: DateOrder) {
    guard let (timestamp, _) = Self.parse(text, order: order) else { return nil }
    self = timestamp
  }

  /// The moment and how it was written.
  static func parse(_ text: some StringProtocol, order: DateOrder) -> (Timestamp, Style)? {
    guard text.utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
    var rest = text.split(whereSeparator: { $0 == " " || $0 == "\t" }).map { String($0) }
    guard !rest.isEmpty else { return nil }
    var dateText = rest.removeFirst()
    if let separator = dateText.firstIndex(where: { $0 == "T" || $0 == "t" }) {
      rest.insert(String(dateText[dateText.index(after: separator)...]), at: 0)
      dateText = String(dateText[..<separator])
    }
    guard let (year, month, day) = date(dateText, order: order) else { return nil }
    var time = TimeOfDay()
    if !rest.isEmpty {
      guard let parsed = TimeOfDay(rest) else { return nil }
      time = parsed
    }
    guard
      let timestamp = Timestamp(year: year, month: month, day: day, secondOfDay: time.second - (time.offset ?? 0))
    else { return nil }
    return (timestamp, Style(hasTime: !rest.isEmpty, hasZone: time.offset != nil))
  }

  private static func date(_ text: String, order: DateOrder) -> (Int, Int, Int)? {
    guard let separator = text.first(where: { "-/.".contains($0) }) else { return nil }
    let pieces = text.split(separator: separator, omittingEmptySubsequences: false)
    let numbers = pieces.compactMap { $0.allSatisfy(\.isASCIIDigit) ? Int($0) : nil }
    guard numbers.count == pieces.count, pieces.allSatisfy({ $0.count == 1 || $0.count == 2 || $0.count == 4 }) else {
      return nil
    }
    if order == .yearMonthDay {
      guard pieces[0].count == 4, pieces.dropFirst().allSatisfy({ $0.count <= 2 }) else { return nil }
      // 2024.02 is a number.
      if numbers.count == 2 { return separator == "." ? nil : (numbers[0], numbers[1], 1) }
      return numbers.count == 3 ? (numbers[0], numbers[1], numbers[2]) : nil
    }
    guard numbers.count == 3, pieces[2].count == 4, pieces.dropLast().allSatisfy({ $0.count <= 2 }) else { return nil }
    return order == .dayMonthYear ? (numbers[2], numbers[1], numbers[0]) : (numbers[2], numbers[0], numbers[1])
  }
}

/// The part of a text after the date.
private struct TimeOfDay {
  /// Since the start of the day.
  var second = 0.0
  /// East of universal time, in seconds; `nil` where no zone was named.
  var offset: Double?

  init() {}

  /// Reads the parts between blanks: a clock, perhaps AM or PM, perhaps a zone.
  init?(_ words: [String]) {
    var clock = words[0].uppercased()
    var words = words.dropFirst().map { $0.uppercased() }
    if clock.hasSuffix("Z") {
      clock.removeLast()
      offset = 0
    } else if let sign = clock.lastIndex(where: { $0 == "+" || $0 == "-" }) {
      guard let parsed = Self.offset(clock[sign...]) else { return nil }
      offset = parsed
      clock = String(clock[..<sign])
    }
    for half in ["AM", "PM"] where clock.hasSuffix(half) {
      clock.removeLast(2)
      words.insert(half, at: 0)
    }
    let pieces = clock.split(separator: ":", omittingEmptySubsequences: false)
    guard 2...3 ~= pieces.count, pieces[0].count <= 2, pieces[1].count == 2,
      pieces.allSatisfy({ $0.first?.isASCIIDigit == true && $0.allSatisfy { $0.isASCIIDigit || $0 == "." } }),
      var hour = Int(pieces[0]), let minute = Int(pieces[1]), let seconds = pieces.count == 3 ? Double(pieces[2]) : 0
    else { return nil }
    if let half = words.first, half == "AM" || half == "PM" {
      guard 1...12 ~= hour else { return nil }
      hour = hour % 12 + (half == "PM" ? 12 : 0)
      words.removeFirst()
    }
    if let zone = words.first {
      guard words.count == 1, offset == nil else { return nil }
      if zone == "UTC" || zone == "GMT" || zone == "Z" { offset = 0 } else { offset = Self.offset(zone) }
      guard offset != nil else { return nil }
    }
    guard 0...23 ~= hour, 0...59 ~= minute, 0..<60 ~= seconds else { return nil }
    second = Double(hour * 3600 + minute * 60) + seconds
  }

  /// `+01`, `+0130`, `-01:30` in seconds.
  private static func offset(_ text: some StringProtocol) -> Double? {
    guard let sign = text.first, sign == "+" || sign == "-" else { return nil }
    let digits = String(text.filter { $0 != ":" }.dropFirst())
    guard digits.count == 2 || digits.count == 4, digits.allSatisfy(\.isASCIIDigit),
      let hours = Int(digits.prefix(2)), let minutes = digits.count == 4 ? Int(digits.suffix(2)) : 0,
      hours <= 14, minutes < 60
    else { return nil }
    return Double(hours * 3600 + minutes * 60) * (sign == "-" ? -1 : 1)
  }
}

extension Character {
  fileprivate var isASCIIDigit: Bool { "0"..."9" ~= self && isASCII }
}
