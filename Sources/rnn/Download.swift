#if Tools
import DataIO
import Foundation
import FoundationNetworking
import Synchronization

/// A download that failed.
struct DownloadError: Error, Equatable, CustomStringConvertible {
  let description: String
}

/// Downloads a file, and puts it in place only if its hash is right.
///
/// A partial download is kept beside the file, under its name and `.part`; an interrupted one is resumed, if the server
/// can do that.
struct Download {
  /// Asks for the bytes of `address` from `start` on. Calls `began` once with the status code, and then `receive` with
  /// every part. Throws ``DownloadError`` where there is no answer.
  typealias Transfer = (
    _ address: URL, _ start: Int, _ began: @escaping @Sendable (_ status: Int) throws -> Void,
    _ receive: @escaping @Sendable (_ bytes: [UInt8]) throws -> Void
  ) throws -> Void

  private static let complete = 200
  private static let partial = 206
  private static let nothingBeyond = 416

  let address: URL
  /// Its SHA-256, in hexadecimal digits.
  let hash: String
  /// The folder must exist.
  let path: String
  var transfer: Transfer = HTTPTransfer.get

  private var partPath: String { path + ".part" }

  func isDone() -> Bool { Self.isFile(at: path, of: hash) }

  /// Whether the file at `path` is there and has the SHA-256 `hash`.
  static func isFile(at path: String, of hash: String) -> Bool { (try? Self.hash(ofFileAt: path)) == hash }

  /// Downloads the file. Throws ``DownloadError`` where the network fails, and then keeps the partial download; and
  /// where the hash is wrong, and then deletes it.
  func callAsFunction() throws {
    // The last run ended after the download.
    if Self.isFile(at: partPath, of: hash) { return try putInPlace() }
    if !FileManager.default.fileExists(atPath: partPath) { try FileWriting.write([], to: partPath) }
    guard let part = FileHandle(forWritingAtPath: partPath) else {
      throw DataError(file: partPath, reason: "cannot be written")
    }
    defer { try? part.close() }
    let start = Int(try part.seekToEnd())
    let isOver = Mutex(false)
    let file = Mutex(part.fileDescriptor)
    try transfer(address, start) { status in
      switch status {
      case Self.partial where start > 0: break
      // The server does not support ranges, or there was no part: from the beginning.
      case Self.complete: try file.withLock { try Self.empty($0) }
      // Nothing follows the part: it is complete, or wrong.
      case Self.nothingBeyond where start > 0: isOver.withLock { $0 = true }
      default: throw DownloadError(description: "the server answered with status \(status)")
      }
    } _: { bytes in
      guard !isOver.withLock({ $0 }) else { return }
      try file.withLock { try Self.append(bytes, to: $0) }
    }
    try part.synchronize()
    let found = try Self.hash(ofFileAt: partPath)
    guard found == hash else {
      try? FileManager.default.removeItem(atPath: partPath)
      throw DownloadError(
        description: "\(address.absoluteString) is another file now: its SHA-256 is \(found), not \(hash)")
    }
    try putInPlace()
  }

  private func putInPlace() throws(DataError) {
    guard rename(partPath, path) == 0 else {
      throw DataError(file: path, reason: "cannot be written: \(String(cString: strerror(errno)))")
    }
  }

  private static func empty(_ descriptor: Int32) throws {
    guard ftruncate(descriptor, 0) == 0, lseek(descriptor, 0, SEEK_SET) == 0 else { throw refusal() }
  }

  private static func append(_ bytes: [UInt8], to descriptor: Int32) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
      if count >= 0 { rest = rest.dropFirst(count) } else if errno != EINTR { throw refusal() }
    }
  }

  private static func refusal() -> DownloadError {
    DownloadError(description: "what came cannot be written: \(String(cString: strerror(errno)))")
  }

  private static func hash(ofFileAt path: String) throws -> String {
    SHA256.hexadecimal(of: try FileReading.bytes(of: path))
  }
}

/// One answer over HTTP, part by part.
final class HTTPTransfer: NSObject, URLSessionDataDelegate {
  /// The time after which a silent server is given up.
  private static let secondsOfSilence = 30.0

  private let began: @Sendable (Int) throws -> Void
  private let receive: @Sendable ([UInt8]) throws -> Void
  private let outcome = Mutex<Result<Void, any Error>>(.success(()))
  private let isOver = DispatchSemaphore(value: 0)

  private init(
    began: @escaping @Sendable (Int) throws -> Void, receive: @escaping @Sendable ([UInt8]) throws -> Void
  ) {
    self.began = began
    self.receive = receive
  }

  /// A ``Download/Transfer`` by HTTP.
  static func get(
    _ address: URL, from start: Int, began: @escaping @Sendable (Int) throws -> Void,
    receive: @escaping @Sendable ([UInt8]) throws -> Void
  ) throws {
    var request = URLRequest(url: address)
    if start > 0 { request.setValue("bytes=\(start)-", forHTTPHeaderField: "Range") }
    // With a compressed transfer the bytes could not be counted.
    request.setValue("identity", forHTTPHeaderField: "Accept-Encoding")
    let configuration = URLSessionConfiguration.ephemeral
    configuration.timeoutIntervalForRequest = secondsOfSilence
    let transfer = HTTPTransfer(began: began, receive: receive)
    let session = URLSession(configuration: configuration, delegate: transfer, delegateQueue: nil)
    defer { session.invalidateAndCancel() }
    session.dataTask(with: request).resume()
    transfer.isOver.wait()
    try transfer.outcome.withLock { $0 }.get()
  }

  /// Notes a failure; the first counts.
  private func fail(_ error: any Error) {
    outcome.withLock { if case .success = $0 { $0 = .failure(error) } }
  }

  func urlSession(
    _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
    completionHandler: @escaping (URLSession.ResponseDisposition) -> Void
  ) {
    do {
      try began((response as? HTTPURLResponse)?.statusCode ?? 0)
      completionHandler(.allow)
    } catch {
      fail(error)
      completionHandler(.cancel)
      dataTask.cancel()
    }
  }

  func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
    do { try receive(Array(data)) } catch {
      fail(error)
      dataTask.cancel()
    }
  }

  func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
    if let error {
      let host = task.originalRequest?.url?.host ?? "the server"
      fail(DownloadError(description: "\(host) cannot be reached: \(error.localizedDescription)"))
    }
    isOver.signal()
  }
}
#endif
