#if Serve
import Testing

@testable import Serving

@Suite struct ServerMetricsTests {
  @Test func requestsAreCountedByKindModelAndStatus() {
    let registry = MetricsRegistry()
    let metrics = ServerMetrics(RegistryFactory(registry: registry))
    metrics.answered("infer", model: "m", status: 200, after: .milliseconds(2))
    metrics.answered("infer", model: "m", status: 200, after: .milliseconds(2))
    metrics.answered("other", model: nil, status: 404, after: .zero)
    let lines = registry.text.split(separator: "\n")
    #expect(lines.contains("rnn_requests_total{kind=\"infer\",model=\"m\",status=\"200\"} 2"))
    #expect(lines.contains("rnn_requests_total{kind=\"other\",model=\"\",status=\"404\"} 1"))
    #expect(lines.contains("rnn_request_seconds_sum{kind=\"infer\",model=\"m\"} 0.004"))
    #expect(lines.contains("rnn_request_seconds_bucket{kind=\"infer\",le=\"0.0025\",model=\"m\"} 2"))
  }
}
#endif
