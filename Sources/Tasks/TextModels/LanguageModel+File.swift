internal import DataIO
internal import Kernels
internal import Models

/// A language model's file is that of its ``SequenceModel``, whose ``Preprocessing`` holds the vocabulary as
/// `inputVocabulary`, and as notes, in JSON:
///
/// | note | holds |
/// | --- | --- |
/// | `text` | the level, and the frequency of each token |
/// | `training` | ``TrainingSummary`` |
extension LanguageModel {
  /// The key of the note that identifies a language model's file.
  package static let noteKey = "text"

  private struct Note: Codable {
    let level: TextLevel
    let frequencies: [Double]
  }

  /// Writes this model at `path`, atomically.
  ///
  /// - Throws: `SafetensorsError` where the system refuses.
  package func write(to path: String) throws {
    var preprocessing = Preprocessing(inputVocabulary: vocabulary.words)
    preprocessing.setNote(Self.noteKey, Note(level: level, frequencies: unigrams))
    if let training { preprocessing.setNote(TrainingSummary.noteKey, training) }
    try model.write(to: path, preprocessing: preprocessing)
  }

  /// Reads the language model at `path`.
  ///
  /// - Throws: `SafetensorsError` where the file holds no model or, unless `allowsNonFinite`, weights that are infinite or NaN;
  ///   `DataError` where the model is no language model.
  package init(contentsOf path: String, allowsNonFinite: Bool = false) throws {
    let (model, preprocessing) = try SequenceModel<Float>.read(from: path, allowsNonFinite: allowsNonFinite)
    guard let note: Note = try preprocessing.note(Self.noteKey, file: path), let words = preprocessing.inputVocabulary
    else { throw DataError(file: path, reason: "holds a model, but none that rnn train made of a text") }
    let architecture = model.architecture
    guard
      Set(words).count == words.count, note.frequencies.count == words.count,
      note.frequencies.allSatisfy({ $0 > 0 && $0 <= 1 }), architecture.head.outputSize == words.count,
      architecture.readout == .everyStep, !architecture.recurrent.isBidirectional
    else { throw DataError(file: path, reason: "the note “\(Self.noteKey)” does not fit the model beside it") }
    let unknown = note.level == .word && words.first == Self.unknownWord ? Self.unknownWord : nil
    self.init(
      model: model, level: note.level, vocabulary: Vocabulary(words, unknown: unknown), unigrams: note.frequencies)
    training = try preprocessing.note(TrainingSummary.noteKey, file: path)
  }
}
