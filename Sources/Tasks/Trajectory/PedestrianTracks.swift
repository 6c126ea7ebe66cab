package import DataIO
internal import Kernels

/// The positions of one pedestrian without a gap.
package struct PedestrianTrack: Hashable, Sendable {
  /// The number that the file gives this pedestrian.
  package var pedestrian: Int
  /// The frame of the first position.
  package var firstFrame: Int
  /// The positions, ``PedestrianTracks/framesBetweenPositions`` apart.
  package var positions: [Point]
}

/// Recordings of walking people in the format of the ETH and UCY data sets: a line `frame pedestrian x y` for each
/// position, in metres, 2.5 positions a second.
package enum PedestrianTracks {
  /// How far the frames of consecutive positions are apart; a larger gap ends a track.
  package static let framesBetweenPositions = 10

  /// Reads the tracks of the file at `path`, ordered by pedestrian and time.
  package static func read(_ path: String) throws(DataError) -> [PedestrianTrack] {
    try tracks(in: WhitespaceTable(contentsOf: path, columns: 4), file: path)
  }

  static func tracks(in table: WhitespaceTable, file: String) throws(DataError) -> [PedestrianTrack] {
    var sightings: [Sighting] = []
    sightings.reserveCapacity(table.lines.count)
    for (row, line) in table.lines.enumerated() {
      guard let frame = Int(exactly: table.values[row, 0]) else {
        throw DataError(
          file: file, line: line, column: 1, reason: "a frame is a whole number, not \(table.values[row, 0])")
      }
      guard let pedestrian = Int(exactly: table.values[row, 1]) else {
        throw DataError(
          file: file, line: line, column: 2, reason: "a pedestrian is a whole number, not \(table.values[row, 1])")
      }
      let position = Point(table.values[row, 2], table.values[row, 3])
      sightings.append(Sighting(pedestrian: pedestrian, frame: frame, line: line, position: position))
    }
    sightings.sort { ($0.pedestrian, $0.frame, $0.line) < ($1.pedestrian, $1.frame, $1.line) }

    var tracks: [PedestrianTrack] = []
    var previous: Sighting?
    for sighting in sightings {
      if let previous, previous.pedestrian == sighting.pedestrian {
        guard previous.frame != sighting.frame else {
          throw DataError(
            file: file, line: sighting.line,
            reason: "pedestrian \(sighting.pedestrian) is in frame \(sighting.frame) already, on line \(previous.line)")
        }
        // Frames from a file may be so far apart that their difference overflows.
        let (next, overflow) = previous.frame.addingReportingOverflow(framesBetweenPositions)
        if !overflow, next == sighting.frame {
          tracks[tracks.count - 1].positions.append(sighting.position)
        } else {
          tracks.append(sighting.asTrack)
        }
      } else {
        tracks.append(sighting.asTrack)
      }
      previous = sighting
    }
    return tracks
  }

  /// Every run of `observed + predicted` consecutive positions in `tracks`, each beginning one position after the one
  /// before it.
  package static func windows(
    of tracks: some Sequence<PedestrianTrack>, observed: Int = 8, predicted: Int = 12
  ) -> [TrajectoryWindow] {
    let length = observed + predicted
    return tracks.flatMap { track in
      stride(from: 0, through: track.positions.count - length, by: 1).map { start in
        let future = start + observed
        return TrajectoryWindow(
          observed: Array(track.positions[start..<future]), future: Array(track.positions[future..<start + length]))
      }
    }
  }

  private struct Sighting {
    var pedestrian: Int
    var frame: Int
    var line: Int
    var position: Point

    var asTrack: PedestrianTrack {
      PedestrianTrack(pedestrian: pedestrian, firstFrame: frame, positions: [position])
    }
  }
}
