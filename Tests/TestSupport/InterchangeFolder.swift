internal import Foundation

/// The folder with what other engines computed, which `Scripts/check-interchange.sh` generates:
/// `RECURRENT_INTERCHANGE`.
///
/// Each part of `Scripts/interchange` has a folder of its own in it: `torch_models`, `keras_models`, …. What a test
/// writes into its folder `ours` the script has the other engine read afterwards.
package enum InterchangeFolder {
  /// Its path, `nil` where it was not generated. A test that needs it is skipped then, and says so:
  /// `@Test(.enabled(if: InterchangeFolder.isPresent, "needs Scripts/check-interchange.sh"))`.
  package static let path: String? = ProcessInfo.processInfo.environment["RECURRENT_INTERCHANGE"]

  /// Whether it was generated.
  package static var isPresent: Bool { path != nil }

  /// The folder of one part, which must be present.
  package static func part(_ name: String) -> String { path! + "/" + name }
}
