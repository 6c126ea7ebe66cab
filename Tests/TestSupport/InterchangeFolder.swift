internal import Foundation

/// The folder with what other engines computed, which `Scripts/check-interchange.sh` generates: `RECURRENT_INTERCHANGE`.
///
/// Each part of `Scripts/interchange` has a folder of its own in it: `torch_models`, `keras_models`, …. What a test writes
/// into its folder `ours` the script has the other engine read afterwards.
public enum InterchangeFolder {
  /// Its path, `nil` where nobody generated it. A test that needs it is skipped then, and says so:
  /// `@Test(.enabled(if: InterchangeFolder.isPresent, "needs Scripts/check-interchange.sh"))`.
  public static let path: String? = ProcessInfo.processInfo.environment["RECURRENT_INTERCHANGE"]

  /// Whether it was generated.
  public static var isPresent: Bool { path != nil }

  /// The folder of one part, which must be present.
  public static func part(_ name: String) -> String { path! + "/" + name }
}
