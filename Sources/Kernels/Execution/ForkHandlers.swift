internal import Glibc

/// What `fork` runs before and after it, so that a child computes like its parent, on threads of its own.
///
/// A child has one thread, the one that called `fork`, and memory as all threads had it. So that no lock stays held by a
/// thread that is not there, the fork waits for calls of OpenBLAS that are under way, a moment each; regions need not end,
/// because the child begins with a new ``ThreadPool`` and leaves the old one as it was.
enum ForkHandlers {
  /// Whether the system took the handlers. They are installed at first use, once in a process; its children have them too.
  static let areInstalled =
    pthread_atfork(
      {
        OpenBLASCalls.close()
        OpenBLASThreads.willFork()
      },
      {
        OpenBLASThreads.didFork()
        OpenBLASCalls.open()
      },
      {
        OpenBLASThreads.didForkAsChild()
        OpenBLASCalls.open()
        ThreadPool.forgetShared()
      }) == 0
}
