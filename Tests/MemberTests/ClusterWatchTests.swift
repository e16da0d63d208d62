import Raft
import Testing

@testable import Cluster

@Suite("What changes about a cluster is told, once")
struct ClusterWatchTests {
    private static func id(_ number: UInt64) -> MemberID { MemberID(high: 0, low: number) }

    private static let before = ClusterFacts(
        leader: id(1), term: Term(1), voters: [id(1), id(2)], members: [id(1): "m1", id(2): "m2"], online: [id(1), id(2)], isReady: true, reason: nil)

    private func events(_ change: (inout ClusterFacts) -> Void) -> [ClusterEvent] {
        var watch = ClusterWatch()
        #expect(watch.observe(Self.before) == [], "the first look tells nothing")
        var facts = Self.before
        change(&facts)
        let events = watch.observe(facts)
        #expect(watch.observe(facts) == [], "what was told is not told again")
        return events
    }

    @Test("a leader that goes, and another that comes")
    func leader() {
        #expect(events { $0.leader = nil; $0.term = Term(2) } == [.leaderChanged(to: nil, term: Term(2))])
        #expect(events { $0.leader = Self.id(2); $0.term = Term(2) } == [.leaderChanged(to: "m2", term: Term(2))])
        #expect(events { $0.term = Term(2) } == [])
    }

    @Test("a member that joins and is then heard of, and one that is removed")
    func members() {
        #expect(events { $0.members[Self.id(3)] = "m3"; $0.online.insert(Self.id(3)) } == [.memberJoined("m3"), .memberOnline("m3")])
        #expect(
            events { $0.members[Self.id(2)] = nil; $0.online.remove(Self.id(2)); $0.voters = [Self.id(1)] }
                == [.memberRemoved("m2"), .votersChanged(["m1"])])
        #expect(events { $0.members[Self.id(2)] = "b2" } == [.memberRenamed(from: "m2", to: "b2")])
    }

    @Test("a member that falls silent, voters that change, and this member's readiness with its reason")
    func states() {
        #expect(events { $0.online.remove(Self.id(2)) } == [.memberOffline("m2")])
        #expect(events { $0.voters = [Self.id(1)] } == [.votersChanged(["m1"])])
        #expect(events { $0.isReady = false; $0.reason = "disk" } == [.readinessChanged(isReady: false, reason: "disk")])
        #expect(events { $0.reason = "other" } == [])
    }
}
