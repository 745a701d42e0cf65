import JarvisProtocol
import Testing

@testable import JarvisCore

@Suite struct SkillRecordTests {
  private func at(_ seconds: Double) -> Timestamp { Timestamp(milliseconds: 0) + seconds }

  private func task(_ id: UInt64, _ step: String, _ start: Double?, _ end: Double, after: [UInt64] = []) -> RanTask {
    RanTask(
      id: TaskID(id), step: step, startedAt: start.map { at($0) }, endedAt: at(end), after: after.map { TaskID($0) })
  }

  @Test func theCriticalPathGoesThroughGroupsAndNamesTheLongestStep() {
    let path = CriticalPath([
      task(1, "map", 0, 4), task(2, "map", 0, 9), task(3, "map", nil, 9, after: [1, 2]),
      task(4, "reduce", 10, 12, after: [3]), task(5, "aside", 0, 11),
    ])
    #expect(path.wall == 12 && path.work == 4 + 9 + 2 + 11)
    #expect(path.tasks == [TaskID(2), TaskID(4)])
    #expect(path.bottleneck?.step == "map" && path.bottleneck?.seconds == 9)
  }

  @Test func stepsOfOneNameAreAddedUpOnThePath() {
    let path = CriticalPath([task(1, "a", 0, 3), task(2, "b", 3, 7, after: [1]), task(3, "a", 7, 10, after: [2])])
    #expect(path.bottleneck?.step == "a" && path.bottleneck?.seconds == 6)
    #expect(CriticalPath([]).bottleneck == nil)
    #expect(CriticalPath([task(1, "x", nil, 3)]).wall == 0)
  }

  private func run(_ days: Double, _ succeeded: Bool, saved: Double) -> SkillRunFigures {
    SkillRunFigures(endedAt: at(-days * 86_400), succeeded: succeeded, wall: 10, work: 10 + saved)
  }

  @Test func manyGoodRunsAreWorthMoreThanOne() {
    let one = SkillWorth([run(0, true, saved: 60)], now: at(0))
    let ten = SkillWorth((0..<10).map { _ in run(0, true, saved: 6) }, now: at(0))
    #expect(one.saved == 60 && abs(ten.saved - 60) < 1e-9)
    #expect(ten.worth > one.worth)
    // Wilson with z = 1.2816: 1/(1 + z²) for one success of one.
    #expect(abs(one.successBound - 1 / (1 + 1.2816 * 1.2816)) < 1e-9)
  }

  @Test func failuresAndAgeMakeASkillWorthLess() {
    let fresh = SkillWorth([run(0, true, saved: 60)], now: at(0))
    let old = SkillWorth([run(30, true, saved: 60)], now: at(0))
    let mixed = SkillWorth([run(0, true, saved: 60), run(0, false, saved: 60)], now: at(0))
    #expect(old.worth < fresh.worth / 2)
    #expect(mixed.successBound < fresh.successBound && mixed.worth < fresh.worth)
    #expect(SkillWorth([], now: at(0)).worth == 0)
    #expect(SkillWorth([run(0, false, saved: 60)], now: at(0)).worth == 0)
    #expect(SkillWorth([run(0, true, saved: -5)], now: at(0)).worth == 0)
  }

  @Test(
    arguments: [
      (0.0, 1.0), (15.0, 0.707_106_781_2), (30.0, 0.5), (45.0, 0.353_553_390_6), (300.0, 1.0 / 1024),
    ] as [(Double, Double)])
  func aRunCountsHalfAfterThirtyDays(days: Double, weight: Double) {
    #expect(abs(SkillWorth.weight(age: days * 86_400) - weight) < 1e-8)
  }
}
