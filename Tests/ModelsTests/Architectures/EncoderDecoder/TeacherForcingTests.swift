import Models
import TestSupport
import Testing

@Suite struct TeacherForcingTests {
  @Test func theTruthIsAlwaysReadUnlessAScheduleSaysOtherwise() {
    #expect(TeacherForcing.always.truthProbability(atStep: 123) == 1)
  }

  @Test func aLinearScheduleFallsToItsEndAndStaysThere() {
    let schedule = TeacherForcing.linear(to: 0.5, overSteps: 10)
    #expect(schedule.truthProbability(atStep: 0) == 1)
    #expect(abs(schedule.truthProbability(atStep: 4) - 0.8) < 1e-15)
    #expect(schedule.truthProbability(atStep: 10) == 0.5 && schedule.truthProbability(atStep: 99) == 0.5)
  }

  @Test func anInverseSigmoidIsBengiosFormula() {
    let schedule = TeacherForcing.inverseSigmoid(k: 3)
    #expect(schedule.truthProbability(atStep: 0) == 0.75)
    #expect(abs(schedule.truthProbability(atStep: 3) - 0.5246331135813284) < 1e-15)
    #expect(schedule.truthProbability(atStep: 100_000) == 0)
  }

  @Test(arguments: [
    TeacherForcing.linear(to: -0.1, overSteps: 5), .linear(to: 1.5, overSteps: 5), .linear(to: 0.5, overSteps: 0),
    .inverseSigmoid(k: 0.5), .inverseSigmoid(k: .infinity),
  ])
  func aScheduleThatCannotBeIsAnError(_ schedule: TeacherForcing) throws {
    let decoder = try DecoderVariant().decoder(contextSize: 3)
    #expect(throws: ConfigurationError.self) {
      try ConditionedArchitecture(contextSize: 3, decoder: decoder, teacherForcing: schedule)
    }
  }
}
