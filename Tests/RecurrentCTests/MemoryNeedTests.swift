import CRecurrent
import Foundation
import Kernels
import Models
import TestSupport
import Testing

@testable import RecurrentC

@Suite struct MemoryNeedTests {
  @Test func aFileThatDoesNotFitIsRefusedBeforeItIsRead() throws {
    try withTemporaryFolder { folder in
      // 4 TiB, none of which the disk has.
      let header = #"{"weight_ih_l0":{"dtype":"F32","shape":[1048576,1048576],"data_offsets":[0,4398046511104]}}"#
      let bytes = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Array($0) } + Array(header.utf8)
      try Data(bytes).write(to: URL(fileURLWithPath: folder + "/model"))
      let file = try #require(FileHandle(forWritingAtPath: folder + "/model"))
      try file.truncate(atOffset: UInt64(bytes.count) + 4_398_046_511_104)
      try file.close()
      var model: OpaquePointer?
      #expect(recurrent_model_load(folder + "/model", nil, &model) == RECURRENT_OUT_OF_MEMORY)
      #expect(model == nil)
    }
  }

  @Test func theNumbersOfAFileAreCountedTwiceAndTheLargestTensorOnceMore() throws {
    let header =
      #"{"a":{"dtype":"F64","shape":[3,5],"data_offsets":[0,120]},"b":{"dtype":"F32","shape":[7],"data_offsets":[120,148]}}"#
    let length = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Array($0) }
    let file = try SafetensorsFile(bytes: length + Array(header.utf8) + [UInt8](repeating: 0, count: 148))
    #expect(MemoryNeed.reading(file).numbers == 2 * (15 + 7) + 30)
  }

  @Test func hiddenLayersOfTheHeadCount() throws {
    let stack = try RecurrentStack(.lstm(inputSize: 3, hiddenSize: 5))
    let plain = try SequenceArchitecture(recurrent: stack, outputSize: 2, loss: .meanSquaredError)
    let deep = try SequenceArchitecture(
      recurrent: stack, outputSize: 2, loss: .meanSquaredError, headSizes: [13, 17])
    #expect(plain.sizeBesideLayers == 0 && deep.sizeBesideLayers == 30)
    func need(_ architecture: SequenceArchitecture) -> Double {
      MemoryNeed.run(
        stack, besideLayers: architecture.sizeBesideLayers, outputs: architecture.outputSize, rows: 7, batch: 0
      ).numbers
    }
    #expect(need(deep) - need(plain) == 7 * 30)
  }
}
