import Glibc
import Kernels
import Testing

@Suite struct InstructionSetTests {
  @Test func theScalarLoopsAndTheBestAreAvailable() {
    #expect(InstructionSet.scalar.isAvailable)
    #expect(InstructionSet.best.isAvailable)
    #expect(InstructionSet.active.isAvailable)
  }

  @Test func noProcessorRunsTheInstructionsOfBothKinds() {
    #expect(!(InstructionSet.neon.isAvailable && InstructionSet.avx2.isAvailable))
  }

  @Test(arguments: InstructionSet.allCases.map(\.rawValue))
  func theEnvironmentForcesWhatThisProcessorHas(_ name: String) async {
    await #expect(processExitsWith: .success) { [name] in
      setenv("RECURRENT_ISA", name, 1)
      let requested = try #require(InstructionSet(rawValue: name))
      #expect(InstructionSet.requested == requested)
      #expect(InstructionSet.active == (requested.isAvailable ? requested : .best))
    }
  }

  @Test func anUnknownNameIsNoRequest() async {
    await #expect(processExitsWith: .success) {
      setenv("RECURRENT_ISA", "mmx", 1)
      #expect(InstructionSet.requested == nil)
      #expect(InstructionSet.active == .best)
    }
  }
}
