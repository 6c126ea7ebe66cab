/// Stops the program with `message` unless `condition` holds, in every build: for a programmer's mistake, such as a shape
/// that does not fit. `precondition` would stop a release build without a word.
///
/// Costs a comparison and a branch; the message is made only where it is shown.
@inlinable @inline(__always)
package func require(
  _ condition: @autoclosure () -> Bool, _ message: @autoclosure () -> String, file: StaticString = #fileID,
  line: UInt = #line
) {
  if !condition() { stop(message, file, line) }
}

@usableFromInline @inline(never)
package func stop(_ message: () -> String, _ file: StaticString, _ line: UInt) -> Never {
  fatalError(message(), file: file, line: line)
}
