internal import Models

/// Balls that are thrown in a room and watched by a camera: motion whose next position follows from its past, for
/// histories of any length, without a file.
///
/// The room is a vertical plane, x to the right and y upwards from the floor's left corner, in metres and seconds.
/// Between the walls a ball feels gravity and the drag of the air,
///
///     dv/dt = (0, −g) − k |v| v,
///
/// with k = ½ ρ C A / m. A wall, the floor or the ceiling turns the speed across it round and leaves `restitution` of
/// it; the speed along it is kept. The camera adds an independent normal error to each coordinate of what it sees.
///
/// How it is computed: each step of at most 10 ms slows the ball for half of it by the exact solution of the drag
/// alone, flies the exact parabola of gravity alone, bounce by bounce at the moments where it hits the walls, and slows
/// it for the other half (Strang, "On the construction and comparison of difference schemes", 1968). So a ball's energy
/// can only fall, to rounding, whatever the step is. Additions, multiplications, divisions and square roots are all it
/// takes, so that a seed gives the same balls to the bit on every machine.
package struct BallSimulation: Hashable, Sendable {
  /// Width and height of the room, in metres.
  package var room = Point(8, 4)
  /// Gravity, in m/s².
  package var gravity = 9.81
  /// Drag k, in 1/m: each ball draws its own. A football has about 0.013, a tennis ball 0.02, a table
  /// tennis ball 0.13.
  package var drag = 0.01..<0.13
  /// The part of the speed across a wall that a bounce leaves; each ball draws its own.
  package var restitution = 0.6..<0.95
  /// Speed at which balls are thrown, in any direction from anywhere in the room, in m/s.
  package var speed = 0.5..<6.0
  /// Standard deviation of the camera's error in each coordinate, in metres.
  package var noise = 0.01
  /// How many positions the camera takes a second.
  package var positionsPerSecond = 10.0

  /// The default room and balls.
  package init() {}

  /// Duration of a step of the simulation, at most, in seconds. The lightest ball that falls for a second from rest is
  /// then wrong by less than 0.1 mm and 0.2 mm/s. Shorter than the shortest bounce (see `rollingSpeed`).
  static let step = 0.01

  /// A ball in flight.
  struct Ball: Hashable, Sendable {
    var position: Point
    var velocity: Point
    var drag: Double
    var restitution: Double
    /// Whether the ball has stopped bouncing and rolls on the floor.
    var isRolling = false
  }

  /// Number `index` of the balls that `seed` decides. What follows does not depend on how many others are asked for.
  func ball(_ index: Int, seed: UInt64) -> (ball: Ball, camera: SeededGenerator) {
    var generator = SeededGenerator(seed: seed, stream: UInt64(index))
    let ball = Ball(
      position: Point(generator.uniform(in: 0..<room.x), generator.uniform(in: 0..<room.y)),
      velocity: throwing(using: &generator),
      drag: generator.uniform(in: drag),
      restitution: generator.uniform(in: restitution))
    return (ball, generator)
  }

  private func throwing(using generator: inout SeededGenerator) -> Point {
    let speed: Double = generator.uniform(in: speed)
    // A random point of a disc has a random direction.
    while true {
      let point = Point(2 * generator.uniform(Double.self) - 1, 2 * generator.uniform(Double.self) - 1)
      let length = point.length
      if length > 0.01, length < 1 { return point * (speed / length) }
    }
  }

  /// Moves `ball` by `seconds`.
  func advance(_ ball: inout Ball, by seconds: Double) {
    let steps = max(1, (seconds / Self.step).rounded(.up))
    let step = seconds / steps
    for _ in 0..<Int(steps) {
      slow(&ball, for: step / 2)
      fly(&ball, for: step)
      slow(&ball, for: step / 2)
    }
  }

  /// dv/dt = −k |v| v alone: v(t) = v / (1 + k |v| t).
  private func slow(_ ball: inout Ball, for seconds: Double) {
    ball.velocity /= 1 + ball.drag * ball.velocity.length * seconds
  }

  /// Gravity and walls alone. The two coordinates are independent.
  private func fly(_ ball: inout Ball, for seconds: Double) {
    (ball.position.x, ball.velocity.x) = glide(
      from: ball.position.x, at: ball.velocity.x, for: seconds, wall: room.x, restitution: ball.restitution)
    if !ball.isRolling { fall(&ball, for: seconds) }
  }

  private func glide(
    from start: Double, at velocity: Double, for seconds: Double, wall: Double, restitution: Double
  ) -> (position: Double, velocity: Double) {
    var (position, velocity, seconds) = (start, velocity, seconds)
    while true {
      let target = position + velocity * seconds
      if (0...wall).contains(target) { return (target, velocity) }
      let hit = target < 0 ? 0 : wall
      seconds -= min(seconds, (hit - position) / velocity)
      position = hit
      velocity *= -restitution
    }
  }

  /// A ball that comes up from the floor with less than this speed, in m/s, rolls: it would rise by 0.2 mm for
  /// 12 ms, and an endless number of ever shorter bounces would follow.
  private static let rollingSpeed = 0.06

  private func fall(_ ball: inout Ball, for seconds: Double) {
    var remaining = seconds
    while remaining > 0 {
      let (hit, moment) = nextBounce(of: ball, within: remaining)
      let velocity = ball.velocity.y - gravity * moment
      guard let hit else {
        let height = ball.position.y + (ball.velocity.y - 0.5 * gravity * moment) * moment
        ball.position.y = min(max(height, 0), room.y)
        ball.velocity.y = velocity
        return
      }
      ball.position.y = hit
      ball.velocity.y = -ball.restitution * velocity
      remaining -= moment
      if hit == 0, ball.velocity.y < Self.rollingSpeed {
        ball.velocity.y = 0
        ball.isRolling = true
        return
      }
    }
  }

  /// Which of floor and ceiling the parabola hits first and when, or `nil` and all of `seconds` where it hits neither.
  private func nextBounce(of ball: Ball, within seconds: Double) -> (height: Double?, moment: Double) {
    let (y, v) = (ball.position.y, ball.velocity.y)
    // Roots of y + v t − ½ g t² = height; a ball on its way up hits the ceiling at the smaller one.
    let toCeiling = v * v - 2 * gravity * (room.y - y)
    if v > 0, toCeiling >= 0 {
      let moment = 2 * (room.y - y) / (v + toCeiling.squareRoot())
      return moment <= seconds ? (room.y, moment) : (nil, seconds)
    }
    let root = (v * v + 2 * gravity * y).squareRoot()
    // Both forms are the larger root; each is the one that does not subtract like numbers.
    let moment = v > 0 ? (v + root) / gravity : 2 * y / (root - v)
    return moment <= seconds ? (0, moment) : (nil, seconds)
  }
}

// MARK: - The camera

extension BallSimulation {
  /// `count` positions of ball number `index` of those that `seed` decides, as they are.
  package func positions(count: Int, ofBall index: Int, seed: UInt64) -> [Point] {
    var (ball, _) = ball(index, seed: seed)
    return positions(count: count, of: &ball)
  }

  private func positions(count: Int, of ball: inout Ball) -> [Point] {
    (0..<count).map { step in
      if step > 0 { advance(&ball, by: 1 / positionsPerSecond) }
      return ball.position
    }
  }

  /// A window of each of `count` balls: a history of some length in `observed`, all equally probable, as the camera saw
  /// it, and the `predicted` positions after it as they are. So a perfect predictor has no error, and one that believes
  /// every measurement has some.
  package func windows(
    count: Int, observed: ClosedRange<Int>, predicted: Int, seed: UInt64
  ) -> [TrajectoryWindow] {
    (0..<count).map { index in
      var (ball, camera) = ball(index, seed: seed)
      let length = camera.uniform(in: observed.lowerBound..<observed.upperBound + 1)
      let positions = positions(count: length + predicted, of: &ball)
      return TrajectoryWindow(
        observed: positions.prefix(length).map { $0 + noise * Point(camera.normal(), camera.normal()) },
        future: Array(positions.dropFirst(length)))
    }
  }
}
