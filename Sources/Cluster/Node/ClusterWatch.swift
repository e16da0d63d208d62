import EventLoop
import HashTreeCollections
package import Raft
import TrustStore

/// What changed about the cluster, as one member sees it.
package enum ClusterEvent: Equatable, Sendable {
    /// Nil: there is none, as far as this member knows.
    case leaderChanged(to: String?, term: Term)
    /// By name, sorted.
    case votersChanged([String])
    case memberJoined(String)
    case memberRemoved(String)
    case memberRenamed(from: String, to: String)
    case memberOnline(String)
    case memberOffline(String)
    /// Of this member: whether it vouches, and else why not.
    case readinessChanged(isReady: Bool, reason: String?)
}

/// The facts of one moment.
struct ClusterFacts: Equatable {
    var leader: MemberID?
    var term: Term
    var voters: [MemberID]
    /// Their names.
    var members: [MemberID: String]
    /// Heard of lately; this member is always among them.
    var online: Set<MemberID>
    var isReady: Bool
    /// Why it is not ready.
    var reason: String?
}

/// Turns facts looked at again and again into what changed between two looks. What came and went in between is not told.
struct ClusterWatch {
    private var last: ClusterFacts?

    mutating func observe(_ facts: ClusterFacts) -> [ClusterEvent] {
        guard let before = last else {
            last = facts
            return []
        }
        guard before != facts else { return [] }
        last = facts
        return Self.changes(from: before, to: facts)
    }

    private static func changes(from before: ClusterFacts, to now: ClusterFacts) -> [ClusterEvent] {
        func name(_ id: MemberID) -> String { now.members[id] ?? before.members[id] ?? id.description }
        var events: [ClusterEvent] = []
        for (id, name) in now.members.sorted(by: { $0.value < $1.value }) {
            guard let old = before.members[id] else {
                events.append(.memberJoined(name))
                continue
            }
            if old != name { events.append(.memberRenamed(from: old, to: name)) }
        }
        let gone = before.members.filter { now.members[$0.key] == nil }
        events += gone.values.sorted().map { .memberRemoved($0) }
        if now.voters != before.voters { events.append(.votersChanged(now.voters.map(name).sorted())) }
        if now.leader != before.leader { events.append(.leaderChanged(to: now.leader.map(name), term: now.term)) }
        events += now.online.subtracting(before.online).map(name).sorted().map { .memberOnline($0) }
        // One that was removed is told so, and not missed as well.
        let missing = before.online.subtracting(now.online).filter { now.members[$0] != nil }
        events += missing.map(name).sorted().map { .memberOffline($0) }
        if now.isReady != before.isReady { events.append(.readinessChanged(isReady: now.isReady, reason: now.reason)) }
        return events
    }
}

extension Node {
    func watchCluster(now: MonotonicInstant) {
        for event in watch.observe(facts(now: now)) { onClusterEvent.call(event) }
    }

    private func facts(now: MonotonicInstant) -> ClusterFacts {
        var online: Set = [identity.id]
        for (id, report) in reports where now - report.at < Self.offlineAfter && state.members[id] != nil { online.insert(id) }
        let trouble = haltedReason ?? quarantine ?? storage.trouble
        let isReady = trouble == nil && box.view.freshness(now: now).vouches
        return ClusterFacts(
            leader: core.leader, term: core.term, voters: core.configuration.voters,
            members: Dictionary(uniqueKeysWithValues: state.members.values.map { ($0.id, $0.name) }), online: online, isReady: isReady,
            reason: trouble ?? (isReady ? nil : "member_stale: the state of this member is not proven current"))
    }
}
