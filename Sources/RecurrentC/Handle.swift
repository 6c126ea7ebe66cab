internal import Glibc
internal import Kernels

/// The kinds of handles. The number stands at the beginning of a handle's memory for as long as the handle is valid.
enum HandleKind: UInt64, CaseIterable {
  case model = 0x524E_4E6D_6F64_656C
  case session = 0x524E_4E73_6573_7369
  case workspace = 0x524E_4E77_6F72_6B73
  case trainer = 0x524E_4E74_7261_696E

  var name: String { "\(self)" }

  fileprivate var index: Int {
    switch self {
    case .model: 0
    case .session: 1
    case .workspace: 2
    case .trainer: 3
    }
  }
}

/// What a handle stands for.
protocol HandleContents {
  static var kind: HandleKind { get }
}

/// A handle of C's: memory that begins with its kind and holds the contents behind that.
///
/// The memory of a handle that was freed is kept for later handles of its kind, longest free first, and never given back: so a
/// handle that is used after it was freed can be read, and its kind is no more there.
struct Handle<Contents: HandleContents> {
  private let header: UnsafeMutablePointer<HandleHeader>

  /// The handle that `pointer` is; throws where it is NULL or none of this kind.
  @inline(__always)
  init(_ pointer: OpaquePointer?) throws {
    guard let pointer, UInt(bitPattern: pointer) % UInt(HandleHeader.alignment) == 0,
      UnsafeMutablePointer<HandleHeader>(pointer).pointee.kind == Contents.kind.rawValue
    else { throw Self.refusal(pointer) }
    header = UnsafeMutablePointer(pointer)
  }

  /// A handle of `contents`.
  init(_ contents: Contents) {
    header =
      FreeHandles.take(Contents.kind)
      ?? UnsafeMutableRawPointer.allocate(
        byteCount: HandleHeader.contentsOffset + MemoryLayout<Contents>.size, alignment: HandleHeader.alignment
      ).bindMemory(to: HandleHeader.self, capacity: 1)
    self.contents.initialize(to: contents)
    header.initialize(to: HandleHeader(kind: Contents.kind.rawValue))
  }

  /// What C calls it.
  var pointer: OpaquePointer { OpaquePointer(header) }

  /// Where its contents are. A pointer and no property, because a change of a property of an object is checked for exclusive
  /// access, which takes longer than a small step.
  @inline(__always)
  var contents: UnsafeMutablePointer<Contents> {
    (UnsafeMutableRawPointer(header) + HandleHeader.contentsOffset).assumingMemoryBound(to: Contents.self)
  }

  /// Notes that the handle takes part in the call of this number; `false` where it already did.
  func mark(_ round: UInt64) -> Bool {
    guard header.pointee.round != round else { return false }
    header.pointee.round = round
    return true
  }

  func free() {
    header.pointee.kind = 0
    contents.deinitialize(count: 1)
    FreeHandles.put(header, Contents.kind)
  }

  @inline(never)
  private static func refusal(_ pointer: OpaquePointer?) -> CallError {
    pointer == nil
      ? .null("the \(Contents.kind.name)")
      : .argument("the \(Contents.kind.name) is no handle of one, or was freed")
  }
}

/// The beginning of a handle's memory.
struct HandleHeader {
  /// A ``HandleKind``; 0 in a handle that is free.
  var kind: UInt64
  /// The last call of several sessions that it took part in.
  var round: UInt64 = 0
  /// The one that was freed after this one.
  var next: UnsafeMutablePointer<HandleHeader>?

  /// A cache line, which a session's handle fits into.
  static let alignment = 64
  static let contentsOffset = 32
}

/// The memory of handles that were freed.
private enum FreeHandles {
  /// For each kind the one that has been free for longest, and the last one.
  private struct Queue {
    var first: UnsafeMutablePointer<HandleHeader>?
    var last: UnsafeMutablePointer<HandleHeader>?
  }

  private static let queues = Guarded([Queue](repeating: Queue(), count: HandleKind.allCases.count))

  /// Whether the system took the handlers by which a child of `fork` never finds the queues locked.
  private static let survivesFork =
    pthread_atfork({ FreeHandles.queues.lock() }, { FreeHandles.queues.unlock() }, { FreeHandles.queues.unlock() }) == 0

  static func take(_ kind: HandleKind) -> UnsafeMutablePointer<HandleHeader>? {
    require(survivesFork, "the process has no memory left for handlers of fork")
    return queues.withLock { queues in
      guard let first = queues[kind.index].first else { return nil }
      queues[kind.index].first = first.pointee.next
      if first.pointee.next == nil { queues[kind.index].last = nil }
      return first
    }
  }

  static func put(_ header: UnsafeMutablePointer<HandleHeader>, _ kind: HandleKind) {
    header.pointee.next = nil
    queues.withLock { queues in
      if let last = queues[kind.index].last { last.pointee.next = header } else { queues[kind.index].first = header }
      queues[kind.index].last = header
    }
  }
}

/// Sets what is to receive a handle to NULL; throws where that is NULL itself, or misaligned.
func receiver(
  _ pointer: UnsafeMutablePointer<OpaquePointer?>?, _ name: StaticString
) throws -> UnsafeMutablePointer<OpaquePointer?> {
  let pointer = try present(pointer, name)
  pointer.pointee = nil
  return pointer
}

/// Frees a handle; NULL is none.
func free<Contents: HandleContents>(_ pointer: OpaquePointer?, _: Contents.Type) throws {
  if pointer != nil { try Handle<Contents>(pointer).free() }
}

/// The text of a path; throws where it is NULL, empty or no UTF-8.
func path(_ pointer: UnsafePointer<CChar>?) throws -> String {
  guard let pointer else { throw CallError.null("path") }
  guard let path = String(validatingCString: pointer), !path.isEmpty else {
    throw CallError.argument("the path is empty or not in UTF-8")
  }
  return path
}
