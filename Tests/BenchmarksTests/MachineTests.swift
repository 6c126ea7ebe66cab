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
}
