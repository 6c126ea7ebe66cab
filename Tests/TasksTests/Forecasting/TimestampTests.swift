import Testing

@testable import Tasks

@Suite struct TimestampTests {
  @Test(arguments: [
    ("2024-02-29", "2024-02-29T00:00:00"), ("2024/2/9", "2024-02-09T00:00:00"), ("2024.02.09", "2024-02-09T00:00:00"),
    ("2024-02", "2024-02-01T00:00:00"), ("2024-02-29T13:45", "2024-02-29T13:45:00"),
    ("2024-02-29 13:45:10", "2024-02-29T13:45:10"), ("2024-02-29 13:45:10.25", "2024-02-29T13:45:10.250"),
    ("2024-02-29T00:30Z", "2024-02-29T00:30:00"), ("2024-02-29T00:30+01:00", "2024-02-28T23:30:00"),
    ("2024-02-29 00:30:00 -0230", "2024-02-29T03:00:00"), ("2024-02-29 12:05 AM", "2024-02-29T00:05:00"),
    ("2024-02-29 12:05PM", "2024-02-29T12:05:00"), ("2024-02-29 1:05 pm UTC", "2024-02-29T13:05:00"),
    ("1969-12-31T23:59:59", "1969-12-31T23:59:59"), ("0001-01-01", "0001-01-01T00:00:00"),
  ])
  func usualFormsAreRead(_ text: String, _ wanted: String) throws {
    let moment = try #require(Timestamp(text, order: .yearMonthDay))
    #expect(moment.text(Timestamp.Style(hasTime: true)) == wanted)
  }

  @Test(arguments: [
    "", "2024", "20240229", "2024.02", "2023-02-29", "2024-13-01", "2024-00-01", "2024-01-32", "2024-01-01T24:00",
    "2024-01-01T12:60", "2024-01-01T12", "2024-01-01 12:00 noon", "2024-01-01T12:00+15:00", "2024-1-1-1", "1.5",
    "24-01-01", "2024-01-01T1:2", "٢٠٢٤-01-01", "2024-01-01 13:00 PM", "2024-01-01T12:00Z UTC", "-", "2024-01-01 12:0x",
  ])
  func otherTextsAreNil(_ text: String) { #expect(Timestamp(text, order: .yearMonthDay) == nil) }

  @Test func theOrderDecides() {
    #expect(Timestamp("3/4/2024", order: .dayMonthYear) == Timestamp(year: 2024, month: 4, day: 3))
    #expect(Timestamp("3/4/2024", order: .monthDayYear) == Timestamp(year: 2024, month: 3, day: 4))
    #expect(Timestamp("31.12.2024 08:00", order: .dayMonthYear)?.secondOfDay == 28_800.0)
    #expect(Timestamp("31/12/2024", order: .monthDayYear) == nil)
    #expect(Timestamp("2024-01-02", order: .dayMonthYear) == nil)
  }

  @Test func everyDayHasItsNumberAndTheNumberItsDay() {
    var number = Timestamp.dayNumber(year: 1896, month: 12, day: 31)
    for year in 1897...2104 {
      for month in 1...12 {
        for day in 1...Timestamp.days(inMonth: month, of: year) {
          number += 1
          #expect(Timestamp.dayNumber(year: year, month: month, day: day) == number)
          let date = Timestamp(seconds: Double(number) * 86_400 + 7).date
          #expect(date == (year, month, day))
        }
      }
    }
    #expect(Timestamp(year: 1970, month: 1, day: 1)?.seconds == 0)
  }

  @Test func styleSaysWhatIsWritten() throws {
    let moment = try #require(Timestamp(year: 2023, month: 5, day: 7, secondOfDay: 3661))
    #expect(moment.text(Timestamp.Style(hasTime: false)) == "2023-05-07")
    #expect(moment.text(Timestamp.Style(hasTime: true, hasZone: true)) == "2023-05-07T01:01:01Z")
  }
}
