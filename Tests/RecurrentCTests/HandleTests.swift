import CRecurrent
import Testing

@testable import RecurrentC

@Suite(.serialized) struct HandleTests {
  private final class Counted {
    nonisolated(unsafe) static var count = 0
    init() { Self.count += 1 }
    deinit { Self.count -= 1 }
  }

  private struct Contents: HandleContents {
    static var kind: HandleKind { .trainer }
    let counted = Counted()
  }

  @Test func aHandleOwnsItsContents() throws {
    let handle = Handle(Contents())
    #expect(Counted.count == 1)
    handle.free()
    #expect(Counted.count == 0)
    #expect(throws: CallError.self) { try Handle<Contents>(handle.pointer) }
  }

  @Test func memoryThatWasFreedServesLaterHandles() throws {
    let freed = Set(
      (0..<8).map { _ in Handle(Contents()) }.map { handle in
        handle.free()
        return handle.pointer
      })
    // One that another suite frees meanwhile may come between.
    let later = (0..<8).map { _ in Handle(Contents()) }
    #expect(!freed.isDisjoint(with: later.map(\.pointer)))
    for handle in later { handle.free() }
  }

  @Test func aHandleTakesPartInACallOnce() {
    let handle = Handle(Contents())
    #expect(handle.mark(.max - 1))
    #expect(!handle.mark(.max - 1))
    #expect(handle.mark(.max))
    handle.free()
  }
}
