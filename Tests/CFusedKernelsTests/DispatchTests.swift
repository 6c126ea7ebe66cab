import CFusedKernels
import Testing

struct DispatchTests {
  @Test func theScalarLoopsAreAlwaysThere() {
    #expect(CFKLoopsFor(CFKInstructionSetScalar) != nil)
  }

  @Test func theBestInstructionSetIsTheLastOneAvailable() {
    #expect(CFKBestInstructionSet() == InstructionSet.available.last?.set)
  }

  @Test(arguments: InstructionSet.available)
  func loopsSayWhichTheyAre(set: InstructionSet) {
    #expect(set.loops.instructionSet == set.set)
    let bytes = [
      CFKInstructionSetScalar.rawValue: 4, CFKInstructionSetNEON.rawValue: 16, CFKInstructionSetAVX2.rawValue: 32,
      CFKInstructionSetAVX512.rawValue: 64,
    ]
    #expect(set.loops.vectorBytes == bytes[set.set.rawValue])
  }

  @Test func anUnknownInstructionSetHasNoLoops() {
    #expect(CFKLoopsFor(CFKInstructionSet(rawValue: 99)) == nil)
  }

  @Test(arguments: InstructionSet.available)
  func burningTwiceTheRoundsIsTwiceTheOperations(set: InstructionSet) {
    #expect(set.loops.burnFloat(1) > 0)
    #expect(set.loops.burnFloat(20) == 2 * set.loops.burnFloat(10))
    #expect(set.loops.burnDouble(20) == 2 * set.loops.burnDouble(10))
    // Half as many doubles fit into a register.
    #expect(set.loops.burnFloat(10) == 2 * set.loops.burnDouble(10))
  }

  @Test(arguments: InstructionSet.available)
  func denormalsAreZeroOnlyWhileFlushing(set: InstructionSet) {
    // The first has a denormal result, the second a denormal input.
    func results<Scalar: ActivatedScalar>(_ denormalSigmoid: Scalar) -> [Bool] {
      [
        Scalar.apply(.sigmoid, of: set, to: [denormalSigmoid])[0].isZero,
        Scalar.apply(.tanh, of: set, to: [.leastNonzeroMagnitude])[0].isZero,
      ]
    }
    func resultsOfBothTypes() -> [Bool] { results(Float(-88)) + results(Double(-709)) }

    #expect(resultsOfBothTypes() == [false, false, false, false])
    let mode = CFKFlushDenormals()
    let flushed = resultsOfBothTypes()
    let modeWhileFlushing = CFKFlushDenormals()
    CFKRestoreFloatingPointMode(mode)
    #expect(flushed == [true, true, true, true])
    #expect(modeWhileFlushing != mode)
    #expect(resultsOfBothTypes() == [false, false, false, false])
  }

  @Test func restoringBringsBackTheModeThatWasThere() {
    let before = CFKFlushDenormals()
    CFKRestoreFloatingPointMode(before)
    let after = CFKFlushDenormals()
    CFKRestoreFloatingPointMode(after)
    // The low six bits of the x86 register are not a mode: they record which exceptions have occurred.
    #expect(before >> 6 == after >> 6)
  }
}
