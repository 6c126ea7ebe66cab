import Foundation

/// What libFuzzer's `main` calls first. The first argument names the target and is taken away, so that libFuzzer finds
/// only its own.
///
///     Fuzzing TARGET [libFuzzer's options] [FOLDER or FILE ...]
///     Fuzzing TARGET --seeds FOLDER    writes valid files for a corpus to begin with
///     Fuzzing --list                   prints the names of the targets
@_cdecl("LLVMFuzzerInitialize")
public func initialize(
  _ count: UnsafeMutablePointer<CInt>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>
) -> CInt {
  let words = (0..<Int(count.pointee)).compactMap { arguments.pointee[$0].map { String(cString: $0) } }
  if words.dropFirst() == ["--list"] {
    for target in FuzzTarget.all { print(target.name) }
    exit(0)
  }
  guard words.count > 1, let target = FuzzTarget.all.first(where: { $0.name == words[1] }) else {
    fatalError("the first argument is none of \(FuzzTarget.all.map(\.name))")
  }
  if words.count == 4, words[2] == "--seeds" {
    writeSeeds(of: target, to: words[3])
    // Without a look for leaks: what lives as long as the process does would count as one.
    _exit(0)
  }
  FuzzTarget.chosen = target
  arguments.pointee[1] = arguments.pointee[0]
  arguments.pointee += 1
  count.pointee -= 1
  return 0
}

/// What libFuzzer calls with every input.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  try? FuzzTarget.chosen?.check(Array(UnsafeBufferPointer(start: start, count: count)))
  return 0
}

private func writeSeeds(of target: FuzzTarget, to folder: String) {
  for (index, seed) in target.seeds().enumerated() {
    let url = URL(filePath: folder).appending(path: "seed-\(index)")
    do { try Data(seed).write(to: url) } catch { fatalError("cannot write \(url.path): \(error)") }
  }
}
