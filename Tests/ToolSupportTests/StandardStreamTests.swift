import Foundation
import Synchronization
import TestSupport
import Testing

@testable import ToolSupport

@Suite struct StandardStreamTests {
  @Test func aFullDiskIsAnError() {
    let descriptor = open("/dev/full", O_WRONLY)
    defer { close(descriptor) }
    let error = #expect(throws: OutputError.self) {
      try StandardStream(descriptor: descriptor, name: "standard output").write("text")
    }
    #expect(error?.description == "standard output cannot be written: No space left on device")
    #expect(error?.isClosedPipe == false)
  }

  @Test func aClosedDescriptorIsAnError() {
    #expect(throws: OutputError.self) { try StandardStream(descriptor: 1 << 20, name: "a stream").write("text") }
  }

  @Test func aClosedPipeIsAnErrorOfItsOwn() async {
    await #expect(processExitsWith: .success) {
      ToolProcess.prepare()
      var ends: [Int32] = [0, 0]
      #expect(pipe(&ends) == 0)
      close(ends[0])
      let stream = StandardStream(descriptor: ends[1], name: "a stream")
      let error = #expect(throws: OutputError.self) { try stream.write("text") }
      #expect(error?.isClosedPipe == true)
    }
  }

  /// A text of several times a pipe's capacity, through a pipe that does not block.
  @Test func allOfATextIsWritten() throws {
    var ends: [Int32] = [0, 0]
    #expect(pipe(&ends) == 0 && fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0)
    let text = String(repeating: "0123456789 é\n", count: 50_000)
    let received = Mutex<[UInt8]>([])
    let isRead = DispatchSemaphore(value: 0)
    // Not a task: tasks wait for one of the threads that run tests, one of which waits below until this has read.
    Thread.detachNewThread { [descriptor = ends[0]] in
      var buffer = [UInt8](repeating: 0, count: 10_000)
      while case let count = read(descriptor, &buffer, buffer.count), count > 0 {
        received.withLock { $0 += buffer[..<count] }
      }
      isRead.signal()
    }
    try StandardStream(descriptor: ends[1], name: "a stream").write(text)
    close(ends[1])
    isRead.wait()
    #expect(received.withLock { $0 } == Array(text.utf8))
    close(ends[0])
  }

  /// A signal could not end the program that waits in vain.
  @Test func aLogThatNobodyReadsIsNotWaitedFor() async {
    await #expect(processExitsWith: .success) {
      var ends: [Int32] = [0, 0]
      #expect(pipe(&ends) == 0)
      let stream = StandardStream(descriptor: ends[1], name: "a log")
      // More than a pipe holds; each waits a second at most, and only the first.
      for _ in 0..<2000 { stream.log(String(repeating: "x", count: 99) + "\n") }
      var buffer = [UInt8](repeating: 0, count: 100_000)
      #expect(read(ends[0], &buffer, buffer.count) > 60_000)
      stream.log("again\n")
      let count = read(ends[0], &buffer, buffer.count)
      #expect(
        String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
          == "\nA part of this log is missing: nobody read it\nagain\n")
    }
  }

  @Test func aLogGoesOnAfterAFailureAndSaysSoOnce() async throws {
    let folder = TemporaryFolder()
    let path = folder.path("log")
    writeFile([], to: path)
    await #expect(processExitsWith: .success) { [path = path as String] in
      let (full, log) = (open("/dev/full", O_WRONLY), open(path, O_WRONLY))
      StandardStream(descriptor: full, name: "a log").log("lost\n")
      StandardStream(descriptor: full, name: "a log").log("lost too\n")
      let stream = StandardStream(descriptor: log, name: "a log")
      stream.log("one\n")
      stream.log("two\n")
    }
    let log = ShellRun("cat log", in: folder.path).output
    #expect(log == "\nA part of this log is missing: No space left on device\none\ntwo\n")
  }
}
