import Testing

@testable import Kernels

@Suite struct GuardedTests {
  @Test func noUpdateIsLost() {
    let (members, updates) = (4, 1_000)
    let total = Guarded(0)
    ThreadPool().run(threads: members) { team in
      for _ in 0..<updates { total.withLock { $0 += team.index + 1 } }
    }
    #expect(total.withLock { $0 } == updates * members * (members + 1) / 2)
  }

  @Test func aValueWithoutASizeStopsTheProgram() async {
    await #expect(processExitsWith: .failure) { _ = Guarded(()) }
  }
}
