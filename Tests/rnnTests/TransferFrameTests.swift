#if Tools
import Testing

@testable import rnn

@Suite struct TransferFrameTests {
  /// What `frame` is after it was written and read.
  private func reread(_ frame: TransferFrame) throws -> TransferFrame {
    let bytes = try frame.encoded()
    let head = try #require(TransferFrame.Head(bytes.prefix(TransferFrame.headCount)))
    #expect(head.count == bytes.count - TransferFrame.headCount)
    return try #require(TransferFrame(head, bytes.dropFirst(TransferFrame.headCount)))
  }

  @Test(arguments: [(206, 30_000, 70_000), (200, nil, nil), (416, nil, Int.max)] as [(Int, Int?, Int?)])
  func anAnswerIsReadAsItWasWritten(_ status: Int, _ start: Int?, _ count: Int?) throws {
    guard
      case .answer(let answer) = try reread(.answer(Download.Answer(status: status, start: start, count: count)))
    else {
      Issue.record("it is no answer")
      return
    }
    #expect(answer.status == status && answer.start == start && answer.count == count)
  }

  @Test(arguments: [0, 1, 255, 256, 65_537, TransferFrame.maxCount])
  func bytesAreReadAsTheyWereWritten(_ count: Int) throws {
    let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 13) }
    guard case .bytes(bytes) = try reread(.bytes(bytes)) else {
      Issue.record("they are others")
      return
    }
  }

  @Test func aFailureAndTheEndAreReadAsTheyWereWritten() throws {
    guard case .failure("ä line") = try reread(.failure("ä line")), case .end = try reread(.end) else {
      Issue.record("they are others")
      return
    }
    // A reason is cut off where it is as long as no reason is.
    guard case .failure(let reason) = try reread(.failure(String(repeating: "a", count: 2_000_000))) else {
      Issue.record("it is no failure")
      return
    }
    #expect(reason.utf8.count == TransferFrame.maxCount)
  }

  @Test func nonsenseIsNoFrame() throws {
    let (bytes, answer) = (UInt8(ascii: "B"), UInt8(ascii: "A"))
    #expect(TransferFrame.Head([bytes] + [UInt8](repeating: 0, count: 8))?.count == 0)
    #expect(TransferFrame.Head([bytes] + [UInt8](repeating: 255, count: 8)) == nil)
    #expect(TransferFrame.Head([bytes, 1, 0, 16, 0, 0, 0, 0, 0]) == nil)
    #expect(TransferFrame.Head([bytes, 0, 0, 0, 0, 0, 0, 0, 128]) == nil)
    #expect(TransferFrame.Head([0] + [UInt8](repeating: 0, count: 8)) == nil)
    #expect(TransferFrame.Head([bytes]) == nil)
    let head = try #require(TransferFrame.Head([answer, 2, 0, 0, 0, 0, 0, 0, 0]))
    #expect(TransferFrame(head, Array("{}".utf8)) == nil)
  }
}
#endif
