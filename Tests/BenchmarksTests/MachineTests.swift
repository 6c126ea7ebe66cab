#if Tools
import Testing

@testable import Benchmarks

@Suite struct MachineTests {
  @Test(arguments: [
    ("processor\t: 0\nmodel name\t: A Processor: fast\nmodel name\t: Another\n", "A Processor: fast"),
    ("processor\t: 0\nCPU part\t: 0xd0c\n", "ARM part 0xd0c"),
    ("", "unknown processor"),
  ])
  func theProcessorIsNamedAsTheSystemNamesIt(information: String, name: String) {
    #expect(Machine.processorName(in: information) == name)
  }

  @Test func theCeilingIsMeasured() {
    let machine = Machine.measured()
    #expect(NumberType.allCases.allSatisfy { machine.ceilingPerCore[$0.rawValue, default: 0] > 0 })
  }

  @Test func waitingIsTheSecondOfTheSchedulersThreeNumbers() {
    #expect(Machine.secondsWaited(in: "1000 2500000000 3\n") == 2.5)
    #expect(Machine.secondsWaited(in: "") == nil && Machine.secondsWaited(in: "0 0") == nil)
    #expect(Machine.secondsWaitedForACore().map { $0 >= 0 } ?? true)
  }

  @Test func ceilingNoiseIsWhatTheTwoCeilingsDisagreeBy() {
    let machine = ReportTests.machine
    let noise = machine.ceilingNoise(now: ["float": 80, "double": 50, "half": 7])
    #expect(noise == ["float": 0.25, "double": 0])
    #expect(machine.ceilingNoise(now: ["float": 125]) == ["float": 0.25])
  }
}
#endif
