package import DataIO
internal import Glibc

/// One round of leave-one-out: a scene for the test, and the other scenes for training.
package struct TrajectoryFold: Sendable {
  /// The scene that is left out.
  package var scene: String
  /// Windows of the other scenes.
  package var training: [TrajectoryWindow]
  /// Windows of the scene.
  package var test: [TrajectoryWindow]

  package init(scene: String, training: [TrajectoryWindow], test: [TrajectoryWindow]) {
    self.scene = scene
    self.training = training
    self.test = test
  }
}

/// The rounds of leave-one-out over a folder of recorded tracks.
package enum TrajectoryFolds {
  /// The scenes of the ETH and UCY data sets and the files that hold them, in the order of every paper's table.
  package static let pedestrianScenes: [(name: String, files: [String])] = [
    ("ETH", ["biwi_eth.txt"]),
    ("HOTEL", ["biwi_hotel.txt"]),
    ("UNIV", ["students001.txt", "students003.txt"]),
    ("ZARA1", ["crowds_zara01.txt"]),
    ("ZARA2", ["crowds_zara02.txt"]),
  ]
  /// The files of those data sets that are used for training in every round and never for the test.
  package static let pedestrianTrainingFiles = ["crowds_zara03.txt", "uni_examples.txt"]

  /// Reads the `.txt` files of `folder`, each as ``PedestrianTracks/read(_:)`` does.
  ///
  /// Where the eight files of the ETH and UCY data sets are there, the rounds are those of the standard protocol.
  /// Otherwise each file is a scene, in alphabetical order, and there must be at least two.
  package static func read(
    folder: String, observed: Int = 8, predicted: Int = 12
  ) throws(DataError) -> [TrajectoryFold] {
    let files = try textFiles(in: folder)
    var scenes = files.map { (name: String($0.dropLast(4)), files: [$0]) }
    var trainingFiles: [String] = []
    let standard = pedestrianScenes.flatMap(\.files) + pedestrianTrainingFiles
    if Set(standard).isSubset(of: files) {
      scenes = pedestrianScenes
      trainingFiles = pedestrianTrainingFiles
    }
    guard scenes.count >= 2 else {
      throw DataError(file: folder, reason: "leaving one scene out takes two .txt files at least, found \(files.count)")
    }

    var windows: [String: [TrajectoryWindow]] = [:]
    for file in scenes.flatMap(\.files) + trainingFiles {
      windows[file] = PedestrianTracks.windows(
        of: try PedestrianTracks.read(folder + "/" + file), observed: observed, predicted: predicted)
    }
    func all(_ files: [String]) -> [TrajectoryWindow] { files.flatMap { windows[$0, default: []] } }

    var folds: [TrajectoryFold] = []
    for scene in scenes {
      let others = scenes.flatMap(\.files).filter { !scene.files.contains($0) }
      let fold = TrajectoryFold(scene: scene.name, training: all(others + trainingFiles), test: all(scene.files))
      for (part, isEmpty) in [("", fold.test.isEmpty), ("the scenes beside ", fold.training.isEmpty)] where isEmpty {
        throw DataError(
          file: folder, reason: "no track of \(observed + predicted) consecutive positions in \(part)\(scene.name)")
      }
      folds.append(fold)
    }
    return folds
  }

  private static func textFiles(in folder: String) throws(DataError) -> [String] {
    guard let directory = opendir(folder) else {
      throw DataError(file: folder, reason: String(cString: strerror(errno)))
    }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if name.hasSuffix(".txt"), !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted()
  }
}
