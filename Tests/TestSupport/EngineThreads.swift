internal import Foundation

/// The threads that the engine has started in this process, beside those that call it.
package enum EngineThreads {
  /// How many there are. They stay until the process ends, so in a process of its own (an exit test) this says whether
  /// anything that ran asked for a second thread.
  package static var count: Int {
    let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? []
    return tasks.count { task in
      let name = try? String(contentsOfFile: "/proc/self/task/\(task)/comm", encoding: .utf8)
      return name == "recurrent\n"
    }
  }
}
