import COpenBLAS
import Dispatch
import Glibc
import Models
import Synchronization
import TestSupport
import Testing

@testable import Kernels

/// Each test forks in a process of its own, where nothing else is in the middle of something.
@Suite(.timeLimit(.minutes(10))) struct ForkHandlersTests {
  @Test func childrenAndGrandchildrenOfAQuietProcessComputeLikeIt() async {
    await #expect(processExitsWith: .success) {
      let work = try ForkedWork()
      for _ in 0..<8 { #expect(work.isSameInChild(generations: 3)) }
      #expect(work.isSame())
    }
  }

  @Test func childrenAndGrandchildrenOfABusyProcessComputeLikeIt() async {
    await #expect(processExitsWith: .success) {
      let work = try ForkedWork()
      // Swift's runtime has locks of its own, which it takes where a generic type is used for the first time: a child would wait
      // for one that a thread of its parent held. So the parent has used all types before.
      #expect(work.isSame())
      let isOver = Atomic<Bool>(false)
      let busy = DispatchGroup()
      // Two callers share the pool, so the team of one of them may be smaller, which the bits of the BLAS path depend on.
      for _ in 0..<2 {
        DispatchQueue.global().async(group: busy) {
          while !isOver.load(ordering: .relaxed) {
            _ = work.isSame(on: [.blas])
            #expect(work.isSame(on: [.fused]))
          }
        }
      }
      for _ in 0..<40 { #expect(work.isSameInChild(generations: 2)) }
      isOver.store(true, ordering: .relaxed)
      busy.wait()
    }
  }

  @Test func aChildHasTheHostsNumberOfThreadsInOpenBLAS() async {
    await #expect(processExitsWith: .success) {
      openblas_set_num_threads(3)
      // The child is forked while this thread is in a region, as another thread may be.
      let count = OpenBLASThreads.withOne { inChild { openblas_get_num_threads() } }
      #expect(count == 3)
    }
  }
}

/// Training steps on two threads on every path that has them.
private struct ForkedWork: Sendable {
  private let expected: [ComputePath: [Float]]

  init() throws { expected = try [.blas: Self.gradient(on: .blas), .fused: Self.gradient(on: .fused)] }

  func isSame(on paths: [ComputePath] = [.blas, .fused]) -> Bool {
    paths.allSatisfy { (try? Self.gradient(on: $0)) == expected[$0] }
  }

  /// Whether a child of this process computes the same, and a child of that one, and so on.
  func isSameInChild(generations: Int) -> Bool {
    guard generations > 0 else { return isSame() }
    return inChild { isSame() && isSameInChild(generations: generations - 1) ? 0 : 1 } == 0
  }

  private static func gradient(on path: ComputePath) throws -> [Float] {
    var generator = SeededGenerator(seed: 3)
    let inputs = PackedSequence(
      (0..<16).map { _ in Matrix<Float>.random(rows: 6, columns: 24, from: &generator) }, features: 24)
    var layer = try LSTM<Float>(inputSize: 24, hiddenSize: 64)
    layer.execution = Execution(path: path, threads: 2)
    precondition(layer.execution.threads(forStepWork: 16 * layer.architecture.cells[0].forwardOperations) == 2)
    var tape = RecurrentTape<Float>(seed: 1)
    var gradient = ParameterVector<Float>.zeros(layer.parameters.layout)
    let (outputs, state) = layer.forward(inputs, recordingInto: &tape)
    _ = layer.backward(through: &tape, dOutputs: outputs, dState: state, accumulatingInto: &gradient)
    return gradient.withUnsafeBufferPointer { Array($0) }
  }
}

/// The status with which a child exits that runs `body`; -1 where a signal ended it, as it does if it takes too long.
private func inChild(_ body: () -> Int32) -> Int32 {
  // Swift hides the function.
  typealias Fork = @convention(c) () -> pid_t
  let child = unsafeBitCast(dlsym(nil, "fork"), to: Fork.self)()
  if child == 0 {
    // Threads of Dispatch, one of which this was, let no signal through.
    var none = sigset_t()
    sigemptyset(&none)
    pthread_sigmask(SIG_SETMASK, &none, nil)
    alarm(120)
    _exit(body())
  }
  var status: Int32 = 0
  while waitpid(child, &status, 0) < 0, errno == EINTR {}
  return status & 0x7f == 0 ? status >> 8 & 0xff : -1
}
