#if Tools
import Testing

@testable import rnn

@Suite struct ProgressLineTests {
  @Test func numbersAreWrittenAsPeopleReadThem() {
    #expect(significant(0) == "0" && significant(-0.0) == "0")
    #expect(significant(1234.56) == "1235" && significant(0.0123461) == "0.01235" && significant(2.5e-7) == "2.500e-07")
    #expect(significant(.infinity) == "inf")
  }

  @Test func timesAreRoundedUp() {
    #expect(duration(0.2) == "1 s" && duration(187) == "3:07 min" && duration(3723) == "1:02:03 h")
  }
}
#endif
