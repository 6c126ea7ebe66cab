#if Tools
import DataIO
import Foundation
import TestSupport
import Testing

@testable import rnn

@Suite struct CheckpointFolderTests {
  private let folder = TemporaryFolder()

  private func open(_ purpose: String = "this", resumes: Bool = false) throws -> CheckpointFolder {
    try CheckpointFolder(folder.path, isKept: true, purpose: purpose, resumes: resumes)
  }

  @Test func otherFilesAreUnchanged() throws {
    let theirs = ["notes.tmp", "run.txt", "model.safetensors", "a.checkpoint.safetensors.bak"]
    for name in theirs { writeFile([7], to: folder.path(name)) }
    let opened = try open()
    #expect(Set(fileNames(in: folder.path)) == Set(theirs + ["recurrent-run.txt"]))
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
    writeFile([7], to: folder.path("gru.checkpoint.safetensors"))
    writeFile([7], to: folder.path("gru.checkpoint.safetensors.12-ab.tmp"))
    #expect(throws: DataError.self) { try open("that", resumes: true) }
    let resumed = try open(resumes: true)
    #expect(resumed.holdsCheckpoints)
    #expect(Set(fileNames(in: folder.path)) == ["recurrent-run.txt", "gru.checkpoint.safetensors"])
    let fresh = try open("that")
    #expect(!fresh.holdsCheckpoints)
    #expect(fileNames(in: folder.path) == ["recurrent-run.txt"])
  }

  @Test func anEmptyFolderThatWasThereStays() throws {
    try open().removeIfEmpty()
    #expect(FileManager.default.fileExists(atPath: folder.path))
    let made = folder.path("made")
    try CheckpointFolder(made, isKept: true, purpose: "this", resumes: false).removeIfEmpty()
    #expect(!FileManager.default.fileExists(atPath: made))
  }
}
#endif
