import DataIO
import TestSupport
import Testing

@testable import Interchange

#if HDF5
import CHDF5

@Suite(.serialized) struct HDF5FileTests {
  @Test func numbersAreReadByPath() throws {
    let bytes = try SmallHDF5.bytes { file in
      file.dataset("layers/dense/vars/0", [2, 3], [1, 2, 3, 4, 5, 6] as [Float])
      file.dataset("layers/dense/vars/1", [3], [7, 8, 9] as [Double])
      file.dataset("layers/dense/vars/2", [], [10] as [Float])
      file.dataset("layers/dense/vars/3", [0, 4], [] as [Float])
      file.dataset("layers/dropout/seed", [2], [1, 2] as [Int32])
      file.dataset("optimizer/vars/0", [1], [11] as [Float])
    }
    let tensors = try HDF5File.tensors(in: bytes, below: "layers", name: "x.h5")
    #expect(
      tensors == [
        "dense/vars/0": Tensor(shape: [2, 3], .float([1, 2, 3, 4, 5, 6])),
        "dense/vars/1": Tensor(shape: [3], .double([7, 8, 9])),
        "dense/vars/2": Tensor(shape: [], .float([10])),
        "dense/vars/3": Tensor(shape: [0, 4], .float([])),
      ])
  }

  @Test func whatIsNoHDF5IsRefused() throws {
    for bytes in [[], [1, 2, 3], SmallHDF5.signature, SmallHDF5.signature + [UInt8](repeating: 0, count: 4096)] {
      #expect(throws: WeightsError.self) { _ = try HDF5File.tensors(in: bytes, below: "layers", name: "x") }
    }
    let bytes = try SmallHDF5.bytes { $0.dataset("other/0", [1], [1] as [Float]) }
    let error = #expect(throws: WeightsError.self) {
      _ = try HDF5File.tensors(in: bytes, below: "layers", name: "x")
    }
    #expect(error?.found == "no group layers")
  }

  @Test func linksToOtherPlacesAndFilesAreRefused() throws {
    for link in [SmallHDF5.softLink, SmallHDF5.externalLink] {
      let bytes = try SmallHDF5.bytes { file in
        file.dataset("layers/a/0", [1], [1] as [Float])
        link(file, "layers/b")
      }
      let error = #expect(throws: WeightsError.self) {
        _ = try HDF5File.tensors(in: bytes, below: "layers", name: "x")
      }
      #expect(error?.found == "a link to another place or file")
      #expect(error?.item == "object b")
    }
  }

  @Test func numbersElsewhereOrInChunksAreRefused() throws {
    for (kind, found) in [
      (SmallHDF5.Storage.external, "numbers in another file"), (.compressed, "numbers in chunks or compressed"),
    ] {
      let bytes = try SmallHDF5.bytes { $0.dataset("layers/a", [4], [1, 2, 3, 4] as [Float], kind) }
      let error = #expect(throws: WeightsError.self) {
        _ = try HDF5File.tensors(in: bytes, below: "layers", name: "x")
      }
      #expect(error?.found == found)
    }
  }

  @Test func cyclesAndManyNamesOfOneObjectEnd() throws {
    let cycle = try SmallHDF5.bytes { file in
      file.dataset("layers/a/0", [1], [1] as [Float])
      file.hardLink(from: "layers/a/b", to: "layers")
      file.hardLink(from: "layers/a/c", to: "layers")
    }
    #expect(throws: WeightsError.self) { _ = try HDF5File.tensors(in: cycle, below: "layers", name: "x") }
    let copies = try SmallHDF5.bytes { file in
      file.dataset("layers/a", [1000], [Float](repeating: 1, count: 1000))
      for i in 0..<20 { file.hardLink(from: "layers/b\(i)", to: "layers/a") }
    }
    let error = #expect(throws: WeightsError.self) {
      _ = try HDF5File.tensors(in: copies, below: "layers", name: "x")
    }
    #expect(error?.wanted == "no more numbers than the file has bytes for")
  }

  @Test func aTruncatedFileIsAnError() throws {
    let bytes = try SmallHDF5.keras()
    for length in stride(from: 0, to: bytes.count, by: 29) {
      #expect(throws: WeightsError.self, "\(length) bytes") {
        _ = try HDF5File.tensors(in: Array(bytes.prefix(length)), below: "layers", name: "x")
      }
    }
  }

  /// A step of 1 takes half a minute; with it libhdf5 1.10.8 crashed on no byte either.
  @Test func noDamageToAByteCrashes() throws {
    let bytes = try SmallHDF5.keras()
    var refused = 0
    for index in stride(from: 0, to: bytes.count, by: 23) {
      for value in [bytes[index] ^ 1, bytes[index] ^ 0x80, 0xff] {
        var damaged = bytes
        damaged[index] = value
        do { _ = try HDF5File.tensors(in: damaged, below: "layers", name: "x") } catch { refused += 1 }
      }
    }
    #expect(refused > 100)
  }
}

/// A file that libhdf5 writes for a test.
struct SmallHDF5 {
  enum Storage { case contiguous, external, compressed }

  static let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]
  private let file: hid_t

  /// The bytes of the file that `fill` fills.
  static func bytes(_ fill: (SmallHDF5) -> Void) throws -> [UInt8] {
    try withTemporaryFolder { folder in
      let path = folder + "/small.h5"
      HDF5File.withLibrary {
        H5open()
        let file = H5Fcreate(path, 2, 0, 0)
        fill(SmallHDF5(file: file))
        H5Fclose(file)
      }
      return try FileReading.bytes(of: path)
    }
  }

  /// What Keras would write of a model with a Dense layer and a GRU.
  static func keras() throws -> [UInt8] {
    try bytes { file in
      file.dataset("layers/dense/vars/0", [2, 1], [1, 2] as [Float])
      file.dataset("layers/gru/cell/vars/0", [1, 6], [Float](repeating: 1, count: 6))
      file.dataset("layers/gru/cell/vars/1", [2, 6], [Float](repeating: 1, count: 12))
      file.dataset("layers/gru/cell/vars/2", [2, 6], [Double](repeating: 1, count: 12))
    }
  }

  func dataset<Element>(
    _ path: String, _ shape: [UInt64], _ elements: [Element], _ storage: Storage = .contiguous
  ) {
    let type = Element.self == Float.self ? CHDF5Float() : Element.self == Double.self ? CHDF5Double() : integer()
    let space = shape.isEmpty ? H5Screate(H5S_SCALAR) : H5Screate_simple(Int32(shape.count), shape, nil)
    let properties = H5Pcreate(CHDF5DatasetCreationClass())
    switch storage {
    case .contiguous: break
    case .external: H5Pset_external(properties, "/etc/hostname", 0, 16)
    case .compressed:
      H5Pset_chunk(properties, Int32(shape.count), shape)
      H5Pset_deflate(properties, 9)
    }
    let links = H5Pcreate(CHDF5LinkCreationClass())
    H5Pset_create_intermediate_group(links, 1)
    let dataset = H5Dcreate2(file, path, type, space, links, properties, 0)
    if storage != .external, !elements.isEmpty {
      _ = elements.withUnsafeBytes { H5Dwrite(dataset, type, 0, 0, 0, $0.baseAddress) }
    }
    for id in [dataset, links, properties, space] { H5Idec_ref(id) }
  }

  private func integer() -> hid_t { CHDF5Int() }

  func hardLink(from path: String, to target: String) { H5Lcreate_hard(file, target, file, path, 0, 0) }

  static let softLink: @Sendable (SmallHDF5, String) -> Void = { H5Lcreate_soft("/layers/a", $0.file, $1, 0, 0) }
  static let externalLink: @Sendable (SmallHDF5, String) -> Void = {
    H5Lcreate_external("/tmp/other.h5", "/a", $0.file, $1, 0, 0)
  }
}
#else
@Suite struct HDF5FileTests {
  @Test func aBuildWithoutTheTraitSaysHowToGetIt() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/model.weights.h5"
      writeFile([1, 2, 3] as [UInt8], to: path)
      let error = #expect(throws: WeightsError.self) { _ = try KerasModel(path: path) }
      #expect(error?.file == path)
      #expect(error?.wanted.contains("--traits default,HDF5") == true)
      #expect(error?.wanted.contains("numpy.savez") == true)
    }
  }
}
#endif
