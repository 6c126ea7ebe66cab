public import Kernels

/// Random numbers that a seed decides: xoshiro256++ (Blackman & Vigna, "Scrambled linear pseudorandom number
/// generators", 2021), seeded by SplitMix64 as its authors advise.
///
/// The same seed gives the same numbers, to the bit, on every machine and with every version of the standard library,
/// because everything from the bits to the normal distribution is computed here with operations that IEEE 754 rounds
/// exactly (`+ - * /` and the square root). The state can be encoded and resumed. Not for cryptography.
public struct SeededGenerator: RandomNumberGenerator, Hashable, Sendable {
  @usableFromInline var a: UInt64
  @usableFromInline var b: UInt64
  @usableFromInline var c: UInt64
  @usableFromInline var d: UInt64

  /// The generator that `seed` decides.
  public init(seed: UInt64) {
    // SplitMix64 never gives four zeros in a row, the one state that xoshiro cannot leave.
    var mixer = SplitMix64(state: seed)
    (a, b, c, d) = (mixer.next(), mixer.next(), mixer.next(), mixer.next())
  }

  /// Generator number `stream` of those that `seed` decides. Streams do not overlap in practice, whatever their
  /// number, and none is the generator of the seed alone: what one consumes does not change what another gives.
  public init(seed: UInt64, stream: UInt64) {
    self.init(seed: Self.seed(of: seed, stream: stream))
  }

  /// The seed of generator number `stream` of those that `seed` decides (see ``init(seed:stream:)``).
  package static func seed(of seed: UInt64, stream: UInt64) -> UInt64 {
    var mixer = SplitMix64(state: seed)
    mixer = SplitMix64(state: mixer.next() &+ stream)
    return mixer.next()
  }

  /// A generator that is independent of the rest of this one. Advances this one by a number.
  package mutating func split() -> SeededGenerator { SeededGenerator(seed: next()) }

  /// The next 64 random bits.
  @inlinable
  public mutating func next() -> UInt64 {
    func rotated(_ x: UInt64, by bits: UInt64) -> UInt64 { (x << bits) | (x >> (64 - bits)) }
    let result = rotated(a &+ d, by: 23) &+ a
    let shifted = b << 17
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= shifted
    d = rotated(d, by: 45)
    return result
  }
}

// MARK: - Distributions

extension SeededGenerator {
  /// A number in [0, 1): a multiple of 2⁻⁵³ for `Double`, of 2⁻²⁴ for `Float`, all equally probable.
  @inlinable
  public mutating func uniform<Scalar: BLASScalar>(_ type: Scalar.Type = Scalar.self) -> Scalar {
    Scalar(next() >> (63 - UInt64(Scalar.significandBitCount))) * (Scalar.ulpOfOne / 2)
  }

  /// A number in `range`, which must not be empty.
  @inlinable
  public mutating func uniform<Scalar: BLASScalar>(in range: Range<Scalar>) -> Scalar {
    require(!range.isEmpty, "there is no number in \(range)")
    let number = range.lowerBound + (range.upperBound - range.lowerBound) * uniform(Scalar.self)
    // The sum may round up to the bound.
    return number < range.upperBound ? number : range.upperBound.nextDown
  }

  /// A whole number in `0 ..< bound`, all equally probable (Lemire, "Fast random integer generation in an interval",
  /// 2019).
  public mutating func uniform(below bound: Int) -> Int {
    require(bound > 0, "there is no whole number in 0 ..< \(bound)")
    return Int(offset(below: UInt64(bound)))
  }

  private mutating func offset(below bound: UInt64) -> UInt64 {
    var product = next().multipliedFullWidth(by: bound)
    if product.low < bound {
      let biased = (0 &- bound) % bound
      while product.low < biased { product = next().multipliedFullWidth(by: bound) }
    }
    return product.high
  }

  /// A whole number in `range`, all equally probable.
  public mutating func uniform(in range: Range<Int>) -> Int {
    require(!range.isEmpty, "there is no whole number in \(range)")
    // The range may hold more numbers than an Int counts.
    let count = UInt64(bitPattern: Int64(range.upperBound &- range.lowerBound))
    return range.lowerBound &+ Int(truncatingIfNeeded: offset(below: count))
  }

  /// A number from the normal distribution of mean 0 and variance 1, by Marsaglia's polar method (1964), rounded to
  /// `Scalar` from `Double`. Its pair is dropped, so that the state is the four words alone.
  public mutating func normal<Scalar: BLASScalar>(_ type: Scalar.Type = Scalar.self) -> Scalar {
    while true {
      let x = 2 * uniform(Double.self) - 1
      let y = 2 * uniform(Double.self) - 1
      let square = x * x + y * y
      if square > 0, square < 1 { return Scalar(x * (-2 * portableLogarithm(square) / square).squareRoot()) }
    }
  }

  /// Puts `array` in a random order, all orders equally probable (Fisher & Yates).
  public mutating func shuffle<Element>(_ array: inout [Element]) {
    for i in array.indices.dropFirst().reversed() { array.swapAt(i, uniform(below: i + 1)) }
  }
}

/// The natural logarithm of a positive, normal number to about 1 ULP, the same bits on every machine; the C library's
/// differ between versions and processors.
///
/// log(2ᵏ m) = k log 2 + 2 atanh(s) with s = (m − 1)/(m + 1) and m in [√½, √2), so |s| ≤ 0.172. The series of atanh is
/// cut after s²¹/21; the rest is below 2⁻⁵⁸ of it.
func portableLogarithm(_ x: Double) -> Double {
  var (exponent, significand) = (Double(x.exponent), x.significand)
  if significand > 2.0.squareRoot() {
    significand /= 2
    exponent += 1
  }
  let s = (significand - 1) / (significand + 1)
  let square = s * s
  var series = 0.0
  for odd in stride(from: 21.0, through: 3, by: -2) { series = (series + 1 / odd) * square }
  // log 2 in two parts: the first times any exponent is exact.
  return exponent * 0x1.62e42feep-1 + (2 * s + (2 * s * series + exponent * 0x1.a39ef35793c76p-33))
}

/// The generator that spreads a seed over a larger state (Steele, Lea & Flood, "Fast splittable pseudorandom number
/// generators", 2014).
struct SplitMix64 {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}

// MARK: - Saving and resuming

extension SeededGenerator: Codable {
  /// Writes the four words of the state.
  public func encode(to encoder: any Encoder) throws {
    var words = encoder.unkeyedContainer()
    for word in [a, b, c, d] { try words.encode(word) }
  }

  /// Reads the four words of a state. Four zeros, which no generator reaches, are an error.
  public init(from decoder: any Decoder) throws {
    var words = try decoder.unkeyedContainer()
    a = try words.decode(UInt64.self)
    b = try words.decode(UInt64.self)
    c = try words.decode(UInt64.self)
    d = try words.decode(UInt64.self)
    guard words.isAtEnd, a | b | c | d != 0 else {
      throw DecodingError.dataCorruptedError(
        in: words, debugDescription: "a generator's state is four words that are not all zero")
    }
  }
}
