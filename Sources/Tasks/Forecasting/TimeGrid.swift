internal import Models

/// The distance between two rows of a table with dates.
package enum TimeStep: Hashable, Codable, Sendable {
  /// Seconds, such as 3600 for hours.
  case seconds(Double)
  /// Months of the calendar: 12 for years.
  case months(Int)

  /// The usual distance in `series`, each in the order of time: months where all are on the same day of the month, or
  /// all at its end. `nil` where no series has two rows.
  package init?(of series: [[Timestamp]]) {
    let differences = series.flatMap { zip($0, $0.dropFirst()).map { $1.seconds - $0.seconds } }.sorted()
    guard !differences.isEmpty else { return nil }
    let median = differences[differences.count / 2]
    let days = median / 86_400
    let months: Int? =
      switch days {
      case 28...31: 1
      case 89...92: 3
      case 181...184: 6
      case 365...366: 12
      default: nil
      }
    let all = series.joined()
    let isSameDay = Set(all.map { $0.date.day }).count == 1
    let isMonthEnd = all.allSatisfy { moment in
      let (year, month, day) = moment.date
      return day == Timestamp.days(inMonth: month, of: year)
    }
    self = if let months, isSameDay || isMonthEnd { .months(months) } else { .seconds(median) }
  }

  /// The moment `count` steps after `moment`. The end of a month goes to the end of a month.
  package func moment(_ count: Int, after moment: Timestamp) -> Timestamp {
    switch self {
    case .seconds(let seconds): return Timestamp(seconds: moment.seconds + Double(count) * seconds)
    case .months(let months):
      let (year, month, day) = moment.date
      let total = year * 12 + month - 1 + count * months
      let (newYear, newMonth) = (total / 12, total % 12 + 1)
      let longest = Timestamp.days(inMonth: newMonth, of: newYear)
      let isMonthEnd = day == Timestamp.days(inMonth: month, of: year)
      let newDay = isMonthEnd ? longest : min(day, longest)
      return Timestamp(
        seconds: Double(Timestamp.dayNumber(year: newYear, month: newMonth, day: newDay)) * 86_400 + moment.secondOfDay)
    }
  }

  /// Throws where two moments of the calendar, whose years have four digits, cannot be so far apart.
  func check() throws(ConfigurationError) {
    let years = 10_000
    let (found, isPossible) =
      switch self {
      case .seconds(let seconds): ("\(seconds) seconds", seconds > 0 && seconds <= Double(years) * 366 * 86_400)
      case .months(let months): ("\(months) months", 1...years * 12 ~= months)
      }
    guard isPossible else {
      throw ConfigurationError(
        setting: "step", found: found, wanted: "a positive number of seconds or months, \(years) years at most")
    }
  }

  /// Approximate seconds of a step.
  var seconds: Double {
    switch self {
    case .seconds(let seconds): seconds
    case .months(let months): Double(months) * 365.2425 / 12 * 86_400
    }
  }

  /// The number of distances in `moments` that differ from this one by more than a tenth; months vary as in the
  /// calendar.
  func irregularities(in moments: [Timestamp]) -> Int {
    zip(moments, moments.dropFirst()).count { a, b in
      abs(moment(1, after: a).seconds - b.seconds) > seconds / 10
    }
  }
}

/// Cycles of the clock and the calendar: each gives a network two features, the sine and the cosine of its phase.
package enum CalendarCycle: String, CaseIterable, Codable, Sendable {
  /// 24 hours.
  case day
  /// 7 days.
  case week
  /// A year of the calendar.
  case year

  /// The cycles that rows `step` apart over `span` seconds can show: longer than two steps, and seen for twice their
  /// length, but a year for one and a half.
  package static func visible(step: TimeStep, span: Double) -> [CalendarCycle] {
    allCases.filter { cycle in
      cycle.seconds > 2.5 * step.seconds && span >= (cycle == .year ? 1.5 : 2) * cycle.seconds
    }
  }

  var seconds: Double {
    switch self {
    case .day: 86_400
    case .week: 7 * 86_400
    case .year: 365.2425 * 86_400
    }
  }

  /// How far into the cycle `moment` is, from 0 up to 1.
  package func phase(of moment: Timestamp) -> Double {
    switch self {
    case .day: return moment.secondOfDay / 86_400
    case .week:
      let day = moment.dayNumber % 7
      return (Double(day < 0 ? day + 7 : day) + moment.secondOfDay / 86_400) / 7
    case .year:
      let year = moment.date.year
      let first = Timestamp.dayNumber(year: year, month: 1, day: 1)
      let length = Timestamp.dayNumber(year: year + 1, month: 1, day: 1) - first
      return (moment.seconds / 86_400 - Double(first)) / Double(length)
    }
  }
}
