#if Serve
import ArgumentParser
import Serving
import Testing

@testable import rnn

@Suite struct ServeTests {
  @Test func limitsComeFromTheCommandLine() throws {
    let command = try Serve.parse([
      "m.safetensors", "--max-body", "300MB", "--max-tensor", "7", "--max-sessions", "8", "--idle-timeout", "9",
      "--max-queue", "10", "--max-batch", "11", "--max-wait", "1.5", "--max-connections", "12",
      "--connection-timeout", "13",
    ])
    var options = InferenceServer.Options()
    command.limits.apply(to: &options)
    #expect(options.limits.maxBody == 300_000_000 && options.limits.maxBodies >= 300_000_000)
    #expect(options.limits.maxTensor == 7 && options.limits.maxSessions == 8 && options.limits.maxQueued == 10)
    #expect(options.limits.maxBatch == 11 && options.limits.maxWait == .microseconds(1500))
    #expect(options.limits.idleTimeout == .seconds(9) && options.connectionTimeout == .seconds(13))
    #expect(options.maxConnections == 12 && command.host == "127.0.0.1" && command.port == 8000)
  }

  @Test func thereIsRoomForTheLargestAnswer() throws {
    var options = InferenceServer.Options()
    try Serve.parse(["m.safetensors", "--max-tensor", "\(1 << 30)"]).limits.apply(to: &options)
    #expect(options.limits.maxBodies >= 16 << 30)
  }

  @Test(arguments: [
    ["--port", "65536"], ["--port", "-1"], ["--max-sessions", "0"], ["--max-queue", "-1"], ["--idle-timeout", "nan"],
    ["--max-wait", "-1"], ["--max-wait", "inf"], ["--snapshot-interval", "0"], ["--connection-timeout", "0.5"],
    ["--max-body", "1"], ["--max-tensor", "9999999999"],
  ])
  func optionsOutsideTheirRangeAreRefused(_ options: [String]) {
    #expect(throws: (any Error).self) { try Serve.parse(["m.safetensors"] + options) }
  }

  @Test func aModelIsNeeded() { #expect(throws: (any Error).self) { try Serve.parse([]) } }
}
#endif
