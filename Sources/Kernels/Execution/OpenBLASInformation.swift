internal import COpenBLAS
internal import Glibc

/// The OpenBLAS that this process is linked with.
public enum OpenBLASInformation {
  /// Its version, such as `0.3.21`.
  public static var version: String {
    let words = String(cString: openblas_get_config()).split(separator: " ")
    return words.count >= 2 && words[0] == "OpenBLAS" ? String(words[1]) : "of an unknown version"
  }

  /// The processor core whose kernels it runs, such as `Haswell`.
  public static var core: String { String(cString: openblas_get_corename()) }

  /// A core whose kernels this processor runs and that uses wider vectors than ``core``; `nil` where there is none.
  ///
  /// OpenBLAS falls back to kernels of 2004 on a processor that is newer than itself: 0.3.21 on an Intel Xeon of 2023
  /// gave 26 GFLOP/s with `Prescott` and 127 with `SkylakeX`, one thread, 1024³. The environment variable
  /// `OPENBLAS_CORETYPE`, set before the process starts, names another.
  package static var fasterCore: String? { fasterCore(than: core, on: .best) }

  /// Makes OpenBLAS run kernels with wider vectors than those of ``core``, where this processor has some, and returns
  /// whether it now does.
  ///
  /// This changes the whole process and the last bits of its products, so the library never does it by itself: a program
  /// that owns its process calls it once at its start. It does what the environment variable would have done had it been set
  /// in time. Does nothing where the user has set that, where this OpenBLAS has one set of kernels, and where the process
  /// has already computed in OpenBLAS through this library: products of one process do not change under it. What else
  /// calls OpenBLAS in the process must not do so meanwhile.
  @discardableResult
  public static func adoptFasterCore() -> Bool {
    guard getenv(coreVariable) == nil, let faster = fasterCore,
      let quit = dlsym(nil, "gotoblas_dynamic_quit"), let start = dlsym(nil, "gotoblas_dynamic_init")
    else { return false }
    OpenBLASCalls.close()
    defer { OpenBLASCalls.open() }
    guard !OpenBLASCalls.haveBegun else { return false }
    typealias Entry = @convention(c) () -> Void
    setenv(coreVariable, faster, 1)
    unsafeBitCast(quit, to: Entry.self)()
    unsafeBitCast(start, to: Entry.self)()
    unsetenv(coreVariable)
    return core == faster
  }

  private static let coreVariable = "OPENBLAS_CORETYPE"

  static func fasterCore(than core: String, on instructionSet: InstructionSet) -> String? {
    let avx512 = ["skylakex", "cooperlake", "sapphirerapids"]
    let avx2 = ["haswell", "zen", "excavator"]
    return switch instructionSet {
    case .avx512: avx512.contains(core.lowercased()) ? nil : "SkylakeX"
    case .avx2: (avx2 + avx512).contains(core.lowercased()) ? nil : "Haswell"
    case .neon, .scalar: nil
    }
  }
}
