internal import Glibc
internal import Kernels
internal import Models

/// A model's file, and the name that clients use.
package struct ModelSource: Hashable, Sendable {
  package let name: String
  package let path: String

  /// - Throws: ``ServingError`` where the name is none that a URL and a folder can have.
  package init(name: String, path: String) throws(ServingError) {
    let isPlain = name.utf8.allSatisfy {
      switch $0 {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
        true
      default: false
      }
    }
    guard isPlain, 1...100 ~= name.utf8.count, !name.hasPrefix(".") else {
      throw .badRequest("\(quoted(name)) cannot name a model: letters, digits, -, _ and . can, with NAME=FILE")
    }
    self.name = name
    self.path = path
  }
}

/// The models that are served. A file that is replaced takes the model's place for new sessions; those that run keep theirs.
final class ModelRepository: Sendable {
  private struct Model {
    let source: ModelSource
    var current: ServedModel
    /// The file that was last looked at, whether it could be read or not.
    var stamp: FileStamp?
  }

  private let models: Guarded<[String: Model]>
  /// In the order in which they were given.
  let names: [String]
  private let limits: ServingLimits
  private let metrics: any ServingMetrics

  /// Reads all of `sources`.
  ///
  /// - Throws: `SafetensorsError` for the first that cannot be read, `SchedulerError`, ``ServingError`` where two have one name.
  init(_ sources: [ModelSource], limits: ServingLimits, metrics: any ServingMetrics) throws {
    var models: [String: Model] = [:]
    for source in sources {
      let stamp = FileStamp(path: source.path)
      let (model, _) = try SequenceModel<Float>.read(from: source.path)
      let served = try ServedModel(model, name: source.name, version: 1, limits: limits, metrics: metrics)
      guard models.updateValue(Model(source: source, current: served, stamp: stamp), forKey: source.name) == nil else {
        throw ServingError.badRequest("two models are called \(source.name): give them names with NAME=FILE")
      }
    }
    self.models = Guarded(models)
    names = sources.map(\.name)
    self.limits = limits
    self.metrics = metrics
  }

  /// The model that new sessions get.
  func current(_ name: String) throws(ServingError) -> ServedModel {
    // A dictionary finds a name by canonical equivalence too: the Kelvin sign is no K.
    guard let model = models.withLock({ $0[name]?.current }), model.name.utf8.elementsEqual(name.utf8) else {
      throw .notFound("there is no model \(quoted(name))")
    }
    return model
  }

  /// Reads the files that have changed. One that cannot be read changes nothing until it changes again. Not to be called
  /// from two threads.
  ///
  /// - Returns: A line for each file that changed.
  func reload() -> [String] {
    var notes: [String] = []
    for model in names.compactMap({ name in models.withLock { $0[name] } }) {
      let (source, name) = (model.source, model.source.name)
      guard let stamp = FileStamp(path: source.path), stamp != model.stamp else { continue }
      models.withLock { $0[name]?.stamp = stamp }
      do {
        let (read, _) = try SequenceModel<Float>.read(from: source.path)
        let served = try ServedModel(
          read, name: name, version: model.current.version + 1, limits: limits, metrics: metrics)
        guard served.prepared.identity != model.current.prepared.identity else { continue }
        models.withLock { $0[name]?.current = served }
        metrics.reloaded(model: name, succeeded: true)
        notes.append("model \(name): version \(served.version), identity \(served.prepared.identity)")
      } catch {
        metrics.reloaded(model: name, succeeded: false)
        notes.append("model \(name): version \(model.current.version) stays, as the new file cannot be read: \(error)")
      }
    }
    return notes
  }
}

/// What tells whether a file is the one that was read.
private struct FileStamp: Equatable {
  let device: UInt
  let inode: UInt
  let size: Int
  let seconds: Int
  let nanoseconds: Int

  /// `nil` where nothing is at `path`.
  init?(path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    device = UInt(status.st_dev)
    inode = UInt(status.st_ino)
    size = Int(status.st_size)
    seconds = status.st_mtim.tv_sec
    nanoseconds = status.st_mtim.tv_nsec
  }
}
