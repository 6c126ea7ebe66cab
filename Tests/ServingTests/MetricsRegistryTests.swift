import Testing

@testable import Serving

@Suite struct MetricsRegistryTests {
  @Test func theTextIsThatOfPrometheus() {
    let registry = MetricsRegistry(help: ["requests": "Requests."])
    let labels = ["b": "x\"\\\n", "a": "1"]
    registry.series("requests", labels, .counter).add(2)
    registry.series("requests", labels, .counter).add(1)
    registry.series("open", [:], .gauge).set(0.5)
    let seconds = registry.series("seconds", ["m": "n"], .histogram([0.5, 1]))
    for value in [0.25, 0.5, 0.75, 3] { seconds.observe(value) }
    #expect(
      registry.text == """
        # TYPE open gauge
        open 0.5
        # HELP requests Requests.
        # TYPE requests counter
        requests{a="1",b="x\\"\\\\\\n"} 3
        # TYPE seconds histogram
        seconds_bucket{le="0.5",m="n"} 2
        seconds_bucket{le="1",m="n"} 3
        seconds_bucket{le="+Inf",m="n"} 4
        seconds_sum{m="n"} 4.5
        seconds_count{m="n"} 4

        """)
  }

  @Test func aMetricKeepsItsKind() {
    let registry = MetricsRegistry()
    registry.series("a", [:], .counter).add(1)
    #expect(registry.series("a", ["x": "y"], .histogram([1])).kind == .counter)
  }
}
