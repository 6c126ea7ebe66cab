import Testing

@testable import Models

@Suite struct TrainingPaceTests {
  @Test func whatIsLeftTakesAsLongAsWhatWasDone() {
    var pace = TrainingPace(course: TrainingCourse(scheduler: LearningRateScheduler(.constant(1))))
    #expect(pace.secondsLeft(of: 4) == 0, "not known yet")
    pace.add(examples: 30, epochsDone: 0.5)
    var elapsed = 0.0
    while elapsed < 0.01 { elapsed = pace.totalSeconds }
    let left = pace.secondsLeft(of: 4)
    // Seven times the time until then, which is between the two readings of the clock.
    #expect(7 * elapsed...7 * pace.totalSeconds ~= left)
    pace.add(examples: 30, epochsDone: 4)
    #expect(pace.secondsLeft(of: 4) == 0)
  }

  @Test func aRunThatWasResumedInTheMiddleOfAnEpochKnowsWhatIsLeft() {
    var course = TrainingCourse(scheduler: LearningRateScheduler(.constant(1)))
    course.epoch = 2
    course.seconds = 50
    var pace = TrainingPace(course: course)
    // Two and a half epochs took 50 seconds and what passed since: five halves more take as long.
    pace.add(examples: 10, epochsDone: 2.5)
    let left = pace.secondsLeft(of: 5)
    #expect(50...pace.totalSeconds ~= left)
  }

  @Test func pausesDoNotSlowTheExamples() {
    var pace = TrainingPace(course: TrainingCourse(scheduler: LearningRateScheduler(.constant(1))))
    pace.add(examples: 100, epochsDone: 1)
    pace.pause()
    while pace.totalSeconds < 0.02 {}
    pace.resume()
    #expect(pace.examplesPerSecond > 100 / pace.totalSeconds)
  }
}
