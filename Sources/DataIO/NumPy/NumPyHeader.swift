/// What a `.npy` file tells of its array before the numbers, in the form of a Python dictionary.
struct NumPyHeader: Equatable {
  var descriptor: NumPyDescriptor
  var isFortranOrder: Bool
  var shape: [Int]

  /// The limit on its bytes. NumPy's own is 10,000 unless the caller trusts the file.
  static let maxLength = 1 << 20

  init(descriptor: NumPyDescriptor, isFortranOrder: Bool, shape: [Int]) {
    self.descriptor = descriptor
    self.isFortranOrder = isFortranOrder
    self.shape = shape
  }

  /// Reads the dictionary: each of its three keys once, in any order, and nothing else.
  init(_ text: ArraySlice<UInt8>, file: String) throws(DataError) {
    var literal = PythonLiteral(text, file: file)
    var descriptor: NumPyDescriptor?
    var isFortranOrder: Bool?
    var shape: [Int]?
    try literal.expect("{")
    while !literal.skip("}") {
      let key = try literal.string()
      try literal.expect(":")
      switch key {
      case "descr" where descriptor == nil: descriptor = try NumPyDescriptor(&literal)
      case "fortran_order" where isFortranOrder == nil: isFortranOrder = try literal.boolean()
      case "shape" where shape == nil: shape = try literal.sizes()
      case "descr", "fortran_order", "shape": throw literal.error("has the key \(quoted(key)) twice")
      default: throw literal.error("has the unknown key \(quoted(key))")
      }
      guard literal.skip(",") else {
        try literal.expect("}")
        break
      }
    }
    try literal.expectEnd()
    guard let descriptor else { throw literal.error("lacks the key “descr”") }
    guard let isFortranOrder else { throw literal.error("lacks the key “fortran_order”") }
    guard let shape else { throw literal.error("lacks the key “shape”") }
    self.init(descriptor: descriptor, isFortranOrder: isFortranOrder, shape: shape)
  }

  /// The file's bytes up to the numbers, exactly as NumPy 1.23 and later write them: room for the outermost dimension
  /// to grow to 21 digits in place, and spaces so that the numbers start at a multiple of 64.
  var serialized: [UInt8] {
    let sizes = shape.map(String.init)
    let tuple = sizes.count == 1 ? "(\(sizes[0]),)" : "(\(sizes.joined(separator: ", ")))"
    let order = isFortranOrder ? "True" : "False"
    var text = Array("{'descr': '\(descriptor)', 'fortran_order': \(order), 'shape': \(tuple), }".utf8)
    if let growing = isFortranOrder ? sizes.last : sizes.first {
      text += [UInt8](repeating: UInt8(ascii: " "), count: 21 - growing.utf8.count)
    }
    // The first version counts the text, which ends with a line feed, in 16 bits.
    let isLong = text.count + 65 > UInt16.max
    let before = NumPyFile.magic.count + 2 + (isLong ? 4 : 2)
    text += [UInt8](repeating: UInt8(ascii: " "), count: 64 - (before + text.count + 1) % 64)
    text.append(UInt8(ascii: "\n"))
    var bytes = NumPyFile.magic + [isLong ? 2 : 1, 0]
    if isLong { bytes.append(littleEndian: UInt32(text.count)) } else { bytes.append(littleEndian: UInt16(text.count)) }
    return bytes + text
  }
}
