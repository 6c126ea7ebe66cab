/// Whether the tests were compiled with optimisation. What trains a network for longer than a moment waits for that.
package let isOptimized: Bool = {
  #if DEBUG
  false
  #else
  true
  #endif
}()
