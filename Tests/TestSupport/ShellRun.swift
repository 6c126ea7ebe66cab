internal import Glibc

/// A run of a shell script, which calls this package's tools as users do: with descriptors closed, limits set and signals
/// sent.
package struct ShellRun: Sendable {
  /// The script's exit code; above 128, a signal.
  package let status: Int32
  /// What it wrote to standard output.
  package let output: String
  /// What it wrote to standard error.
  package let error: String

  /// Runs `script` in `folder`. Its variables `rnn` and `benchmarks` are paths of the tools, built with the tests.
  ///
  /// In `folder` it leaves the files `.script`, `.output` and `.error`.
  package init(_ script: String, in folder: String) {
    let tools = Self.folderOfTools
    writeFile(Array("rnn='\(tools)/rnn' benchmarks='\(tools)/Benchmarks'\n\(script)\n".utf8), to: "\(folder)/.script")
    let ending = Self.ending(of: "cd '\(folder)' && exec sh ./.script >.output 2>.error </dev/null")
    status = ending & 0x7F == 0 ? ending >> 8 & 0xFF : 128 + ending & 0x7F
    output = Self.text("\(folder)/.output")
    error = Self.text("\(folder)/.error")
  }

  /// Runs `command`, with no signal ignored or blocked, whatever this process was started with: a shell could not undo that.
  private static func ending(of command: String) -> Int32 {
    var attributes = posix_spawnattr_t()
    var (all, none) = (sigset_t(), sigset_t())
    sigfillset(&all)
    sigemptyset(&none)
    posix_spawnattr_init(&attributes)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))
    defer { posix_spawnattr_destroy(&attributes) }
    let words: [UnsafeMutablePointer<CChar>?] = [strdup("sh"), strdup("-c"), strdup(command), nil]
    defer { for word in words { free(word) } }
    var (process, ending): (pid_t, Int32) = (0, 0)
    guard posix_spawn(&process, "/bin/sh", nil, &attributes, words, environ) == 0 else {
      fatalError("cannot start /bin/sh")
    }
    while waitpid(process, &ending, 0) < 0 && errno == EINTR {}
    return ending
  }

  /// The folder of what was built: that of this process's executable.
  private static let folderOfTools: String = {
    guard let path = realpath("/proc/self/exe", nil) else { fatalError("this process has no executable") }
    defer { free(path) }
    return String(cString: dirname(path))
  }()

  private static func text(_ path: String) -> String {
    guard let file = fopen(path, "r") else { return "" }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    while case let byte = fgetc(file), byte != EOF { bytes.append(UInt8(byte)) }
    return String(decoding: bytes, as: UTF8.self)
  }
}
