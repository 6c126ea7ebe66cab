import Testing

@testable import Kernels

@Suite struct TimeDirectionTests {
  @Test func eachDirectionVisitsEveryStepAndBackpropagationTheOtherWay() {
    for steps in [0, 1, 4] {
      #expect(Array(TimeDirection.forward.order(of: steps)) == Array(0..<steps))
      #expect(Array(TimeDirection.backward.order(of: steps)) == (0..<steps).reversed())
      for direction in TimeDirection.allCases {
        #expect(Array(direction.backpropagationOrder(of: steps)) == direction.order(of: steps).reversed())
      }
    }
  }
}
