import Glibc

/// Calls of the engine that may end its process, and repetitions that must not grow it: a process for each, from
/// `Scripts/torture.sh`.
///
///     EngineProbe list               the names of calls that take a size
///     EngineProbe size NAME NUMBER   one of them with this size: prints what came of it
///     EngineProbe trainings COUNT    trains so many small models; fails where the last ones leave memory in use
///     EngineProbe steps COUNT        streams so many steps, likewise
///     EngineProbe step-time I H      nanoseconds of a step, for Scripts/check-c-library.sh
@main
enum EngineProbe {
  static func main() throws {
    let arguments = CommandLine.arguments.dropFirst()
    switch (arguments.first, arguments.count) {
    case ("list", 1):
      for name in SizedCalls.all.keys.sorted() { print(name) }
    case ("size", 3):
      guard let call = SizedCalls.all[arguments[2]], let size = Int(arguments[3]) else { fail("no such call or size") }
      do {
        try call(size)
        print("returned")
      } catch {
        print("threw: \(error)")
      }
    case ("trainings", 2): try repeating(arguments[2], Repetition.training)
    case ("steps", 2): try repeating(arguments[2], Repetition.steps)
    case ("step-time", 3):
      guard let inputs = Int(arguments[2]), let hidden = Int(arguments[3]) else { fail("no such sizes") }
      print(try StepTime.nanoseconds(inputs: inputs, hidden: hidden))
    default: fail("see EngineProbe.swift for the arguments")
    }
  }

  /// Fails where the memory in use grows with the number of repetitions.
  private static func repeating(_ text: String, _ work: (Int) throws -> Void) throws {
    guard let count = Int(text), count >= Repetition.minCount else { fail("at least \(Repetition.minCount) times") }
    // By then threads have made their pools of memory and filled them.
    try work(count / 2)
    let first = Repetition.bytesInUse()
    try work(count - count / 2)
    let last = Repetition.bytesInUse()
    print("\(first) bytes in use after \(count / 2), \(last) after \(count)")
    guard last <= first + Repetition.maxGrowth else { fail("memory has grown by \(last - first) bytes") }
  }

  private static func fail(_ message: String) -> Never {
    let line = Array("Error: \(message)\n".utf8)
    _ = write(STDERR_FILENO, line, line.count)
    exit(3)
  }
}
