#if Serve
import ArgumentParser
import DataIO
import Dispatch
import Foundation
import Kernels
import Logging
import Serving
import ToolSupport

/// `rnn serve`: models over HTTP.
struct Serve: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Serves models over HTTP: whole sequences, and sessions that step.",
    discussion: """
      Speaks the Open Inference Protocol (V2) with JSON and binary tensors, and its sequence extension, so clients such as \
      tritonclient[http] can use it; /metrics is for Prometheus. A model reads INPUT and gives OUTPUT. Models are files of \
      rnn train and rnn convert; one that is replaced is read within a second or two, and new sessions get it.
        rnn serve forecaster.safetensors
        rnn serve en=english.safetensors de=german.safetensors --port 8080 --snapshots sessions

      SIGTERM and Ctrl-C answer what is under way, write all sessions where --snapshots names a folder, and end the server. \
      Exit codes: 0; 1 where it failed while it ran; 2 for bad input.
      """)

  @Argument(help: ArgumentHelp("A model's file, or NAME=FILE; without a name it is the file's.", valueName: "model"))
  var models: [String]

  @Option(help: "The address to listen on: by default nobody else's machine can reach it.")
  var host = "127.0.0.1"

  @Option(help: "The port to listen on; 0 for a free one.")
  var port = 8000

  @Option(help: ArgumentHelp("Answers those alone who send the token in this file.", valueName: "file"))
  var tokenFile: String?

  @Option(help: ArgumentHelp("Writes sessions here, and reads them when it starts.", valueName: "folder"))
  var snapshots: String?

  @Option(help: ArgumentHelp("Between two snapshots of all sessions.", valueName: "seconds"))
  var snapshotInterval = 30.0

  @OptionGroup(title: "Limits") var limits: ServingLimitOptions

  @Flag(help: "Say nothing but what is wrong.")
  var quiet = false

  func validate() throws {
    guard 0...65_535 ~= port else { throw ValidationError("--port takes 0 to 65535, not \(port)") }
    guard (0.1...1e6).contains(snapshotInterval) else {
      throw ValidationError("--snapshot-interval takes 0.1 to 1000000 seconds, not \(snapshotInterval)")
    }
  }

  func run() throws {
    let minimum: Logger.Level = quiet ? .warning : .info
    let logger = Logger(label: "rnn serve") { _ in LogLines(logLevel: minimum) }
    var options = InferenceServer.Options()
    (options.host, options.port, options.snapshots) = (host, port, snapshots)
    options.snapshotInterval = .seconds(snapshotInterval)
    limits.apply(to: &options)
    options.token = try tokenFile.map { path throws(ServingError) in try BearerToken(contentsOf: path) }
    let server = try InferenceServer(models.map(source), options, logger: logger)
    if options.token == nil, !["127.0.0.1", "::1", "localhost"].contains(host) {
      logger.warning("whoever reaches \(host) can use this server: --token-file asks for a token")
    }
    try wait { [host] in
      try await server.run { logger.notice("listening on http://\(host.contains(":") ? "[\(host)]" : host):\($0)") }
    }
  }

  /// `NAME=FILE`, or a file whose name is the model's.
  private func source(_ argument: String) throws(ServingError) -> ModelSource {
    guard let equals = argument.firstIndex(of: "="), !argument[..<equals].contains("/") else {
      return try ModelSource(name: argument.fileName.withoutExtension, path: argument)
    }
    return try ModelSource(name: String(argument[..<equals]), path: String(argument[argument.index(after: equals)...]))
  }

  /// Runs `body` to its end while this thread waits.
  private func wait(for body: @escaping @Sendable () async throws -> Void) throws {
    let end = DispatchSemaphore(value: 0)
    let result = Guarded(Result<Void, any Error>.success(()))
    Task {
      do { try await body() } catch { result.withLock { $0 = .failure(error) } }
      end.signal()
    }
    end.wait()
    guard case .failure(let error) = result.withLock({ $0 }) else { return }
    logFailure(error)
    throw ExitCode(1)
  }

  private func logFailure(_ error: any Error) { StandardStream.error.log("Error: the server ended: \(error)\n") }
}

/// What clients may ask of a server.
struct ServingLimitOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The largest body of a request, such as 500kB (default: 16 MiB).", valueName: "size"))
  var maxBody: ByteCount?

  @Option(help: ArgumentHelp("Numbers in an input or an output.", valueName: "number"))
  var maxTensor = ServingLimits().maxTensor

  @Option(help: ArgumentHelp("Sessions that may be open.", valueName: "number"))
  var maxSessions = ServingLimits().maxSessions

  @Option(help: ArgumentHelp("Ends sessions that nobody used for so long.", valueName: "seconds"))
  var idleTimeout = 600.0

  @Option(help: ArgumentHelp("Steps, and likewise whole sequences, that may wait for each model.", valueName: "number"))
  var maxQueue = ServingLimits().maxQueued

  @Option(help: ArgumentHelp("Steps that are taken together.", valueName: "number"))
  var maxBatch = ServingLimits().maxBatch

  @Option(help: ArgumentHelp("How long a step waits for others.", valueName: "milliseconds"))
  var maxWait = 0.0

  @Option(help: ArgumentHelp("Connections at a time; more wait.", valueName: "number"))
  var maxConnections = InferenceServer.Options().maxConnections

  @Option(
    help: ArgumentHelp(
      "In which a request must have come; ends connections that are idle for so long.", valueName: "seconds"))
  var connectionTimeout = 60.0

  func validate() throws {
    let counts = [
      "--max-tensor": maxTensor, "--max-sessions": maxSessions, "--max-queue": maxQueue, "--max-batch": maxBatch,
      "--max-connections": maxConnections,
    ]
    for (name, count) in counts.sorted(by: { $0.key < $1.key }) where !(1...1 << 30 ~= count) {
      throw ValidationError("\(name) takes a number from 1 to \(1 << 30), not \(count)")
    }
    let times = ["--idle-timeout": idleTimeout, "--connection-timeout": connectionTimeout]
    for (name, time) in times.sorted(by: { $0.key < $1.key }) where !(1...1e7).contains(time) {
      throw ValidationError("\(name) takes 1 to 10000000 seconds, not \(time)")
    }
    guard (0...60_000).contains(maxWait) else {
      throw ValidationError("--max-wait takes 0 to 60000 milliseconds, not \(maxWait)")
    }
  }

  func apply(to options: inout InferenceServer.Options) {
    if let maxBody {
      options.limits.maxBody = maxBody.bytes
      options.limits.maxBodies = max(options.limits.maxBodies, 4 * maxBody.bytes)
    }
    options.limits.maxTensor = maxTensor
    // Four of the largest answers, in the most bytes that a number takes.
    options.limits.maxBodies = max(options.limits.maxBodies, 4 * 16 * maxTensor)
    options.limits.maxSessions = maxSessions
    options.limits.idleTimeout = .seconds(idleTimeout)
    options.limits.maxQueued = maxQueue
    options.limits.maxBatch = maxBatch
    options.limits.maxWait = .milliseconds(maxWait)
    options.maxConnections = maxConnections
    options.connectionTimeout = .seconds(connectionTimeout)
  }
}

/// A log of lines on standard error, which nothing waits for.
private struct LogLines: LogHandler {
  var logLevel: Logger.Level
  var metadata: Logger.Metadata = [:]

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let level = event.level >= .warning ? "\(event.level): " : ""
    StandardStream.error.log("\(level)\(event.message)\n")
  }
}
#endif
