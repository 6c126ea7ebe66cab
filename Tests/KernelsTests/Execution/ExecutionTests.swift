import Testing

@testable import Kernels

@Suite struct ExecutionTests {
  private let unit = Execution.minimumWorkPerThread

  @Test func eachThreadMustHaveEnoughToDo() {
    let execution = Execution(path: .blas, threads: 4)
    #expect(execution.threads(forStepWork: 0) == 1)
    #expect(execution.threads(forStepWork: 2 * unit - 1) == 1)
    #expect(execution.threads(forStepWork: 2 * unit) == 2)
    #expect(execution.threads(forStepWork: 3 * unit + 1) == 3)
  }

  @Test func thereAreNoMoreThreadsThanAllowed() {
    #expect(Execution(path: .blas, threads: 4).threads(forStepWork: 100 * unit) == 4)
    #expect(Execution(path: .blas, threads: 1).threads(forStepWork: 100 * unit) == 1)
  }

  @Test func theNaivePathIsOneThread() {
    #expect(Execution(path: .naive, threads: 4).threads(forStepWork: 100 * unit) == 1)
  }

  @Test func theDefaultIsEveryThreadOfTheProcess() {
    #expect(Execution.automatic == Execution(path: .fused, threads: ThreadBudget.available))
  }

  @Test func noThreadsStopTheProgram() async {
    await #expect(processExitsWith: .failure) { _ = Execution(threads: 0) }
  }
}
