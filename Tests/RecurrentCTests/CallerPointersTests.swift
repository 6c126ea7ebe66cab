import CRecurrent
import Testing

@testable import RecurrentC

@Suite struct CallerPointersTests {
  @Test func aMisalignedPointerIsRefused() throws {
    try withUnsafeTemporaryAllocation(byteCount: 64, alignment: 16) { memory in
      let misaligned = (memory.baseAddress! + 2).assumingMemoryBound(to: Float.self)
      let errors = [
        #expect(throws: CallError.self) { try buffer(UnsafePointer<Float>(misaligned), 3, "features") },
        #expect(throws: CallError.self) { try buffer(misaligned, 3, "features") },
        #expect(throws: CallError.self) { try present(UnsafePointer<Float>(misaligned), "features") },
        #expect(throws: CallError.self) { try present(misaligned, "features") },
      ]
      for error in errors {
        #expect(error?.status == RECURRENT_INVALID_ARGUMENT)
        #expect(error?.message == "features: the address is not a multiple of 4 bytes")
      }
      let aligned = (memory.baseAddress! + 4).assumingMemoryBound(to: Float.self)
      let found = try buffer(aligned, 3, "features")
      #expect(found.baseAddress == aligned && found.count == 3)
    }
  }

  @Test func arraysOverlapWhereTheyShareAByte() {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 8) { memory in
      func overlaps(_ a: Range<Int>, _ b: Range<Int>) -> Bool {
        overlap(UnsafeBufferPointer(rebasing: memory[a]), UnsafeMutableBufferPointer(rebasing: memory[b]))
      }
      #expect(overlaps(0..<4, 3..<5) && overlaps(3..<5, 0..<4))
      #expect(overlaps(0..<4, 1..<2) && overlaps(1..<2, 0..<4))
      #expect(overlaps(2..<5, 2..<5))
      #expect(!overlaps(0..<4, 4..<8) && !overlaps(4..<8, 0..<4))
      // A count that cannot be does not trap.
      let all = UnsafeBufferPointer(start: UnsafePointer<Float>(memory.baseAddress), count: .max)
      _ = overlap(all, memory)
    }
  }

  @Test func aStructureOfAnotherSizeIsRefused() {
    let error = #expect(throws: CallError.self) {
      try withUnsafeBytes(of: 3) { size in
        try structure(size.baseAddress!.assumingMemoryBound(to: recurrent_model_info.self), "info")
      }
    }
    #expect(error?.message.hasPrefix("the size of recurrent_model_info is 3, wanted ") == true)
  }
}
