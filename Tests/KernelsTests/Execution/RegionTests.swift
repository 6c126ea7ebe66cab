import COpenBLAS
import Dispatch
import Models
import Synchronization
import TestSupport
import Testing

@testable import Kernels

/// Settings belong to the whole process, which other tests use at the same time: those about them run in processes of
/// their own.
@Suite(.timeLimit(.minutes(10))) struct RegionTests {
  @Test func openBLASHasOneThreadInsideAndTheHostsNumberAfterwards() async {
    await #expect(processExitsWith: .success) {
      openblas_set_num_threads(3)
      let inside = Guarded<[Int32]>([])
      withRegion(threads: 2) { _ in
        withRegion(threads: 2) { _ in }
        inside.withLock { $0.append(openblas_get_num_threads()) }
      }
      #expect(inside.withLock { $0 } == [1, 1])
      #expect(openblas_get_num_threads() == 3)
    }
  }

  @Test func openBLASHasTheHostsNumberOfThreadsAfterConcurrentRegions() async {
    await #expect(processExitsWith: .success) {
      openblas_set_num_threads(3)
      let mistakes = Atomic<Int>(0)
      DispatchQueue.concurrentPerform(iterations: 6) { _ in
        for _ in 0..<50 {
          withRegion(threads: 2) { team in
            if openblas_get_num_threads() != 1 { mistakes.add(1, ordering: .relaxed) }
            team.barrier()
          }
        }
      }
      #expect(mistakes.load(ordering: .relaxed) == 0)
      #expect(openblas_get_num_threads() == 3)
    }
  }

  @Test(arguments: [1, 2])
  func denormalsAreZeroInsideAndNumbersAfterwards(_ threads: Int) {
    #expect(half(.leastNormalMagnitude) > 0)
    let flushed = Atomic<Int>(0)
    let members = Atomic<Int>(0)
    withRegion(threads: threads) { _ in
      members.add(1, ordering: .relaxed)
      if half(.leastNormalMagnitude) == 0 { flushed.add(1, ordering: .relaxed) }
      withRegion(threads: threads) { _ in }
      if half(.leastNormalMagnitude) == 0 { flushed.add(1, ordering: .relaxed) }
    }
    #expect(flushed.load(ordering: .relaxed) == 2 * members.load(ordering: .relaxed))
    #expect(half(.leastNormalMagnitude) > 0)
  }

  // MARK: - Products in shares

  /// [m × k] [k × n]: cut by rows, by columns, and with fewer units than members.
  @Test(arguments: [(83, 7, 37), (37, 7, 83), (5, 3, 11), (17, 2, 17), (0, 3, 20)], [1, 2, 5])
  func theSharesOfAProductAreTheProduct(_ sizes: (m: Int, k: Int, n: Int), _ threads: Int) {
    var generator = SeededGenerator(seed: 4)
    let a = Matrix<Double>.random(rows: sizes.m, columns: sizes.k, from: &generator)
    let b = Matrix<Double>.random(rows: sizes.n, columns: sizes.k, from: &generator)
    let before = Matrix<Double>.random(rows: sizes.m, columns: sizes.n, from: &generator)
    let nothing = Matrix<Double>(repeating: .nan, rows: sizes.m, columns: sizes.n)
    let wanted = product(Team.alone, a, b, into: nothing, addingTo: before)
    let found = Guarded<(Matrix<Double>, Matrix<Double>)>((nothing, before))
    ThreadPool().run(threads: threads) { team in
      // Each member on matrices of its own, of which only its share is right; NaN and the old contents elsewhere.
      let mine = product(team, a, b, into: nothing, addingTo: before)
      found.withLock {
        $0.0 = merged($0.0, mine.0, where: nothing)
        $0.1 = merged($0.1, mine.1, where: before)
      }
    }
    let tolerance = Tolerance.gemm(k: sizes.k + 1, Double.self)
    #expect(maximumRelativeDifference(found.withLock { $0.0 }, wanted.0) <= tolerance)
    #expect(maximumRelativeDifference(found.withLock { $0.1 }, wanted.1) <= tolerance)
  }

  private func product(
    _ team: Team, _ a: Matrix<Double>, _ b: Matrix<Double>, into c: Matrix<Double>, addingTo d: Matrix<Double>
  ) -> (Matrix<Double>, Matrix<Double>) {
    var (c, d) = (c, d)
    a.withView { a in
      b.withView { b in
        c.withMutableView { team.multiply(a, b.transposed, into: $0) }
        d.withMutableView { team.multiply(a, b.transposed, addingTo: $0) }
      }
    }
    return (c, d)
  }

  /// `x`, with the elements of `y` that are no longer what they were in `before`. None may have changed in both.
  private func merged(_ x: Matrix<Double>, _ y: Matrix<Double>, where before: Matrix<Double>) -> Matrix<Double> {
    var result = x
    for i in 0..<x.rows {
      for j in 0..<x.columns where y[i, j].bitPattern != before[i, j].bitPattern {
        #expect(x[i, j].bitPattern == before[i, j].bitPattern, "two members wrote [\(i), \(j)]")
        result[i, j] = y[i, j]
      }
    }
    return result
  }
}

/// x / 2, computed when the program runs.
@inline(never)
private func half(_ x: Double) -> Double { x / 2 }
