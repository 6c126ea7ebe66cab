#if Tools
import Testing

@testable import Benchmarks

@Suite struct ShapeTests {
  @Test func aShapeIsFourSizesOrAName() {
    #expect(Shape(argument: "7,2,3,5") == Shape(7, 2, 3, 5))
    #expect(Shape(argument: "mid") == Shape(100, 32, 128, 256))
    #expect(Shape(argument: "\(Shape(7, 2, 3, 5))") == Shape(7, 2, 3, 5))
  }

  @Test(arguments: [
    "", "7", "7,2,3", "7,2,3,5,1", "7,2,,5", "7,2,x,5", "0,2,3,5", "-7,2,3,5", "7,2,3,1e3", "medium",
    "2000000000,2000000000,3,5", "7,2,3,2000000000", "7,2,2000000000,5", "9223372036854775807,1,1,1",
  ])
  func invalidShapesAreRefused(_ text: String) {
    #expect(Shape(argument: text) == nil)
  }
}
#endif
