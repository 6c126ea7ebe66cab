import CFusedKernels
import Foundation
import Testing

/// The numbers that CFusedKernels.h promises.
private enum Bound {
  /// Units in the last place of the exact result, wherever that is a normal number.
  static let ulp = 3.0
  /// Absolute error of a sigmoid whose exact result is denormal.
  static let denormalFloat = 0x1p-127
  static let denormalDouble = 0x1p-1023
}

#if arch(x86_64)
/// The type that a double's exact result is computed in, and what that adds to a measured error in ULP of a double.
private typealias Wide = Float80
private let wideOracleULP = 0x1p-10
#else
// Swift has nothing wider here, so the C library's own error counts; Scripts/test-neon.sh measures against 128 bits.
private typealias Wide = Double
private let wideOracleULP = 2.0
#endif

/// Inputs and exact results; computed once, shared by all instruction sets.
private struct FloatSweep {
  let x: [Float]
  let sigmoid: [Double]
  let tanh: [Double]

  /// Every exponent of a finite float, denormals among them, with 2000 mantissas, in both signs.
  static let everyExponent: FloatSweep = {
    var random = RandomBits(state: 11)
    var x: [Float] = []
    for exponent in UInt32(0)..<255 {
      for _ in 0..<2000 {
        let magnitude = Float(bitPattern: exponent << 23 | UInt32(truncatingIfNeeded: random.next() >> 41))
        x.append(magnitude)
        x.append(-magnitude)
      }
    }
    return FloatSweep(
      x: x, sigmoid: x.map { 1 / (1 + exp(-Double($0))) }, tanh: x.map { Foundation.tanh(Double($0)) })
  }()
}

private struct DoubleSweep {
  let x: [Double]
  let sigmoid: [Wide]
  let tanh: [Wide]

  /// Every exponent of a finite double, denormals among them, with 100 mantissas, in both signs; and 2000 for each of
  /// the exponents between 2^-5 and 2^10, where the functions are neither linear nor constant.
  static let everyExponent: DoubleSweep = {
    var random = RandomBits(state: 13)
    var x: [Double] = []
    for exponent in UInt64(0)..<2047 {
      for _ in 0..<(1018..<1033 ~= exponent ? 2000 : 100) {
        let magnitude = Double(bitPattern: exponent << 52 | random.next() >> 12)
        x.append(magnitude)
        x.append(-magnitude)
      }
    }
    return DoubleSweep(x: x, sigmoid: x.map { 1 / (1 + exp(-Wide($0))) }, tanh: x.map { Foundation.tanh(Wide($0)) })
  }()
}

/// The largest error in ULP, with the input it was found at, and apart from it the largest absolute error of a sigmoid
/// that vanishes far from zero with a denormal result. (The denormal results of tanh, at denormal inputs, count in ULP.)
private struct WorstError {
  var ulp = 0.0
  var input = 0.0
  var denormal = 0.0

  init(of y: [Float], against exact: [Double], at x: [Float]) {
    for i in y.indices {
      let difference = (Double(y[i]) - exact[i]).magnitude
      let magnitude = exact[i].magnitude
      if magnitude < 0x1p-126 && x[i].magnitude > 1 {
        denormal = max(denormal, difference)
      } else if !(difference <= ulp * (max(magnitude.binade, 0x1p-126) * 0x1p-23)) {
        ulp = difference / (max(magnitude.binade, 0x1p-126) * 0x1p-23)
        input = Double(x[i])
      }
    }
  }

  init(of y: [Double], against exact: [Wide], at x: [Double]) {
    for i in y.indices {
      let difference = (Wide(y[i]) - exact[i]).magnitude
      let magnitude = exact[i].magnitude
      if magnitude < 0x1p-1022 && x[i].magnitude > 1 {
        denormal = max(denormal, Double(difference))
      } else if !(difference <= Wide(ulp) * (max(magnitude.binade, 0x1p-1022) * 0x1p-52)) {
        ulp = Double(difference / (max(magnitude.binade, 0x1p-1022) * 0x1p-52))
        input = x[i]
      }
    }
  }
}

struct ActivationsTests {
  @Test(arguments: InstructionSet.available)
  func sigmoidFloatStaysWithinItsBound(set: InstructionSet) {
    let sweep = FloatSweep.everyExponent
    let y = Float.apply(.sigmoid, of: set, to: sweep.x)
    let worst = WorstError(of: y, against: sweep.sigmoid, at: sweep.x)
    #expect(worst.ulp <= Bound.ulp, "at \(worst.input)")
    #expect(worst.denormal <= Bound.denormalFloat)
  }

  @Test(arguments: InstructionSet.available)
  func tanhFloatStaysWithinItsBound(set: InstructionSet) {
    let sweep = FloatSweep.everyExponent
    let y = Float.apply(.tanh, of: set, to: sweep.x)
    let worst = WorstError(of: y, against: sweep.tanh, at: sweep.x)
    #expect(worst.ulp <= Bound.ulp, "at \(worst.input)")
  }

  @Test(arguments: InstructionSet.available)
  func sigmoidDoubleStaysWithinItsBound(set: InstructionSet) {
    let sweep = DoubleSweep.everyExponent
    let y = Double.apply(.sigmoid, of: set, to: sweep.x)
    let worst = WorstError(of: y, against: sweep.sigmoid, at: sweep.x)
    #expect(worst.ulp <= Bound.ulp + wideOracleULP, "at \(worst.input)")
    #expect(worst.denormal <= Bound.denormalDouble)
  }

  @Test(arguments: InstructionSet.available)
  func tanhDoubleStaysWithinItsBound(set: InstructionSet) {
    let sweep = DoubleSweep.everyExponent
    let y = Double.apply(.tanh, of: set, to: sweep.x)
    let worst = WorstError(of: y, against: sweep.tanh, at: sweep.x)
    #expect(worst.ulp <= Bound.ulp + wideOracleULP, "at \(worst.input)")
  }

  @Test(arguments: InstructionSet.available)
  func zerosAndInfinitiesAreExact(set: InstructionSet) {
    func check<Scalar: ActivatedScalar>(_: Scalar.Type) {
      let x: [Scalar] = [0, -0.0, .infinity, -.infinity, .greatestFiniteMagnitude, -.greatestFiniteMagnitude]
      #expect(Scalar.apply(.sigmoid, of: set, to: x) == [0.5, 0.5, 1, 0, 1, 0])
      let tanh = Scalar.apply(.tanh, of: set, to: x)
      #expect(tanh == [0, 0, 1, -1, 1, -1])
      #expect(tanh.map(\.sign) == x.map(\.sign))
    }
    check(Float.self)
    check(Double.self)
  }

  @Test(arguments: InstructionSet.available, Activation.allCases)
  func nanPropagatesAndStaysInItsLane(set: InstructionSet, activation: Activation) {
    func check<Scalar: ActivatedScalar>(_: Scalar.Type, _ nans: [Scalar]) {
      for nan in nans {
        let y = Scalar.apply(activation, of: set, to: (0..<67).map { $0 % 3 == 1 ? nan : Scalar($0) / 16 })
        #expect(y.indices.allSatisfy { y[$0].isNaN == ($0 % 3 == 1) })
      }
    }
    check(Float.self, [.nan, -.nan, .signalingNaN, Float(bitPattern: 0x7FFF_FFFF), Float(bitPattern: 0x7FC0_0101)])
    check(Double.self, [.nan, -.nan, .signalingNaN, Double(bitPattern: 0x7FFF_FFFF_FFFF_FFFF)])
  }

  @Test(arguments: InstructionSet.available)
  func tanhOfADenormalIsThatDenormal(set: InstructionSet) {
    func check<Scalar: ActivatedScalar>(_: Scalar.Type) {
      let positive = (1...67).map { Scalar.leastNonzeroMagnitude * Scalar($0 * $0 * $0) }
      let x = positive + positive.map { -$0 } + [Scalar.leastNormalMagnitude, Scalar.leastNormalMagnitude.nextDown]
      #expect(Scalar.apply(.tanh, of: set, to: x) == x)
    }
    check(Float.self)
    check(Double.self)
  }

  @Test(arguments: InstructionSet.available)
  func resultsStayInTheRangeOfTheFunction(set: InstructionSet) {
    func check<Scalar: ActivatedScalar>(_: Scalar.Type) {
      let x = (-4000...4000).map { Scalar($0) / 37 }
      #expect(Scalar.apply(.sigmoid, of: set, to: x).allSatisfy { $0 >= 0 && $0 <= 1 })
      #expect(Scalar.apply(.tanh, of: set, to: x).allSatisfy { $0.magnitude <= 1 })
    }
    check(Float.self)
    check(Double.self)
  }

  @Test(arguments: InstructionSet.available)
  func tanhIsOddToTheBit(set: InstructionSet) {
    func check<Scalar: ActivatedScalar>(_: Scalar.Type) {
      let x = (0...3000).map { Scalar($0) / 113 }
      let negated = Scalar.apply(.tanh, of: set, to: x.map { -$0 }).map { -$0 }
      #expect(Scalar.apply(.tanh, of: set, to: x) == negated)
    }
    check(Float.self)
    check(Double.self)
  }

  @Test(arguments: InstructionSet.available, Activation.allCases)
  func anElementHasTheSameBitsWhereverItStands(set: InstructionSet, activation: Activation) {
    func check<Scalar: ActivatedScalar>(_: Scalar.Type) {
      var random = RandomBits(state: 17)
      let x = (0..<67).map { _ in Scalar(Double.random(in: -6...6, using: &random)) }
      let alone = x.map { Scalar.apply(activation, of: set, to: [$0])[0] }
      for count in 0...67 {
        #expect(Scalar.apply(activation, of: set, to: Array(x.prefix(count))) == Array(alone.prefix(count)))
      }
    }
    check(Float.self)
    check(Double.self)
  }

  @Test(arguments: InstructionSet.available, Activation.allCases)
  func pointersNeedNoAlignmentAndNothingElseIsWritten(set: InstructionSet, activation: Activation) {
    func check<Scalar: ActivatedScalar>(_: Scalar.Type) {
      let guardValue: Scalar = 7
      let x = (0..<40).map { Scalar($0) / 8 - 2 }
      let expected = Scalar.apply(activation, of: set, to: x)
      for start in 1...5 {
        for count in [0, 1, 3, 15, 17, 33] {
          var y = [Scalar](repeating: guardValue, count: x.count)
          x.withUnsafeBufferPointer { x in
            y.withUnsafeMutableBufferPointer { y in
              Scalar.loop(activation, of: set)(x.baseAddress! + start, y.baseAddress! + start + 1, count)
            }
          }
          let written = (start + 1)..<(start + 1 + count)
          #expect(Array(y[written]) == Array(expected[start..<(start + count)]))
          #expect(y.indices.allSatisfy { written.contains($0) || y[$0] == guardValue })
        }
      }
    }
    check(Float.self)
    check(Double.self)
  }

  @Test(arguments: InstructionSet.available, Activation.allCases)
  func inPlaceIsTheSameAsIntoAnotherArray(set: InstructionSet, activation: Activation) {
    func check<Scalar: ActivatedScalar>(_: Scalar.Type) {
      let x = (0..<67).map { Scalar($0) / 8 - 4 }
      var y = x
      y.withUnsafeMutableBufferPointer { y in
        Scalar.loop(activation, of: set)(y.baseAddress!, y.baseAddress!, y.count)
      }
      #expect(y == Scalar.apply(activation, of: set, to: x))
    }
    check(Float.self)
    check(Double.self)
  }

  // MARK: The exponentials of a softmax

  private func exponentials(
    of set: InstructionSet, _ x: [Float], minus largest: Float
  ) -> (y: [Float], sum: Double) {
    var y = [Float](repeating: -1, count: x.count)
    let sum = set.loops.exponentialsFloat(x, largest, &y, x.count)
    return (y, sum)
  }

  @Test(arguments: InstructionSet.available)
  func exponentialsStayWithinTheirBound(set: InstructionSet) {
    let x = FloatSweep.everyExponent.x.filter { $0 <= 0 }
    let worst = WorstError(of: exponentials(of: set, x, minus: 0).y, against: x.map { exp(Double($0)) }, at: x)
    #expect(worst.ulp <= 2, "at \(worst.input)")
    #expect(worst.denormal <= Double(Float.leastNormalMagnitude))
  }

  @Test(arguments: InstructionSet.available)
  func exponentialsOfZeroAndInfinityAreExactAndNaNPropagates(set: InstructionSet) {
    for count in [1, 3, 16, 37] {
      let pattern: [Float] = [2.5, -.infinity, 2.5, -.greatestFiniteMagnitude]
      let x = (0..<count).map { pattern[$0 % 4] }
      let (y, sum) = exponentials(of: set, x, minus: 2.5)
      #expect(y == (0..<count).map { $0.isMultiple(of: 2) ? 1 : 0 })
      #expect(sum == Double((count + 1) / 2))
      for place in 0..<count {
        var poisoned = x
        poisoned[place] = .nan
        let (y, sum) = exponentials(of: set, poisoned, minus: 2.5)
        #expect(y.indices.allSatisfy { y[$0].isNaN == ($0 == place) } && sum.isNaN)
      }
    }
  }

  @Test(arguments: InstructionSet.available)
  func anExponentialHasTheSameBitsWhereverItStandsAndTheSumIsThatOfAll(set: InstructionSet) {
    var random = RandomBits(state: 23)
    let x = (0..<67).map { _ in Float.random(in: -90...1, using: &random) }
    let alone = x.map { exponentials(of: set, [$0], minus: 1).y[0] }
    for count in 0...67 {
      let (y, sum) = exponentials(of: set, Array(x.prefix(count)), minus: 1)
      #expect(y == Array(alone.prefix(count)))
      let wanted = y.reduce(0) { $0 + Double($1) }
      #expect(abs(sum - wanted) <= 67 * Double.ulpOfOne * wanted)
      #expect(set.loops.exponentialsFloat(x, 1, nil, count) == sum)
    }
  }

  @Test(arguments: InstructionSet.available)
  func theLargestIsFoundAtItsFirstPlace(set: InstructionSet) {
    var random = RandomBits(state: 29)
    for count in [1, 2, 7, 8, 16, 31, 255, 256, 257, 700] {
      let x = (0..<count).map { _ in Float(Int.random(in: -20...20, using: &random)) }
      #expect(set.loops.argmaxFloat(x, count) == x.firstIndex(of: x.max()!)!)
      let place = count * 2 / 3
      var infinite = x
      infinite[place] = .infinity
      #expect(set.loops.argmaxFloat(infinite, count) == place)
      let lowest = [Float](repeating: -.infinity, count: count)
      #expect(set.loops.argmaxFloat(lowest, count) == 0)
      let nothing = [Float](repeating: .nan, count: count)
      #expect(0..<count ~= set.loops.argmaxFloat(nothing, count))
    }
  }
}
