import DataIO
import TestSupport
import Testing

/// The bytes of a file of version 1 with the header `text` and `numbers`.
private func fileBytes(_ text: String, _ numbers: [UInt8] = [], version: [UInt8] = [1, 0]) -> [UInt8] {
  let length = [UInt8(truncatingIfNeeded: text.utf8.count), UInt8(truncatingIfNeeded: text.utf8.count >> 8)]
  let longer: [UInt8] = version[0] > 1 ? [0, 0] : []
  return [0x93] + Array("NUMPY".utf8) + version + length + longer + Array(text.utf8) + numbers
}

private func header(_ type: String = "'<f4'", order: String = "False", shape: String = "(2,)") -> String {
  "{'descr': \(type), 'fortran_order': \(order), 'shape': \(shape), }\n"
}

/// The numbers 1 to 6, as each type. Computed: a global that holds `Elements` would count as a leak, because their case is
/// in bits of the array's address, by which LeakSanitizer does not know it.
private var sixOfEach: [Tensor.Elements] {
  [
    .bool([true, false, false, true, true, false]), .uint8([1, 2, 3, 4, 5, 6]), .int8([1, -2, 3, 4, -5, 6]),
    .uint16([1, 2, 3, 4, 5, 600]), .int16([1, -2, 3, 4, 5, -600]), .uint32([1, 2, 3, 4, 5, 70_000]),
    .int32([1, 2, -3, 4, 5, 70_000]), .uint64([1, 2, 3, 4, 5, .max]), .int64([1, 2, 3, .min, 5, 6]),
    .float16([1, 2, 3.5, -4, 5, .infinity]), .float([1, 2, 3.25, -4, 5, .leastNonzeroMagnitude]),
    .double([1, 2, 3.125, -4, 5, .greatestFiniteMagnitude]),
  ]
}

@Suite struct NumPyFileTests {
  private func tensor(_ bytes: [UInt8]) throws -> Tensor { try NumPyFile.tensor(bytes: bytes, name: "it.npy") }

  @Test(arguments: sixOfEach) func everyTypeOrderAndByteOrderComesBack(_ elements: Tensor.Elements) throws {
    for shape in [[6], [2, 3], [3, 1, 2], [1, 6, 1]] {
      let written = Tensor(shape: shape, elements)
      for order in NumPyFile.Order.allCases {
        for byteOrder in NumPyFile.ByteOrder.allCases {
          let bytes = NumPyFile.serialized(written, order: order, byteOrder: byteOrder)
          #expect(try tensor(bytes) == written)
        }
      }
    }
  }

  /// What numpy.save of NumPy 2.4 writes for numpy.array([[1, 2, 3], [4, 5, 6]], numpy.int16).
  @Test func theBytesAreThoseThatNumPyWrites() {
    let text = "{'descr': '<i2', 'fortran_order': False, 'shape': (2, 3), }"
    let expected =
      [0x93] + Array("NUMPY".utf8) + [1, 0, 118, 0] + Array(text.utf8)
      + [UInt8](repeating: UInt8(ascii: " "), count: 117 - text.utf8.count) + [UInt8(ascii: "\n")]
      + [1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0]
    #expect(NumPyFile.serialized(Tensor(shape: [2, 3], .int16([1, 2, 3, 4, 5, 6]))) == expected)
  }

  @Test func fortranOrderRunsDownTheColumnsAndTheHighByteMayComeFirst() {
    let tensor = Tensor(shape: [2, 3], .int16([1, 2, 3, 4, 5, 6]))
    let bytes = NumPyFile.serialized(tensor, order: .fortran, byteOrder: .big)
    #expect(bytes.suffix(12) == [0, 1, 0, 4, 0, 2, 0, 5, 0, 3, 0, 6])
    #expect(String(decoding: bytes[10..<70], as: UTF8.self).contains("'>i2', 'fortran_order': True"))
  }

  @Test(arguments: [([], 1), ([0], 0), ([3, 0, 2], 0), ([1, 1], 1)] as [([Int], Int)])
  func scalarsAndEmptyArraysComeBack(shape: [Int], count: Int) throws {
    let written = Tensor(shape: shape, [Float](repeating: 2.5, count: count))
    for order in NumPyFile.Order.allCases {
      let bytes = NumPyFile.serialized(written, order: order)
      #expect((bytes.count - 4 * count) % 64 == 0)
      #expect(try tensor(bytes) == written)
    }
  }

  /// As long as its header is, the array is of more dimensions than version 1.0 can tell of.
  @Test func aLongHeaderNeedsVersion2() throws {
    let written = Tensor(shape: [Int](repeating: 1, count: 30_000), .uint8([9]))
    let bytes = NumPyFile.serialized(written, order: .fortran)
    #expect(bytes[6] == 2)
    #expect(bytes.count % 64 == 1)
    #expect(try tensor(bytes) == written)
  }

  @Test(arguments: [
    "{'descr': '<u1', 'fortran_order': False, 'shape': (2,), }\n",
    "{\"shape\":(2L,),\"descr\":\"|u1\",\"fortran_order\":False}",
    " { 'fortran_order' : True , 'shape' : ( 2 , 1 , ) , 'descr' : '=u1' } ",
    "{'descr': '>u1', 'fortran_order': False, 'shape': (1, 2)}",
  ])
  func everySpellingOfTheHeaderIsRead(_ text: String) throws {
    for version: [UInt8] in [[1, 0], [2, 0], [3, 0]] {
      #expect(try tensor(fileBytes(text, [7, 8], version: version)).elements == .uint8([7, 8]))
    }
  }

  @Test(
    arguments: [
      ([], "is not a .npy file: it does not begin with \\x93NUMPY"),
      (Array("NUMPY".utf8), "is not a .npy file: it does not begin with \\x93NUMPY"),
      (fileBytes(header(), version: [4, 0]), "is of version 4.0, wanted 1.0, 2.0 or 3.0"),
      (fileBytes(header(), version: [1, 1]), "is of version 1.1, wanted 1.0, 2.0 or 3.0"),
      (Array(fileBytes(header()).prefix(7)), "ends within its header"),
      (Array(fileBytes(header()).prefix(40)), "ends within its header"),
      (fileBytes(header()), "has 0 bytes of numbers, wanted 8 for the shape [2] of <f4"),
      (
        fileBytes(header(), [UInt8](repeating: 0, count: 9)),
        "has 9 bytes of numbers, wanted 8 for the shape [2] of <f4"
      ),
      (
        fileBytes(header(shape: "(1152921504606846976,)")),
        "has 0 bytes of numbers, wanted 4611686018427387904 for the shape [1152921504606846976] of <f4"
      ),
      (
        fileBytes(header(shape: "(4611686018427387904, 0, 4)")),
        "has the shape [4611686018427387904, 0, 4], which no memory can hold"
      ),
      (
        fileBytes(header("'|O'")),
        "the header has the type “|O”, wanted one of b1, u1, i1, u2, i2, u4, i4, u8, i8, f2, f4, f8 after <, >, | or ="
      ),
      (
        fileBytes(header("[('gate', '<f4')]")),
        "the header has a type of several fields or none, from “[('gate', '<f4')], 'fortran_order': Fals…”, "
          + "wanted that of plain numbers"
      ),
      (fileBytes(header(order: "0")), "the header has “0, 'shape': (2,), }\\u{a}” where True or False should be"),
      (fileBytes(header(shape: "(2)")), "the header has “), }\\u{a}” where a comma should be"),
      (fileBytes(header(shape: "2")), "the header has “2, }\\u{a}” where “(” should be"),
      (
        fileBytes(header(shape: "(-2,)")),
        "the header has “-2,), }\\u{a}” where a whole number that is not negative should be"
      ),
      (
        fileBytes(header(shape: "(9223372036854775808,)")),
        "the header has “9223372036854775808,), }\\u{a}” where a number of at most 63 bits should be"
      ),
      (fileBytes(header() + "x"), "the header has “x” where its end should be"),
      (fileBytes("{'descr': '<f4'"), "the header ends where “}” should be"),
      (fileBytes("{'descr': '<f4', 'shape': (), }"), "the header lacks the key “fortran_order”"),
      (fileBytes("{'shape': (), 'shape': (), }"), "the header has the key “shape” twice"),
      (fileBytes("{'shapes': (), }"), "the header has the unknown key “shapes”"),
      (fileBytes("{shape: (), }"), "the header has “shape: (), }” where a string should be"),
      (fileBytes("{'sh\\u0061pe': (), }"), "the header has “'sh\\u0061pe': (), }” where a plain string should be"),
      (fileBytes("{'shape"), "the header has “'shape” where a plain string should be"),
      (fileBytes(""), "the header ends where “{” should be"),
    ] as [([UInt8], String)])
  func aMalformedFileIsRefused(bytes: [UInt8], reason: String) {
    #expect(throws: DataError(file: "it.npy", reason: reason)) { try tensor(bytes) }
  }

  @Test func filesAreWrittenAndRead() throws {
    try withTemporaryFolder { folder in
      let written = Tensor(shape: [2], [1.5, 2.5])
      try NumPyFile.write(written, to: folder + "/file.npy")
      #expect(try NumPyFile.read(folder + "/file.npy") == written)
      #expect(throws: DataError.self) { try NumPyFile.read(folder + "/file.npy", limit: 100) }
    }
  }
}
