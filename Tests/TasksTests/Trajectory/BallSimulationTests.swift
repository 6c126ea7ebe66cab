import Kernels
import Models
import Testing

@testable import Tasks

@Suite struct BallSimulationTests {
  typealias Ball = BallSimulation.Ball

  /// Balls at every 50 ms of eight seconds.
  func flights(of simulation: BallSimulation, count: Int = 40) -> [[Ball]] {
    (0..<count).map { index in
      var (ball, _) = simulation.ball(index, seed: 11)
      return (0..<160).map { _ in
        simulation.advance(&ball, by: 0.05)
        return ball
      }
    }
  }

  /// Kinetic and potential energy per mass, in J/kg.
  func energy(_ ball: Ball, _ simulation: BallSimulation) -> Double {
    0.5 * ball.velocity.length * ball.velocity.length + simulation.gravity * ball.position.y
  }

  @Test func energyNeverGrows() {
    let simulation = BallSimulation()
    for flight in flights(of: simulation) {
      let energies = flight.map { energy($0, simulation) }
      #expect(zip(energies, energies.dropFirst()).allSatisfy { $1 <= $0 * (1 + 1e-12) })
    }
  }

  @Test func energyIsKeptWithoutDragAndLosses() {
    var simulation = BallSimulation()
    simulation.drag = 0..<1e-300
    simulation.restitution = 1..<1.0.nextUp
    for flight in flights(of: simulation) {
      let first = energy(flight[0], simulation)
      #expect(flight.allSatisfy { abs(energy($0, simulation) - first) < 1e-9 * first })
    }
  }

  @Test func noBallLeavesTheRoom() {
    var simulation = BallSimulation()
    simulation.speed = 5..<40
    for ball in flights(of: simulation).joined() {
      #expect((0...simulation.room.x).contains(ball.position.x) && (0...simulation.room.y).contains(ball.position.y))
    }
  }

  /// A ball that falls from rest has the speed u tanh(g t / u) and has fallen u²/g log cosh(g t / u), where u = √(g/k) is
  /// the speed at which drag balances gravity.
  @Test func aFallingBallFollowsTheExactSolution() {
    var simulation = BallSimulation()
    simulation.room = Point(1, 100)
    let drag = 0.13
    var ball = Ball(position: Point(0.5, 100), velocity: .zero, drag: drag, restitution: 1)
    simulation.advance(&ball, by: 1)
    let terminal = (9.81 / drag).squareRoot()
    let fallen = terminal * terminal / 9.81 * Double._log(cosh(9.81 / terminal))
    #expect(abs(100 - ball.position.y - fallen) < 1e-4)
    #expect(abs(ball.velocity.y + terminal * Double._tanh(9.81 / terminal)) < 2e-4)
  }

  private func cosh(_ x: Double) -> Double { (Double._exp(x) + Double._exp(-x)) / 2 }

  @Test func aBounceTurnsTheSpeedAcrossTheWallAndKeepsTheSpeedAlongIt() {
    var simulation = BallSimulation()
    simulation.gravity = 0
    var ball = Ball(position: Point(7, 2), velocity: Point(2, 1), drag: 0, restitution: 0.5)
    simulation.advance(&ball, by: 1)
    #expect(abs(ball.position.x - 7.5) < 1e-12 && abs(ball.position.y - 3) < 1e-12)
    #expect(ball.velocity == Point(-1, 1))
  }

  @Test func everyBallEndsOnTheFloor() {
    let simulation = BallSimulation()
    var (ball, _) = simulation.ball(0, seed: 5)
    simulation.advance(&ball, by: 60)
    #expect(ball.isRolling && ball.position.y == 0 && ball.velocity.y == 0)
  }

  @Test func theSameSeedGivesTheSameBallsHoweverManyAreAskedFor() {
    let simulation = BallSimulation()
    let few = simulation.windows(count: 3, observed: 4...30, predicted: 12, seed: 9)
    let many = simulation.windows(count: 8, observed: 4...30, predicted: 12, seed: 9)
    #expect(few == Array(many.prefix(3)))
    #expect(few != simulation.windows(count: 3, observed: 4...30, predicted: 12, seed: 10))
  }

  @Test func historiesHaveAllLengthsAndFuturesHaveOne() {
    let windows = BallSimulation().windows(count: 200, observed: 2...7, predicted: 5, seed: 1)
    #expect(Set(windows.map(\.observed.count)) == Set(2...7))
    #expect(windows.allSatisfy { $0.future.count == 5 })
  }

  @Test func theCameraErrsByTheNoiseAndTheFutureIsExact() {
    var simulation = BallSimulation()
    simulation.noise = 0.25
    let windows = simulation.windows(count: 300, observed: 20...20, predicted: 3, seed: 2)
    var squares = 0.0
    for (index, window) in windows.enumerated() {
      let exact = simulation.positions(count: 23, ofBall: index, seed: 2)
      #expect(window.future == Array(exact.suffix(3)))
      for (seen, real) in zip(window.observed, exact) { squares += (seen - real).length * (seen - real).length }
    }
    // 12,000 coordinates: the estimate of σ has a standard deviation of σ / √24000.
    let deviation = (squares / 12_000).squareRoot()
    #expect(abs(deviation - 0.25) < 5 * 0.25 / 24_000.0.squareRoot())
  }
}
