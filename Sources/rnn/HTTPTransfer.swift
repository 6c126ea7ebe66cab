#if Tools
import Foundation
import FoundationNetworking
import Synchronization

/// When a transfer is given up.
struct TransferLimits: Sendable {
  /// The time for finding the server, connecting, redirections and the beginning of its answer.
  var secondsToAnswer = 30.0
  /// The time in which at least ``bytesOfProgress`` must come.
  var secondsOfProgress = 30.0
  /// A tenth of what the slowest modem carried.
  var bytesOfProgress = 10_000
  var redirections = 5

  /// The failure of a server that did not answer in time.
  func lateAnswer(of host: String) -> DownloadError {
    DownloadError(description: "\(host) did not answer within \(secondsToAnswer) seconds")
  }

  /// The failure of a server that sent no more than `count` bytes in a period.
  func slowAnswer(of host: String, count: Int) -> DownloadError {
    DownloadError(
      description: "\(host) sent \(count) bytes in \(secondsOfProgress) seconds, less than \(bytesOfProgress); "
        + "rnn fetch goes on from there")
  }
}

/// One answer over HTTP, part by part.
///
/// Some answers that a server can send make FoundationNetworking end the process, and a call in here waits without limit
/// where the system has no thread for it: ``TransferProcess`` does it in a process of its own.
final class HTTPTransfer: NSObject, URLSessionDataDelegate {
  private struct State {
    /// The last answer, until its first byte or its end: those of a proxy and of redirections come before it.
    var pending: Download.Answer?
    var failure: (any Error)?
    var isOver = false
    var redirections = 0
    var hasBegun = false
    /// Since the transfer or the current period of progress began.
    var since = SuspendingClock.now
    var bytesSince = 0
  }

  private static let secondsBetweenChecks = 0.05

  private let limits: TransferLimits
  private let began: @Sendable (Download.Answer) throws -> Void
  private let receive: @Sendable ([UInt8]) throws -> Void
  private let state = Mutex(State())
  private let end = DispatchSemaphore(value: 0)

  private init(
    _ limits: TransferLimits, began: @escaping @Sendable (Download.Answer) throws -> Void,
    receive: @escaping @Sendable ([UInt8]) throws -> Void
  ) {
    self.limits = limits
    self.began = began
    self.receive = receive
  }

  /// A ``Download/Transfer`` by HTTP within `limits`.
  static func get(_ limits: TransferLimits = TransferLimits()) -> Download.Transfer {
    { address, start, began, receive in
      var request = URLRequest(url: address)
      if start > 0 { request.setValue("bytes=\(start)-", forHTTPHeaderField: "Range") }
      // With a compressed transfer the bytes could not be counted.
      request.setValue("identity", forHTTPHeaderField: "Accept-Encoding")
      let transfer = HTTPTransfer(limits, began: began, receive: receive)
      let session = URLSession(configuration: .ephemeral, delegate: transfer, delegateQueue: nil)
      defer { session.invalidateAndCancel() }
      let task = session.dataTask(with: request)
      task.resume()
      try transfer.wait(for: task, host: address.host ?? "the server")
    }
  }

  private func wait(for task: URLSessionTask, host: String) throws {
    while end.wait(timeout: .now() + Self.secondsBetweenChecks) == .timedOut {
      guard state.withLock({ isTooSlow(&$0, host) }) else { continue }
      task.cancel()
      break
    }
    // Whatever comes after this is too late.
    let failure = state.withLock { state in
      state.isOver = true
      return state.failure
    }
    if let failure { throw failure }
  }

  /// Whether the time is over; then notes the failure.
  private func isTooSlow(_ state: inout State, _ host: String) -> Bool {
    if state.failure != nil { return true }
    let seconds = (SuspendingClock.now - state.since) / .seconds(1)
    if !state.hasBegun {
      guard seconds >= limits.secondsToAnswer else { return false }
      state.failure = limits.lateAnswer(of: host)
      return true
    }
    guard seconds >= limits.secondsOfProgress else { return false }
    if state.bytesSince < limits.bytesOfProgress {
      state.failure = limits.slowAnswer(of: host, count: state.bytesSince)
      return true
    }
    (state.since, state.bytesSince) = (.now, 0)
    return false
  }

  /// Does the next step of a transfer that has neither failed nor ended. Cancels `task` where that fails.
  ///
  /// Handlers of Foundation's are called in a step, and not after a failure: they stop the program where the task was
  /// cancelled before.
  private func advance(_ task: URLSessionTask, _ step: (inout State) throws -> Void) {
    let isCancelled = state.withLock { state in
      guard !state.isOver, state.failure == nil else { return true }
      do { try step(&state) } catch { state.failure = error }
      return state.failure != nil
    }
    if isCancelled { task.cancel() }
  }

  private func begin(_ state: inout State) throws {
    guard let answer = state.pending else { return }
    state.pending = nil
    try began(answer)
    state.hasBegun = true
    (state.since, state.bytesSince) = (.now, 0)
  }

  func urlSession(
    _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
    completionHandler: @escaping (URLSession.ResponseDisposition) -> Void
  ) {
    advance(dataTask) { state in
      state.pending = Download.Answer(response)
      completionHandler(.allow)
    }
  }

  func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
    advance(dataTask) { state in
      try begin(&state)
      state.bytesSince += data.count
      try receive(Array(data))
    }
  }

  func urlSession(
    _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
    newRequest request: URLRequest, completionHandler: @escaping (URLRequest?) -> Void
  ) {
    advance(task) { state in
      state.pending = nil
      state.redirections += 1
      guard state.redirections <= limits.redirections else {
        throw DownloadError(description: "the server redirected more than \(limits.redirections) times")
      }
      let (from, to) = (response.url?.scheme?.lowercased(), request.url?.scheme?.lowercased())
      guard to == "https" || to == "http" && from == "http" else {
        throw DownloadError(description: "the server redirected to \(request.url?.absoluteString ?? "no address")")
      }
      completionHandler(request)
    }
  }

  func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
    advance(task) { state in
      let host = task.originalRequest?.url?.host ?? "the server"
      guard let error else {
        try begin(&state)
        // A redirection to nowhere ends like this.
        guard state.hasBegun else { throw DownloadError.noAnswer(of: host) }
        return
      }
      throw DownloadError(description: "\(host) cannot be reached: \(error.localizedDescription)")
    }
    end.signal()
  }
}

extension Download.Answer {
  fileprivate init(_ response: URLResponse) {
    let response = response as? HTTPURLResponse
    status = response?.statusCode ?? 0
    start = (response?.value(forHTTPHeaderField: "Content-Range")?.firstMatch(of: /^\s*bytes\s+(\d+)-/)?.1)
      .flatMap { Int($0) }
    // The length of a compressed answer is not that of the file.
    let isPlain = response?.value(forHTTPHeaderField: "Content-Encoding") ?? "identity" == "identity"
    count = isPlain ? response?.value(forHTTPHeaderField: "Content-Length").flatMap(Int.init) : nil
  }
}
#endif
