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
    let ending = Self.withoutBlockedSignals {
      system("cd '\(folder)' && exec sh ./.script >.output 2>.error </dev/null")
    }
    status = ending & 0x7F == 0 ? ending >> 8 & 0xFF : 128 + ending & 0x7F
    output = Self.text("\(folder)/.output")
    error = Self.text("\(folder)/.error")
  }

  /// A process inherits the signals that the thread blocks which starts it, and those of Dispatch block all.
  private static func withoutBlockedSignals(_ body: () -> Int32) -> Int32 {
    var none = sigset_t()
    var before = sigset_t()
    sigemptyset(&none)
    pthread_sigmask(SIG_SETMASK, &none, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    return body()
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
