// recurrent.h documents the functions.
// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation

public import CRecurrent
internal import Kernels
internal import Models

/// What a handle of a session stands for.
struct SessionContents: HandleContents {
  static var kind: HandleKind { .session }

  var session: Session<Float>
}

/// What a handle of a workspace stands for.
struct WorkspaceContents: HandleContents {
  static var kind: HandleKind { .workspace }

  let workspace: StepWorkspace<Float>
  /// The same, for steps, which are too short to count references.
  let unretained: Unmanaged<StepWorkspace<Float>>
  // What is needed beside the model of the workspace for sequences.
  let stack: RecurrentStack
  let readout: SequenceArchitecture.Readout
  let sizeBesideLayers: Int

  init(_ contents: ModelContents) {
    workspace = contents.prepared.workspace()
    unretained = .passUnretained(workspace)
    (stack, readout, sizeBesideLayers) = (contents.stack, contents.readout, contents.sizeBesideLayers)
  }
}

@c @implementation
public func recurrent_workspace_create(
  _ model: OpaquePointer?, _ workspace: UnsafeMutablePointer<OpaquePointer?>?
) -> recurrent_status {
  call {
    let workspace = try receiver(workspace, "workspace")
    let contents = try Handle<ModelContents>(model).contents
    workspace.pointee = Handle(WorkspaceContents(contents.pointee)).pointer
  }
}

@c @implementation
public func recurrent_workspace_free(_ workspace: OpaquePointer?) -> recurrent_status {
  call { try free(workspace, WorkspaceContents.self) }
}

@c @implementation
public func recurrent_session_open(
  _ model: OpaquePointer?, _ session: UnsafeMutablePointer<OpaquePointer?>?
) -> recurrent_status {
  call {
    let session = try receiver(session, "session")
    let contents = try Handle<ModelContents>(model).contents
    session.pointee = Handle(SessionContents(session: try contents.pointee.prepared.session())).pointer
  }
}

@c @implementation
public func recurrent_session_copy(
  _ session: OpaquePointer?, _ copy: UnsafeMutablePointer<OpaquePointer?>?
) -> recurrent_status {
  call {
    let copy = try receiver(copy, "copy")
    copy.pointee = Handle(try Handle<SessionContents>(session).contents.pointee).pointer
  }
}

@c @implementation
public func recurrent_session_steps(
  _ session: OpaquePointer?, _ steps: UnsafeMutablePointer<Int>?
) -> recurrent_status {
  call {
    let contents = try Handle<SessionContents>(session).contents
    try present(steps, "steps").pointee = contents.pointee.session.steps
  }
}

@c @implementation
public func recurrent_session_equal(
  _ a: OpaquePointer?, _ b: OpaquePointer?, _ equal: UnsafeMutablePointer<Int32>?
) -> recurrent_status {
  call {
    let (a, b) = (try Handle<SessionContents>(a).contents, try Handle<SessionContents>(b).contents)
    try present(equal, "equal").pointee = a.pointee.session == b.pointee.session ? 1 : 0
  }
}

@c @implementation
public func recurrent_session_write(_ session: OpaquePointer?, _ path: UnsafePointer<CChar>?) -> recurrent_status {
  call {
    let contents = try Handle<SessionContents>(session).contents
    try contents.pointee.session.write(to: RecurrentC.path(path))
  }
}

@c @implementation
public func recurrent_session_read(
  _ model: OpaquePointer?, _ path: UnsafePointer<CChar>?, _ session: UnsafeMutablePointer<OpaquePointer?>?
) -> recurrent_status {
  call {
    let session = try receiver(session, "session")
    let contents = try Handle<ModelContents>(model).contents
    let read = try contents.pointee.prepared.session(readingFrom: RecurrentC.path(path))
    session.pointee = Handle(SessionContents(session: read)).pointer
  }
}

@c @implementation
public func recurrent_session_serialize(
  _ session: OpaquePointer?, _ buffer: UnsafeMutableRawPointer?, _ capacity: Int, _ size: UnsafeMutablePointer<Int>?
) -> recurrent_status {
  call {
    let contents = try Handle<SessionContents>(session).contents
    let size = try present(size, "size")
    let bytes = contents.pointee.session.serialized()
    size.pointee = bytes.count
    guard let buffer else {
      guard capacity == 0 else { throw CallError.null("buffer") }
      return
    }
    // A size_t that is no Int is large enough.
    guard UInt(bitPattern: capacity) >= UInt(bytes.count) else {
      throw CallError.argument("capacity is \(capacity), wanted at least \(bytes.count)")
    }
    bytes.withUnsafeBytes { buffer.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
  }
}

@c @implementation
public func recurrent_session_deserialize(
  _ model: OpaquePointer?, _ bytes: UnsafeRawPointer?, _ size: Int, _ session: UnsafeMutablePointer<OpaquePointer?>?
) -> recurrent_status {
  call {
    let session = try receiver(session, "session")
    let contents = try Handle<ModelContents>(model).contents
    guard let bytes else { throw CallError.null("bytes") }
    guard 0...maxSessionBytes ~= size else {
      throw CallError.argument("size is \(UInt(bitPattern: size)), wanted at most \(maxSessionBytes)")
    }
    let file = try SafetensorsFile(
      bytes: Array(UnsafeRawBufferPointer(start: bytes, count: size)), name: "the bytes of a session")
    session.pointee = Handle(SessionContents(session: try contents.pointee.prepared.session(from: file))).pointer
  }
}

/// No session has as many bytes as two sides of matrices.
private let maxSessionBytes = 1 << 36

@c @implementation
public func recurrent_session_free(_ session: OpaquePointer?) -> recurrent_status {
  call { try free(session, SessionContents.self) }
}
