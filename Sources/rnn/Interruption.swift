#if Tools
import Foundation
import Synchronization

/// Ctrl-C, and the signal that asks a process to end: the first is noted, so that a training can save a checkpoint;
/// the second has the default effect and ends the process at once.
enum Interruption {
  private static let flag = Atomic<Bool>(false)

  /// Whether a signal came.
  static var isRequested: Bool { flag.load(ordering: .relaxed) }

  /// Notes the first of each signal from now on.
  static func watch() {
    // The flag must exist before a handler touches it: making it is not safe there.
    flag.store(false, ordering: .relaxed)
    for signal in [SIGINT, SIGTERM] {
      var action = sigaction()
      action.__sigaction_handler.sa_handler = { _ in Interruption.flag.store(true, ordering: .relaxed) }
      action.sa_flags = Int32(bitPattern: UInt32(SA_RESETHAND)) | SA_RESTART
      sigaction(signal, &action, nil)
    }
  }
}
#endif
