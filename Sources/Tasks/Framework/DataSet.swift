/// The data sets that tasks learn from.
package enum DataSet: String, CaseIterable, Codable, Sendable {
  /// Walking people, 2.5 positions a second, in metres.
  case ethUCY = "eth-ucy"
  /// 382 chorales of Bach.
  case chorales = "jsb-chorales"
  /// The plays of Shakespeare that character models are measured on.
  case shakespeare = "tinyshakespeare"
  /// Sentences of film reviews, for or against.
  case filmReviews = "sst2"
  /// Captions of images in English and German.
  case multi30k
  /// Surnames of 18 languages.
  case names
  /// Handwritten digits of 8 × 8 pixels.
  case digits

  /// Its files, relative to the data folder.
  package var files: [String] {
    switch self {
    case .ethUCY:
      [
        "biwi_eth", "biwi_hotel", "crowds_zara01", "crowds_zara02", "crowds_zara03", "students001", "students003",
        "uni_examples",
      ].map { "eth-ucy/\($0).txt" }
    case .chorales: ["jsb-chorales-quarter.json"]
    case .shakespeare: ["tinyshakespeare.txt"]
    case .filmReviews: ["train", "dev", "test"].map { "sst2/\($0).txt" }
    case .multi30k:
      ["train", "val", "test_2016_flickr"].flatMap { part in
        ["de", "en"].map { "multi30k/\(part).\($0)" }
      }
    case .names:
      [
        "Arabic", "Chinese", "Czech", "Dutch", "English", "French", "German", "Greek", "Irish", "Italian", "Japanese",
        "Korean", "Polish", "Portuguese", "Russian", "Scottish", "Spanish", "Vietnamese",
      ].map { "names/\($0).txt" }
    case .digits: ["digits.csv.gz"]
    }
  }
}
