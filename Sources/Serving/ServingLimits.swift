/// What clients may ask for.
package struct ServingLimits: Sendable {
  /// Bytes of a request's body.
  package var maxBody = 16 << 20
  /// Bytes of all bodies that are read, and of all answers until they are written.
  package var maxBodies = 256 << 20
  /// Numbers in an input or an output.
  package var maxTensor = 1 << 20
  /// Bytes that a pass over whole sequences may work in.
  package var maxWork = 256 << 20
  /// Sessions of all models.
  package var maxSessions = 100_000
  /// How long a session lives without a step.
  package var idleTimeout = Duration.seconds(600)
  /// Steps, and likewise whole sequences, that may wait for each model.
  package var maxQueued = 8192
  /// Steps that are taken together.
  package var maxBatch = 64
  /// How long a step waits for others.
  package var maxWait = Duration.zero

  package init() {}
}
