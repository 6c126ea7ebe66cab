#if Tools
import ArgumentParser

/// What is read although it is seldom meant.
struct TrustOptions: ParsableArguments {
  @Flag(help: "Read weights that are infinite or NaN, too.")
  var allowNonFinite = false
}
#endif
