#if Tools
import DataIO
import Foundation
import Models
import TestSupport
import Testing

@testable import rnn

@Suite struct CheckpointFolderTests {
  private let folder = TemporaryFolder()

  private func purpose(_ data: String = "this", options: String = "few") -> RunPurpose {
    RunPurpose(parts: ["work": "test", "data": data, "options": options])
  }

  private func open(
    _ data: String = "this", options: String = "few", resumes: Bool = false, isKept: Bool = true
  ) throws -> CheckpointFolder {
    try CheckpointFolder(folder.path, isKept: isKept, purpose: purpose(data, options: options), resumes: resumes)
  }

  private func writeCheckpoint(_ name: String) throws {
    try SafetensorsContents(metadata: ["format": "recurrent.training-checkpoint"]).write(to: folder.path(name))
  }

  @Test func otherFilesAreUnchanged() throws {
    let theirs = ["notes.tmp", "run.txt", "model.safetensors", "a.checkpoint.safetensors.bak"]
    for name in theirs { writeFile([7], to: folder.path(name)) }
    let opened = try open()
    #expect(Set(fileNames(in: folder.path)) == Set(theirs + ["recurrent-run.txt", "recurrent-run.lock"]))
    opened.removeIfEmpty()
    #expect(Set(fileNames(in: folder.path)) == Set(theirs))
    for name in theirs { #expect(try FileReading.bytes(of: folder.path(name)) == [7]) }
  }

  @Test(arguments: [true, false]) func checkpointsWithoutANoteAreRefusedAndUnchanged(resumes: Bool) {
    writeFile([7], to: folder.path("gru.checkpoint.safetensors"))
    #expect(throws: DataError.self) { try open(resumes: resumes) }
    #expect(fileNames(in: folder.path) == ["gru.checkpoint.safetensors"])
  }

  @Test func oldCheckpointsGoUnlessTheRunIsResumed() throws {
    _ = try open()
    try writeCheckpoint("gru.checkpoint.safetensors")
    writeFile([7], to: folder.path(".recurrent-12ab.tmp"))
    #expect(throws: DataError.self) { try open("that", resumes: true) }
    let resumed = try open(resumes: true)
    #expect(resumed.holdsCheckpoints)
    resumed.release()
    #expect(Set(fileNames(in: folder.path)) == ["recurrent-run.txt", "gru.checkpoint.safetensors"])
    // A folder that somebody named keeps what is another run's.
    #expect(throws: DataError.self) { try open("that") }
    let fresh = try open("that", isKept: false)
    #expect(!fresh.holdsCheckpoints)
    fresh.release()
    #expect(fileNames(in: folder.path) == ["recurrent-run.txt"])
  }

  @Test func whatIsNoCheckpointIsNotRemoved() throws {
    _ = try open()
    writeFile([7], to: folder.path("mine.checkpoint.safetensors"))
    for isKept in [true, false] {
      #expect { try open(isKept: isKept) } throws: { "\($0)".contains("is no checkpoint, and has the name of one") }
    }
    try open(resumes: true, isKept: false).removeUnlessKept()
    #expect(fileNames(in: folder.path) == ["mine.checkpoint.safetensors"])
  }

  @Test func outputsThatBelongToTheFolderAreRefused() throws {
    let path = folder.path("kept")
    for name in ["", "/recurrent-run.txt", "/recurrent-run.lock", "/gru.checkpoint.safetensors", "/../kept"] {
      #expect(throws: DataError.self) { try CheckpointFolder.check([path + name], besides: path) }
    }
    #expect(throws: DataError.self) { try CheckpointFolder.check(["a.checkpoint.safetensors"], besides: path) }
    #expect(throws: DataError.self) { try CheckpointFolder.check([], besides: "") }
    try CheckpointFolder.check([path + "/model.safetensors", "page.html"], besides: path)
  }

  @Test func whatDiffersFromTheRunOfTheCheckpointsIsNamed() throws {
    _ = try open()
    for (data, options, wanted) in [
      ("that", "few", "a run that differs in its data"), ("this", "many", "a run that differs in its options"),
      ("that", "many", "a run that differs in its data, options"),
    ] {
      #expect { try open(data, options: options, resumes: true) } throws: {
        ($0 as? DataError)?.reason == "holds checkpoints of \(wanted)"
      }
    }
    // As an older version wrote it.
    writeFile(Array("train, 12 bytes 0, level".utf8), to: folder.path("recurrent-run.txt"))
    #expect { try open(resumes: true) } throws: { "\($0)".contains("another version") }
  }

  @Test func aSecondRunIsRefusedWithTheFolderAndTheProcess() throws {
    let first = try open()
    try writeCheckpoint("gru.checkpoint.safetensors")
    for resumes in [true, false] {
      #expect(throws: DataError(file: folder.path, reason: "is in use by process \(getpid())")) {
        try open("that", resumes: resumes)
      }
    }
    #expect(first.holdsCheckpoints)
    first.release()
    _ = try open()
  }

  @Test func aFolderThatWasMadeAnewIsTheOtherRuns() throws {
    let path = folder.path("made")
    let first = try CheckpointFolder(path, isKept: false, purpose: purpose(), resumes: false)
    try FileManager.default.removeItem(atPath: path)
    let second = try CheckpointFolder(path, isKept: false, purpose: purpose(), resumes: false)
    first.removeUnlessKept()
    #expect(Set(fileNames(in: path)) == ["recurrent-run.txt", "recurrent-run.lock"])
    // The lock of a training that was killed goes with the rest.
    writeFile([], to: path + "/gru.checkpoint.safetensors.lock")
    second.removeUnlessKept()
    #expect(!FileManager.default.fileExists(atPath: path))
  }

  @Test func anEmptyFolderThatWasThereStays() throws {
    try open().removeIfEmpty()
    #expect(FileManager.default.fileExists(atPath: folder.path))
    let made = folder.path("made")
    try CheckpointFolder(made, isKept: true, purpose: purpose(), resumes: false).removeIfEmpty()
    #expect(!FileManager.default.fileExists(atPath: made))
  }
}
#endif
