/// A reader of files under test.
struct FuzzTarget: Sendable {
  /// Its name on the command line.
  let name: String
  /// Valid files, from which libFuzzer makes others.
  let seeds: @Sendable () -> [[UInt8]]
  /// Reads everything in `bytes`. A crash is a finding; an error that the reader throws is none.
  let check: @Sendable (_ bytes: [UInt8]) throws -> Void

  /// All targets. To add one, write a file in Targets and a line here.
  static let all = [safetensors, model, checkpoint, npy, npz, csv, onnx]

  /// The one that this process runs. Set once, before libFuzzer begins.
  nonisolated(unsafe) static var chosen: FuzzTarget?
}

/// Crashes unless reading a file back gives the value it was written from.
func requireSame<Value: Equatable>(_ found: @autoclosure () throws -> Value, as wanted: Value, _ what: String) {
  do {
    let found = try found()
    precondition(found == wanted, "\(what): what was written reads as \(found), not as \(wanted)")
  } catch {
    preconditionFailure("\(what): what was written cannot be read: \(error)")
  }
}
