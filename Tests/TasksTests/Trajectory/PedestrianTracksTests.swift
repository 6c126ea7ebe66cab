import DataIO
import TestSupport
import Testing

@testable import Tasks

@Suite struct PedestrianTracksTests {
  func tracks(_ text: String) throws -> [PedestrianTrack] {
    try PedestrianTracks.tracks(in: WhitespaceTable(Array(text.utf8), file: "f", columns: 4), file: "f")
  }

  @Test func consecutiveFramesMakeATrackWhateverTheOrderOfTheLines() throws {
    let tracks = try tracks("20 1.0 3 4\n10 7 0 0\n10 1 1.5 2\n20 7 0.5 1\n")
    #expect(
      tracks == [
        PedestrianTrack(pedestrian: 1, firstFrame: 10, positions: [[1.5, 2], [3, 4]]),
        PedestrianTrack(pedestrian: 7, firstFrame: 10, positions: [[0, 0], [0.5, 1]]),
      ])
  }

  @Test(arguments: [30, 21, 15, 9_000_000_000])
  func anyOtherGapBetweenFramesEndsATrack(_ frame: Int) throws {
    let tracks = try tracks("10 1 0 0\n\(frame) 1 1 1\n")
    #expect(tracks.map(\.positions.count) == [1, 1])
  }

  @Test func aWindowBeginsAtEveryPositionWithAFutureLongEnough() throws {
    let track = PedestrianTrack(pedestrian: 1, firstFrame: 0, positions: (0..<7).map { Point(Double($0), 1) })
    let windows = PedestrianTracks.windows(of: [track], observed: 2, predicted: 3)
    #expect(windows.map(\.observed) == [[[0, 1], [1, 1]], [[1, 1], [2, 1]], [[2, 1], [3, 1]]])
    #expect(windows.map(\.future.last) == [[4, 1], [5, 1], [6, 1]])
    #expect(PedestrianTracks.windows(of: [track], observed: 4, predicted: 4).isEmpty)
  }

  @Test(arguments: [
    ("10 1 0 0\n20.5 1 0 0\n", "f:2:1: a frame is a whole number, not 20.5"),
    ("10 1e300 0 0\n", "f:1:2: a pedestrian is a whole number, not 1e+300"),
    ("10 1 0 0\n\n20 1 0 0\n10 1 9 9\n", "f:4: pedestrian 1 is in frame 10 already, on line 1"),
    ("9223372036854774784 1 0 0\n-9223372036854775808 1 0 0\n", nil),
  ])
  func invalidLinesAreNamed(text: String, message: String?) throws {
    if let message {
      let error = #expect(throws: DataError.self) { try tracks(text) }
      #expect(error?.description == message)
    } else {
      #expect(try tracks(text).count == 2)
    }
  }
}
