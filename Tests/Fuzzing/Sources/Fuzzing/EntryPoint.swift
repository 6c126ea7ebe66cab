import Foundation

/// libFuzzer's `main` calls this first. The first argument names the target and is removed, so that libFuzzer reads only its
/// own.
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
    // Without the leak check, which would report whatever lives as long as the process.
    _exit(0)
  }
  FuzzTarget.chosen = target
  arguments.pointee[1] = arguments.pointee[0]
  arguments.pointee += 1
  count.pointee -= 1
  return 0
}

/// libFuzzer calls this with every input.
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
