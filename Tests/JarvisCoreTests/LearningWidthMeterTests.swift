import JarvisProtocol
import Testing

@testable import JarvisCore

private let start = Timestamp(milliseconds: 1_800_000_000_000)

@Suite struct LearningWidthMeterTests {
  /// Tasks from when to when, as the meter is told of them; the readings by task.
  private func readings(_ spans: [(from: Double, to: Double)], failing: Set<Int> = []) -> [Int: WidthMeter.Reading] {
    var meter = WidthMeter()
    var news: [(at: Double, isEnd: Bool, task: Int)] = []
    for (i, span) in spans.enumerated() { news += [(span.from, false, i), (span.to, true, i)] }
    news.sort { ($0.at, $0.isEnd ? 0 : 1) < ($1.at, $1.isEnd ? 0 : 1) }
    var found: [Int: WidthMeter.Reading] = [:]
    for item in news {
      let id = TaskID(UInt64(item.task))
      if item.isEnd {
        found[item.task] = meter.end(id, at: start + item.at, succeeded: !failing.contains(item.task))
      } else {
        meter.begin(id, type: "t", at: start + item.at)
      }
    }
    #expect(meter.count == 0)
    return found
  }

  @Test func aTasksWidthIsTheAverageOverItsOwnTime() throws {
    let found = readings([(0, 10), (5, 10)])
    #expect(try #require(found[0]).width == 1.5)
    #expect(try #require(found[1]).width == 2)
    #expect(found[0]?.seconds == 10)
  }

  @Test func aQueueThatServesOneByOneShowsThatNothingIsGained() throws {
    // Six asked of a server at once that takes a second each; five at a time: the sixth comes when the first is done.
    let waves = readings((1...5).map { (0, Double($0)) } + [(1, 6)]).values.compactMap(\.wave)
    #expect(waves.map(\.ended) == [6])
    for wave in waves { #expect(abs(wave.seconds / wave.width - 1) < 1e-9, "T(k) = k, whoever comes first") }
  }

  @Test func tasksThatShareNothingTakeTheSameBesideOthers() throws {
    let waves = readings([(0, 3), (0, 3), (0, 3), (3, 6)]).values.compactMap(\.wave).sorted { $0.width < $1.width }
    #expect(waves == [Wave(width: 1, seconds: 3, ended: 1), Wave(width: 3, seconds: 3, ended: 3)])
  }

  @Test func whatIsInTheMiddleOfItsWorkCountsForNoWave() {
    // Two at a time, half a task apart, of two seconds each: one runs while the other ends, until the last.
    let spans = (0..<40).map { (from: Double($0), to: Double($0) + 2) }
    let waves = readings(spans).values.compactMap(\.wave)
    #expect(waves.count >= 10)
    for wave in waves {
      // The first one has a second for itself, of the four that the first wave takes.
      #expect(abs(wave.seconds - 2) <= 0.34, "\(wave)")
      #expect(wave.width >= 1.75, "the last that runs alone is half done already")
    }
  }

  @Test func whatFailedIsNoMeasureOfHowLongTasksTake() throws {
    let waves = readings([(0, 3), (0, 3), (0, 0.5)], failing: [2]).values.compactMap(\.wave)
    let wave = try #require(waves.first)
    #expect(waves.count == 1 && wave.ended == 2 && abs(wave.seconds - 3) < 1e-9)
    #expect(readings([(0, 1)], failing: [0]).values.allSatisfy { $0.wave == nil })
  }

  @Test func whoStandsStillIsBesideNobody() {
    var meter = WidthMeter()
    meter.begin(TaskID(1), type: "t", at: start)
    meter.begin(TaskID(2), type: "t", at: start)
    meter.pause(TaskID(2), at: start + 1)
    meter.resume(TaskID(2), at: start + 3)
    let first = meter.end(TaskID(1), at: start + 4, succeeded: true)
    let second = meter.end(TaskID(2), at: start + 4, succeeded: true)
    let again = meter.end(TaskID(2), at: start + 5, succeeded: true)
    #expect(first?.width == 1.5 && first?.seconds == 4)
    #expect(second?.width == 2 && second?.seconds == 2)
    #expect(again == nil)
  }

  @Test func anObservationThatIsPartOfAWaveReadsBackAsItWasWritten() throws {
    for measure in [Measure.own, .nothing, .wave(Wave(width: 3.5, seconds: 2.25, ended: 4))] {
      var observation = Observation(type: "t", width: 2, durationSeconds: 1, at: start)
      observation.measure = measure
      #expect(try Observation(json: observation.json) == observation)
    }
    var profile = TypeProfile(type: "t")
    var part = Observation(type: "t", width: 2, durationSeconds: 1, at: start)
    part.measure = .nothing
    profile.observe(part)
    #expect(profile.widthPoints.isEmpty && profile.total == 1)
    part.measure = .wave(Wave(width: 2, seconds: 8, ended: 2))
    profile.observe(part)
    #expect(try #require(profile.widthPoints.first).seconds > 7.9)
  }

  @Test func luckIsTheSameForTheSameBatchAndSpreadEvenly() {
    let draws = (1...1000).map { WidthChooser.luck(seed: 7, batch: UInt64($0)) }
    #expect(draws == (1...1000).map { WidthChooser.luck(seed: 7, batch: UInt64($0)) })
    #expect(draws.allSatisfy { (0..<1).contains($0) })
    for tenth in 0..<10 {
      let count = draws.filter { Int($0 * 10) == tenth }.count
      #expect((60...140).contains(count), "\(tenth): \(count)")
    }
  }
}
