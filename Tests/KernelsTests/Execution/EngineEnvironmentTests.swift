import Glibc
import Testing

@testable import Kernels

@Suite struct EngineEnvironmentTests {
  @Test(arguments: [
    ("RECURRENT_ISA", "mmx", #"RECURRENT_ISA is "mmx", which is no instruction set"#),
    ("RECURRENT_ISA", "AVX2", #"RECURRENT_ISA is "AVX2", which is no instruction set"#),
    ("RECURRENT_THREADS", "0", #"RECURRENT_THREADS is "0", which is no whole number from 1 to 1024"#),
    ("RECURRENT_THREADS", "two", #"RECURRENT_THREADS is "two", which"#),
    ("RECURRENT_THREADS", "2\u{1B}[2J", #"RECURRENT_THREADS is "2\u{1B}[2J", which"#),
  ])
  func aValueThatMeansNothingIsNamed(_ name: String, _ value: String, _ line: String) async {
    await #expect(processExitsWith: .success) { [name, value, line] in
      setenv(name, value, 1)
      #expect(EngineEnvironment.invalidValues.count == 1)
      #expect(EngineEnvironment.invalidValues.first?.hasPrefix(line) == true)
    }
  }

  @Test func anInstructionSetOfAnotherProcessorIsNamed() async throws {
    let absent = try #require(InstructionSet.allCases.first { !$0.isAvailable }).rawValue
    await #expect(processExitsWith: .success) { [absent = absent as String] in
      setenv("RECURRENT_ISA", absent, 1)
      #expect(EngineEnvironment.invalidValues.first?.contains("which this processor does not run") == true)
    }
  }

  @Test func whatCanBeHadAndWhatIsEmptyIsNoProblem() async {
    await #expect(processExitsWith: .success) {
      for (instructionSet, threads) in [("scalar", "1"), ("scalar", "1024"), ("", "")] {
        setenv("RECURRENT_ISA", instructionSet, 1)
        setenv("RECURRENT_THREADS", threads, 1)
        #expect(EngineEnvironment.invalidValues.isEmpty)
      }
    }
  }

  @Test(
    arguments: [
      ("RECURRENT_ISA", nil), ("RECURRENT_ISAS", .instructionSet), ("recurrent_isa", .instructionSet),
      ("RECURENT_ISA", .instructionSet), ("RECURRENT_THREADS", nil), ("RECURRENT_THREAD", .threads),
      ("RECURRENT_TRHEADS", .threads), ("RECURRENTTHREADS", .threads), ("RECURRENT_DATA", nil),
      ("RECURRENT_STRICT", nil), ("RECURRENT_TIMED", nil), ("RECURRENT_INTERCHANGE", nil), ("OMP_NUM_THREADS", nil),
      ("CURRENT_THREADS", nil),
    ] as [(String, EngineEnvironment.Variable?)])
  func aNameThatIsAlmostOneThatIsReadIsTakenForIt(_ name: String, _ meant: EngineEnvironment.Variable?) {
    #expect(EngineEnvironment.meant(by: name) == meant)
  }

  @Test func theLibrarySaysItOnceAndGoesOn() async {
    let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
      setenv("RECURRENT_ISA", "mmx", 1)
      setenv("RECURRENT_THREADS", "-1", 1)
      #expect(ThreadBudget.available >= 1 && Execution.automatic.threads >= 1)
      #expect(InstructionSet.active == .best)
    }
    let lines = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self).split(separator: "\n")
    #expect(lines.count { $0.contains("RECURRENT_ISA") } == 1 && lines.count { $0.contains("RECURRENT_THREADS") } == 1)
  }
}
