#if Tools
import Foundation
import Synchronization

/// Ctrl-C, the signal that asks a process to end, that of a terminal which was closed and that of a limit on processor
/// time: the first is noted, so that a training can save a checkpoint. The second of each has the default effect and ends
/// the process at once; but a terminal that closes sends its signal twice, so no number of those does.
enum Interruption {
  private static let flag = Atomic<Bool>(false)

  /// Whether a signal came.
  static var isRequested: Bool { flag.load(ordering: .relaxed) }

  /// Notes the first of each signal from now on.
  static func watch() {
    // The flag must exist before a handler touches it: making it is not safe there.
    flag.store(false, ordering: .relaxed)
    for signal in [SIGINT, SIGTERM, SIGHUP, SIGXCPU] {
      var action = sigaction()
      // nohup has it ignored.
      if signal == SIGHUP, sigaction(signal, nil, &action) == 0, action.isIgnored { continue }
      action.__sigaction_handler.sa_handler = { _ in Interruption.flag.store(true, ordering: .relaxed) }
      action.sa_flags = (signal == SIGHUP ? 0 : Int32(bitPattern: UInt32(SA_RESETHAND))) | SA_RESTART
      sigaction(signal, &action, nil)
    }
  }
}

extension sigaction {
  fileprivate var isIgnored: Bool {
    unsafeBitCast(__sigaction_handler.sa_handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
  }
}
#endif
