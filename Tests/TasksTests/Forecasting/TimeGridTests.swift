import Testing

@testable import Tasks

@Suite struct TimeGridTests {
  private func moments(_ texts: String...) -> [Timestamp] { texts.map { Timestamp($0, order: .yearMonthDay)! } }

  @Test func theUsualDistanceIsTheStep() {
    #expect(
      TimeStep(of: [moments("2024-01-01 00:00", "2024-01-01 01:00", "2024-01-01 02:00", "2024-01-01 09:00")])
        == .seconds(3600))
    #expect(TimeStep(of: [moments("2024-01-01"), moments("2024-01-01", "2024-01-03")]) == .seconds(2 * 86_400))
    #expect(TimeStep(of: [moments("2024-01-01")]) == nil)
  }

  @Test func monthsAreThoseOfTheCalendar() {
    let months = moments("2023-11-01", "2023-12-01", "2024-01-01", "2024-02-01", "2024-03-01")
    #expect(TimeStep(of: [months]) == .months(1))
    #expect(TimeStep(of: [moments("2023-01-31", "2023-02-28", "2023-03-31", "2023-04-30")]) == .months(1))
    #expect(TimeStep(of: [moments("2022-03-05", "2023-03-05", "2024-03-05")]) == .months(12))
    // 30 days again and again are no months.
    #expect(TimeStep(of: [moments("2024-01-01", "2024-01-31", "2024-03-01")]) == .seconds(30 * 86_400))
  }

  @Test func stepsGoForward() {
    let start = moments("2023-11-30")[0]
    #expect(TimeStep.months(1).moment(3, after: start) == moments("2024-02-29")[0])
    #expect(TimeStep.months(12).moment(1, after: start) == moments("2024-11-30")[0])
    #expect(TimeStep.months(1).moment(2, after: moments("2023-12-15 06:00")[0]) == moments("2024-02-15 06:00")[0])
    #expect(TimeStep.seconds(3600).moment(25, after: start) == moments("2023-12-01 01:00")[0])
  }

  @Test func gapsAreCounted() {
    let hours = moments("2024-01-01 00:00", "2024-01-01 01:00", "2024-01-01 03:00", "2024-01-01 04:00")
    #expect(TimeStep.seconds(3600).irregularities(in: hours) == 1)
    #expect(TimeStep.months(1).irregularities(in: moments("2023-12-01", "2024-01-01", "2024-02-01")) == 0)
  }

  @Test func cyclesAreThoseThatCanBeSeen() {
    let day = 86_400.0
    #expect(CalendarCycle.visible(step: .seconds(3600), span: 3 * day) == [.day])
    #expect(CalendarCycle.visible(step: .seconds(3600), span: 20 * day) == [.day, .week])
    #expect(CalendarCycle.visible(step: .seconds(day), span: 1000 * day) == [.week, .year])
    #expect(CalendarCycle.visible(step: .months(1), span: 1000 * day) == [.year])
    #expect(CalendarCycle.visible(step: .seconds(60), span: day) == [])
  }

  @Test func phasesRunFromZeroToOne() {
    let moment = moments("2024-01-01 06:00")[0]
    #expect(CalendarCycle.day.phase(of: moment) == 0.25)
    #expect(CalendarCycle.year.phase(of: moment) == 0.25 / 366)
    // Weeks are counted from a Thursday, as days are.
    #expect(CalendarCycle.week.phase(of: moments("2024-01-04")[0]) == 0)
    #expect(CalendarCycle.week.phase(of: moments("1969-12-31")[0]) == 6.0 / 7)
  }
}
