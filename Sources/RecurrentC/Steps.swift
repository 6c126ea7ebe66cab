// recurrent.h documents the functions.
// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation

public import CRecurrent
internal import Kernels
internal import Models
internal import Synchronization

@c @implementation
public func recurrent_step(
  _ workspace: OpaquePointer?, _ session: OpaquePointer?, _ features: UnsafePointer<Float>?, _ featureCount: Int,
  _ outputs: UnsafeMutablePointer<Float>?, _ outputCount: Int
) -> recurrent_status {
  call {
    let workspace = try Handle<WorkspaceContents>(workspace).contents
    let session = try Handle<SessionContents>(session).contents
    let features = try buffer(features, featureCount, "features")
    let outputs = try buffer(outputs, outputCount, "outputs")
    try workspace.pointee.unretained._withUnsafeGuaranteedRef { workspace in
      try checkApart(features, outputs, rows: 1, "features", in: workspace)
      var span = outputs.mutableSpan
      try workspace.step(features.span, &session.pointee.session, into: &span)
    }
  }
}

@c @implementation
public func recurrent_step_token(
  _ workspace: OpaquePointer?, _ session: OpaquePointer?, _ token: Int32, _ outputs: UnsafeMutablePointer<Float>?,
  _ outputCount: Int
) -> recurrent_status {
  call {
    let workspace = try Handle<WorkspaceContents>(workspace).contents
    let session = try Handle<SessionContents>(session).contents
    let outputs = try buffer(outputs, outputCount, "outputs")
    try workspace.pointee.unretained._withUnsafeGuaranteedRef { workspace in
      var span = outputs.mutableSpan
      try workspace.step(token: token, &session.pointee.session, into: &span)
    }
  }
}

@c @implementation
public func recurrent_step_many(
  _ workspace: OpaquePointer?, _ sessions: UnsafePointer<OpaquePointer?>?, _ sessionCount: Int,
  _ features: UnsafePointer<Float>?, _ featureCount: Int, _ outputs: UnsafeMutablePointer<Float>?, _ outputCount: Int
) -> recurrent_status {
  call {
    let workspace = try Handle<WorkspaceContents>(workspace).contents.pointee.workspace
    try hold(sessions, sessionCount, in: workspace)
    let features = try buffer(features, featureCount, "features")
    let outputs = try buffer(outputs, outputCount, "outputs")
    try checkApart(features, outputs, rows: sessionCount, "features", in: workspace)
    var span = outputs.mutableSpan
    try workspace.model.stepHeld(features.span, in: workspace, into: &span)
  }
}

@c @implementation
public func recurrent_step_many_tokens(
  _ workspace: OpaquePointer?, _ sessions: UnsafePointer<OpaquePointer?>?, _ sessionCount: Int,
  _ tokens: UnsafePointer<Int32>?, _ tokenCount: Int, _ outputs: UnsafeMutablePointer<Float>?, _ outputCount: Int
) -> recurrent_status {
  call {
    let workspace = try Handle<WorkspaceContents>(workspace).contents.pointee.workspace
    try hold(sessions, sessionCount, in: workspace)
    let tokens = try buffer(tokens, tokenCount, "tokens")
    let outputs = try buffer(outputs, outputCount, "outputs")
    try checkApart(tokens, outputs, rows: sessionCount, "tokens", in: workspace)
    var span = outputs.mutableSpan
    try workspace.model.stepHeld(tokens: tokens.span, in: workspace, into: &span)
  }
}

/// Has `workspace` hold `count` sessions of its model, each once.
func hold(
  _ sessions: UnsafePointer<OpaquePointer?>?, _ count: Int, in workspace: StepWorkspace<Float>
) throws {
  guard 0...MatrixSide.max ~= count else {
    throw CallError.count("the number of sessions", count, wanted: MatrixSide.max)
  }
  let model = workspace.model
  model.releaseSessions(of: workspace)
  guard count > 0 else { return }
  let sessions = try present(sessions, "sessions")
  let round = Rounds.next()
  for index in 0..<count {
    let handle = try Handle<SessionContents>(sessions[index])
    guard handle.mark(round) else { throw SessionError.sessionTwice(index: index) }
    try model.hold(&handle.contents.pointee.session, in: workspace)
  }
}

/// The numbers of calls of several sessions, by which one that is there twice is found. No two calls have the same, whatever
/// their workspaces, because sessions go from one to the other.
private enum Rounds {
  private static let last = Atomic<UInt64>(0)

  static func next() -> UInt64 { last.add(1, ordering: .relaxed).newValue }
}

/// Throws where a step of `rows` sessions would write over what it reads.
@inline(__always)
private func checkApart<Element>(
  _ inputs: UnsafeBufferPointer<Element>, _ outputs: UnsafeMutableBufferPointer<Float>, rows: Int, _ name: StaticString,
  in workspace: StepWorkspace<Float>
) throws {
  if overlap(inputs, outputs) { try refuseOverlap(inputs.count, outputs.count, rows, name, workspace.model) }
}

/// Throws unless a count is wrong: then nothing may really overlap, and the step itself throws.
@inline(never)
private func refuseOverlap(
  _ inputCount: Int, _ outputCount: Int, _ rows: Int, _ name: StaticString, _ model: PreparedModel<Float>
) throws {
  let width =
    switch model.input {
    case .features(let size): size
    case .tokens: 1
    }
  guard inputCount == rows * width, outputCount == rows * model.outputSize else { return }
  throw CallError.argument("\(name) and outputs overlap")
}
