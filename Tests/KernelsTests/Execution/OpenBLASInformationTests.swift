import Foundation
import TestSupport
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

  @Test func adoptingAFasterCoreKeepsProductsRight() async {
    // In a process of its own, because it changes the whole process.
    await #expect(processExitsWith: .success) {
      // Nothing is adopted over a core that the user named.
      unsetenv("OPENBLAS_CORETYPE")
      let faster = OpenBLASInformation.fasterCore
      let hasChanged = OpenBLASInformation.adoptFasterCore()
      precondition(!hasChanged || OpenBLASInformation.core == faster)
      precondition(!hasChanged || OpenBLASInformation.fasterCore == nil)
      let (a, b) = (Matrix<Float>([[1, 2, 3], [4, 5, 6]]), Matrix<Float>([[7], [8], [9]]))
      var c = Matrix<Float>.zeros(rows: 2, columns: 1)
      a.withView { a in b.withView { b in c.withMutableView { multiply(a, b, into: $0) } } }
      precondition(c == Matrix([[50], [122]]))
    }
  }

  /// Not under a sanitizer, which takes terabytes of addresses.
  @Test(.enabled(if: isOptimized)) func withoutMemoryForOpenBLASTheProgramStopsInsteadOfWaiting() async throws {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let text = try #require(try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))
      let pages = try #require(text.split(separator: " ").first.flatMap { UInt($0) })
      let limit = pages * UInt(sysconf(Int32(_SC_PAGESIZE))) + 64 << 20
      var limits = rlimit(rlim_cur: limit, rlim_max: limit)
      precondition(setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limits) == 0)
      let a = Matrix<Float>.zeros(rows: 300, columns: 300)
      var c = a
      a.withView { a in c.withMutableView { multiply(a, a, into: $0) } }
      exit(EXIT_SUCCESS)
    }
    let error = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
    #expect(error.contains("there is no memory for a buffer of OpenBLAS"))
  }

  @Test func noCoreIsAdoptedOnceTheProcessHasComputed() async {
    await #expect(processExitsWith: .success) {
      unsetenv("OPENBLAS_CORETYPE")
      let core = OpenBLASInformation.core
      let (a, b) = (Matrix<Float>([[1, 2], [3, 4]]), Matrix<Float>([[5], [6]]))
      var c = Matrix<Float>.zeros(rows: 2, columns: 1)
      a.withView { a in b.withView { b in c.withMutableView { multiply(a, b, into: $0) } } }
      precondition(!OpenBLASInformation.adoptFasterCore())
      precondition(OpenBLASInformation.core == core)
    }
  }
}
