internal import Glibc

/// The surroundings of a tool's process.
package enum ToolProcess {
  /// The place of the first argument that is not UTF-8, counted from 1: Swift would change it, so that a path would name
  /// another file. `nil` where all are.
  package static var firstArgumentThatIsNoText: Int? {
    (0..<Int(CommandLine.argc)).first { index in
      CommandLine.unsafeArgv[index].map { String(validatingCString: $0) == nil } ?? false
    }
  }

  /// Makes writing fail with an error where it would end the process, and keeps files that are opened later off the
  /// descriptors of standard streams. To be called first of all.
  package static func prepare() {
    // A stream that was closed (`>&-`) is opened in the direction that nobody uses, so that its use still fails. `open`
    // takes the lowest descriptor that is free, which is this one, as those below are open.
    for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
      _ = open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY)
    }
    // Writing to a closed pipe then fails with EPIPE, and beyond the limit on a file's size with EFBIG.
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)
  }
}
