import Glibc
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
  @Test func allOfATextIsWritten() {
    var ends: [Int32] = [0, 0]
    #expect(pipe2(&ends, O_NONBLOCK) == 0)
    let text = String(repeating: "0123456789 é\n", count: 50_000)
    var reader = pthread_t()
    let received = UnsafeMutablePointer<[UInt8]>.allocate(capacity: 1)
    received.initialize(to: [])
    defer {
      received.deinitialize(count: 1)
      received.deallocate()
    }
    final class Reading {
      let descriptor: Int32
      let received: UnsafeMutablePointer<[UInt8]>
      init(_ descriptor: Int32, _ received: UnsafeMutablePointer<[UInt8]>) {
        (self.descriptor, self.received) = (descriptor, received)
      }
    }
    let reading = Unmanaged.passRetained(Reading(ends[0], received))
    pthread_create(
      &reader, nil,
      { argument in
        let reading = Unmanaged<Reading>.fromOpaque(argument!).takeRetainedValue()
        var buffer = [UInt8](repeating: 0, count: 10_000)
        while true {
          let count = read(reading.descriptor, &buffer, buffer.count)
          if count > 0 {
            reading.received.pointee += buffer[..<count]
          } else if count == 0 {
            return nil
          } else {
            var ready = pollfd(fd: reading.descriptor, events: Int16(POLLIN), revents: 0)
            poll(&ready, 1, -1)
          }
        }
      }, reading.toOpaque())
    #expect(throws: Never.self) { try StandardStream(descriptor: ends[1], name: "a stream").write(text) }
    close(ends[1])
    pthread_join(reader, nil)
    close(ends[0])
    #expect(received.pointee == Array(text.utf8))
  }

  @Test func aLogGoesOnAfterAFailureAndSaysSoOnce() async throws {
    try await withTemporaryFolder { folder in
      writeFile([], to: "\(folder)/log")
      await #expect(processExitsWith: .success) { [path = "\(folder)/log"] in
        let (full, log) = (open("/dev/full", O_WRONLY), open(path, O_WRONLY))
        StandardStream(descriptor: full, name: "a log").log("lost\n")
        StandardStream(descriptor: full, name: "a log").log("lost too\n")
        let stream = StandardStream(descriptor: log, name: "a log")
        stream.log("one\n")
        stream.log("two\n")
      }
      let log = ShellRun("cat log", in: folder).output
      #expect(log == "\nA part of this log is missing: No space left on device\none\ntwo\n")
    }
  }
}
