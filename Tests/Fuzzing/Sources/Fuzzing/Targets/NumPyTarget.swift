import DataIO

extension FuzzTarget {
  /// `.npy` files: in any order and byte order, an array that was read is written and read to the same.
  static let npy = FuzzTarget(name: "npy", seeds: { numPySeeds }) { bytes in
    let tensor = try NumPyFile.tensor(bytes: bytes)
    // Bytes are compared, as NaN is not equal to itself.
    let written = NumPyFile.serialized(tensor)
    for order in NumPyFile.Order.allCases {
      for byteOrder in NumPyFile.ByteOrder.allCases {
        let bytes = NumPyFile.serialized(tensor, order: order, byteOrder: byteOrder)
        requireSame(NumPyFile.serialized(try NumPyFile.tensor(bytes: bytes)), as: written, "\(order), \(byteOrder)")
      }
    }
  }

  /// `.npz` files, and ZIP archives of any other kind: their members are written and read to the same, and so are arrays.
  static let npz = FuzzTarget(name: "npz", seeds: { npzSeeds }) { bytes in
    let archive = try ZIPArchive(bytes: bytes)
    let members = archive.names.compactMap { name in
      (try? archive.bytes(of: name, limits: .bytes(largestMember))).map { (name, $0) }
    }
    for compression in ZIPContents.Compression.allCases {
      var contents = ZIPContents()
      for (name, bytes) in members { contents.append(name, bytes, compression: compression) }
      let written = contents.serialized()
      for (name, bytes) in members {
        requireSame(try ZIPArchive(bytes: written).bytes(of: name), as: bytes, "member \(name), \(compression)")
      }
    }
    let arrays = try NumPyArchive(bytes: bytes)
    for name in arrays.names { _ = try? arrays.tensor(name, limits: .bytes(largestMember)) }
  }
}

/// What a small file decompresses to at most is too much to look at in time, without any optimisation.
private let largestMember = 1 << 19

private let numPyTensors = [
  Tensor(shape: [2, 3], [1, 2, 3, 4, 5, 6]), Tensor(shape: [], .int64([7])), Tensor(shape: [0, 4], .bool([])),
  Tensor(shape: [2, 1, 2], .uint16([1, 2, 3, 400])), Tensor(shape: [3], .double([0.5, .infinity, .nan])),
]

private let numPySeeds = numPyTensors.flatMap { tensor in
  NumPyFile.Order.allCases.flatMap { order in
    NumPyFile.ByteOrder.allCases.map { NumPyFile.serialized(tensor, order: order, byteOrder: $0) }
  }
}

private let npzSeeds =
  ZIPContents.Compression.allCases.map { compression in
    NumPyArchive.serialized(
      numPyTensors.enumerated().map { ("array \($0)", $1) }, compression: compression)
  } + [ZIPContents().serialized(), overfull, zeroSized]

/// A member that unpacks to far more than its header says.
private let overfull: [UInt8] = {
  var contents = ZIPContents()
  contents.append(
    "a.npy", NumPyFile.serialized(numPyTensors[0]) + [UInt8](repeating: 0, count: 1 << 20), compression: .deflate)
  return contents.serialized()
}()

/// Dimensions without limit beside one of nothing.
private let zeroSized = NumPyArchive.serialized([("a", Tensor(shape: [1 << 40, 0, 1 << 20], .bool([])))])
