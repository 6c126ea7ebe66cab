import Testing

@testable import Kernels

@Suite struct OpenBLASInformationTests {
  @Test func versionAndCoreAreKnown() {
    #expect(OpenBLASInformation.version.contains("."))
    #expect(!OpenBLASInformation.core.isEmpty)
  }

  static let fasterCores: [(core: String, instructionSet: InstructionSet, faster: String?)] = [
    ("Prescott", .avx512, "SkylakeX"), ("Haswell", .avx512, "SkylakeX"), ("SkylakeX", .avx512, nil),
    ("Cooperlake", .avx512, nil), ("Prescott", .avx2, "Haswell"), ("Zen", .avx2, nil), ("Prescott", .scalar, nil),
    ("ARMV8", .neon, nil),
  ]

  @Test(arguments: fasterCores)
  func aFasterCoreIsNamedWhereTheVectorsAreWider(core: String, instructionSet: InstructionSet, faster: String?) {
    #expect(OpenBLASInformation.fasterCore(than: core, on: instructionSet) == faster)
  }
}
