import Glibc
import Testing

@testable import ToolSupport

@Suite struct ToolProcessTests {
  @Test func filesAreNotOpenedOnTheDescriptorsOfClosedStreams() async {
    await #expect(processExitsWith: .exitCode(7)) {
      for descriptor in STDIN_FILENO...STDERR_FILENO { close(descriptor) }
      ToolProcess.prepare()
      guard open("/dev/null", O_RDONLY) > STDERR_FILENO else { exit(1) }
      // A closed stream stays one that cannot be used.
      guard write(STDOUT_FILENO, "x", 1) < 0, write(STDERR_FILENO, "x", 1) < 0 else { exit(2) }
      var byte: UInt8 = 0
      guard read(STDIN_FILENO, &byte, 1) < 0 else { exit(3) }
      exit(7)
    }
  }

  @Test func openStreamsStayWhatTheyAre() async {
    let result = await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) {
      ToolProcess.prepare()
      try StandardStream.output.write("a line that is still there\n")
    }
    let output = String(decoding: result?.standardOutputContent ?? [], as: UTF8.self)
    #expect(output.contains("a line that is still there"))
  }

  @Test func aLimitOnTheSizeOfFilesIsAnErrorAndNoSignal() async {
    await #expect(processExitsWith: .success) {
      ToolProcess.prepare()
      var limit = rlimit(rlim_cur: 0, rlim_max: 0)
      setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
      let file = tmpfile()
      #expect(write(fileno(file), "x", 1) < 0 && errno == EFBIG)
    }
  }
}
