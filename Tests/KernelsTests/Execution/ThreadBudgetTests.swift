import Glibc
import Testing

@testable import Kernels

@Suite struct ThreadBudgetTests {
  @Test(arguments: [
    ("100000", "100000", 1), ("200000", "100000", 2), ("150000", "100000", 2), ("1000", "100000", 1),
    ("100001", "100000", 2),
  ])
  func aQuotaIsRoundedUpToWholeCores(_ quota: String, _ period: String, _ cores: Int) {
    #expect(ThreadBudget.cores(quota: quota, period: period) == cores)
  }

  /// `max` in version 2 of control groups, `-1` in version 1, and what no kernel writes.
  @Test(arguments: [
    ("max", "100000"), ("-1", "100000"), ("0", "100000"), ("100000", "0"), ("", ""), ("1e5", "100000"),
    ("100000", "-100000"),
  ])
  func whatIsNoQuotaIsNoLimit(_ quota: String, _ period: String) {
    #expect(ThreadBudget.cores(quota: quota, period: period) == nil)
  }

  @Test func thereIsAtLeastOneThread() {
    #expect(ThreadBudget.available >= 1)
  }

  @Test func theEnvironmentDecides() async {
    await #expect(processExitsWith: .success) {
      setenv("RECURRENT_THREADS", "7", 1)
      #expect(ThreadBudget.available == 7)
    }
  }

  @Test(arguments: ["", "0", "-2", "100000", "two", "2.5"])
  func whatIsNoNumberOfThreadsLeavesItToTheMachine(_ text: String) async {
    await #expect(processExitsWith: .success) { [text] in
      setenv("RECURRENT_THREADS", text, 1)
      #expect((1...sysconf(Int32(_SC_NPROCESSORS_ONLN))).contains(ThreadBudget.available))
    }
  }
}
