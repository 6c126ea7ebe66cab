// What can be told of the caller's pointers without reading what they point to.

/// What `pointer` points to; throws where it is NULL or misaligned.
func present<Element>(_ pointer: UnsafePointer<Element>?, _ name: StaticString) throws -> UnsafePointer<Element> {
  guard let pointer else { throw CallError.null("\(name)") }
  try checkAligned(pointer, name)
  return pointer
}

/// The same for writing.
func present<Element>(
  _ pointer: UnsafeMutablePointer<Element>?, _ name: StaticString
) throws -> UnsafeMutablePointer<Element> {
  guard let pointer else { throw CallError.null("\(name)") }
  try checkAligned(UnsafePointer(pointer), name)
  return pointer
}

/// The structure behind `pointer`; throws where that is NULL or misaligned, or the structure is not of this version.
func structure<Structure>(_ pointer: UnsafePointer<Structure>?, _ name: StaticString) throws -> Structure {
  let pointer = try present(pointer, name)
  try checkSize(pointer)
  return pointer.pointee
}

/// Throws where a structure of the caller's is not of this version. Reads its first field alone, which is its size: the
/// caller's may be shorter than this version's.
func checkSize<Structure>(_ pointer: UnsafePointer<Structure>) throws {
  let size = UnsafeRawPointer(pointer).load(as: Int.self)
  guard size == MemoryLayout<Structure>.size else {
    throw CallError.count("the size of \(Structure.self)", size, wanted: MemoryLayout<Structure>.size)
  }
}

/// The `count` elements behind `pointer`, which may be NULL where they are none.
@inline(__always)
func buffer<Element>(
  _ pointer: UnsafePointer<Element>?, _ count: Int, _ name: StaticString
) throws -> UnsafeBufferPointer<Element> {
  guard count >= 0, pointer != nil || count == 0, isAligned(pointer) else {
    throw refusal(isNull: pointer == nil, count, MemoryLayout<Element>.alignment, name)
  }
  return UnsafeBufferPointer(start: pointer, count: count)
}

/// The same for writing.
@inline(__always)
func buffer<Element>(
  _ pointer: UnsafeMutablePointer<Element>?, _ count: Int, _ name: StaticString
) throws -> UnsafeMutableBufferPointer<Element> {
  guard count >= 0, pointer != nil || count == 0, isAligned(UnsafePointer(pointer)) else {
    throw refusal(isNull: pointer == nil, count, MemoryLayout<Element>.alignment, name)
  }
  return UnsafeMutableBufferPointer(start: pointer, count: count)
}

/// Throws where `pointer` is misaligned; NULL is not.
func checkAligned<Element>(_ pointer: UnsafePointer<Element>?, _ name: StaticString) throws {
  guard isAligned(pointer) else { throw misaligned(name, MemoryLayout<Element>.alignment) }
}

/// Whether two arrays share a byte; an empty one may seem to. Their counts may be anything: no sum overflows.
@inline(__always)
func overlap<Read, Written>(_ a: UnsafeBufferPointer<Read>, _ b: UnsafeMutableBufferPointer<Written>) -> Bool {
  let (aStart, bStart) = (UInt(bitPattern: a.baseAddress), UInt(bitPattern: b.baseAddress))
  return bStart &- aStart < UInt(bitPattern: a.count &* MemoryLayout<Read>.stride)
    || aStart &- bStart < UInt(bitPattern: b.count &* MemoryLayout<Written>.stride)
}

@inline(__always)
private func isAligned<Element>(_ pointer: UnsafePointer<Element>?) -> Bool {
  UInt(bitPattern: pointer) % UInt(MemoryLayout<Element>.alignment) == 0
}

private func misaligned(_ name: StaticString, _ alignment: Int) -> CallError {
  .argument("\(name): the address is not a multiple of \(alignment) bytes")
}

@inline(never)
private func refusal(isNull: Bool, _ count: Int, _ alignment: Int, _ name: StaticString) -> CallError {
  guard !isNull else { return .null("\(name)") }
  guard count >= 0 else { return .argument("\(UInt(bitPattern: count)) \(name) are more than memory holds") }
  return misaligned(name, alignment)
}
