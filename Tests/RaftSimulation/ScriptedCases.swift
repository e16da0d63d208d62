import Raft

/// Bugs that chance seldom shows, because another rule hides them: each has a script of its own that tells the
/// rule from its absence.
enum ScriptedCases {
    /// Whether the rule that the mutant breaks is kept. With no mutant switched on it must be.
    static func isKept(_ rule: Mutant, with mutant: Mutant?) throws(RestoreError) -> Bool {
        switch rule {
        case .commitIsUncapped: try commitEndsWithTheRequest(mutant)
        case .acknowledgesWholeLog: try acknowledgementEndsWithTheRequest(mutant)
        case .countsOverwrittenWrites: try overwrittenWriteMakesNothingDurable(mutant)
        case .countsLateAcknowledgements: try acknowledgementOfAnEarlierTermCountsForNothing(mutant)
        case .newMembersAreSilent: try newMemberCountsAsHeardOf(mutant)
        case .transferTakesWrites: try leaderThatHandsOverTakesNoWrites(mutant)
        case .transfersToLaggard: try onlyWhoHoldsEverythingIsTold(mutant)
        case .campaignsDuringInstall: try logThatIsReplacedElectsNobody(mutant)
        case .keepsArrivingSnapshot: try leaderKeepsItsLog(mutant)
        case .believesLateRejections: try lateRejectionChangesNothing(mutant)
        default: true
        }
    }

    /// Its tail of term 1 may be about to go: the leader has shown entry 1 only.
    private static func commitEndsWithTheRequest(_ mutant: Mutant?) throws(RestoreError) -> Bool {
        var script = try ScriptedCore(mutant, terms: [1, 1])
        script.receive(.append(AppendRequest(previous: ScriptedCore.position(1, 1), entries: [], commit: LogIndex(3))), term: 2)
        return script.core.commitIndex == LogIndex(1)
    }

    private static func acknowledgementEndsWithTheRequest(_ mutant: Mutant?) throws(RestoreError) -> Bool {
        var script = try ScriptedCore(mutant, terms: [1, 1])
        script.receive(.append(AppendRequest(previous: ScriptedCore.position(1, 1), entries: [], commit: .zero)), term: 2)
        script.sync()
        return script.sent.last?.body == .appendReply(.accepted(through: LogIndex(1)))
    }

    /// Entry 2 of term 2 is being written when that of term 3 replaces it. The first write completes.
    private static func overwrittenWriteMakesNothingDurable(_ mutant: Mutant?) throws(RestoreError) -> Bool {
        var script = try ScriptedCore(mutant)
        script.receive(.append(AppendRequest(
            previous: ScriptedCore.position(1, 1), entries: [ScriptedCore.entry(2, 2)], commit: .zero)), term: 2)
        let first = script.lastOperation
        script.receive(.append(AppendRequest(
            previous: ScriptedCore.position(1, 1), entries: [ScriptedCore.entry(2, 3)], commit: .zero)), term: 3, from: 2)
        script.step(.persisted(upTo: first))
        return script.core.durableIndex == LogIndex(1)
    }

    private static func acknowledgementOfAnEarlierTermCountsForNothing(_ mutant: Mutant?) throws(RestoreError) -> Bool {
        var script = try ScriptedCore(mutant, terms: [1, 2])
        script.lead()
        script.receive(.appendReply(.accepted(through: LogIndex(3))), term: 2)
        return script.core.isLeader && script.match(of: 1) == .zero
    }

    private static func newMemberCountsAsHeardOf(_ mutant: Mutant?) throws(RestoreError) -> Bool {
        var script = try ScriptedCore(mutant)
        script.lead()
        // It has heard of nobody yet, and gives them time.
        script.step(.tick)
        return script.core.isLeader
    }

    private static func leaderThatHandsOverTakesNoWrites(_ mutant: Mutant?) throws(RestoreError) -> Bool {
        var script = try ScriptedCore(mutant)
        script.lead()
        script.answer(from: 1)
        script.step(.transferLeadership(id: 1, to: MemberID(slot: 1)))
        script.step(.propose(id: 2, payload: [0]))
        return script.proposals.last?.outcome == .rejected(.transferInProgress)
    }

    private static func onlyWhoHoldsEverythingIsTold(_ mutant: Mutant?) throws(RestoreError) -> Bool {
        var script = try ScriptedCore(mutant)
        script.lead()
        script.answer(from: 1)
        script.step(.transferLeadership(id: 1, to: MemberID(slot: 1)))
        return script.core.isLeader && !script.sent.contains { if case .timeoutNow = $0.body { true } else { false } }
    }

    /// It heals, and its leader falls silent while the snapshot, all of which is there, is verified.
    private static func logThatIsReplacedElectsNobody(_ mutant: Mutant?) throws(RestoreError) -> Bool {
        var script = try ScriptedCore(mutant, terms: [1, 1])
        let id = offerSnapshot(to: &script)
        script.step(.snapshotStaged(id, byteCount: 10))
        script.lead()
        return !script.core.isLeader
    }

    /// It heals, and is elected while the snapshot is on its way; then the rest of that arrives.
    private static func leaderKeepsItsLog(_ mutant: Mutant?) throws(RestoreError) -> Bool {
        var script = try ScriptedCore(mutant, terms: [1, 1])
        let id = offerSnapshot(to: &script)
        script.step(.snapshotStaged(id, byteCount: 5))
        script.lead()
        script.step(.snapshotStaged(id, byteCount: 10))
        script.step(.snapshotVerified(id, isSound: true))
        return script.core.isLeader && script.installs == 0
    }

    /// Told to heal, and offered a snapshot of ten bytes that covers its log.
    private static func offerSnapshot(to script: inout ScriptedCore) -> SnapshotID {
        script.receive(.heartbeat(Heartbeat(commit: .zero, round: 1)), term: 1)
        script.step(.heal)
        let id = SnapshotID(position: ScriptedCore.position(3, 1), hash: [UInt8](repeating: 1, count: SnapshotID.hashBytes))
        let voters = script.core.configuration
        script.receive(.snapshotOffer(SnapshotDescriptor(id: id, configuration: voters, byteCount: 10)), term: 1)
        return id
    }

    /// Member 1 is in step through entry 4 when its refusal of entry 2's predecessor, of long ago, arrives.
    private static func lateRejectionChangesNothing(_ mutant: Mutant?) throws(RestoreError) -> Bool {
        var script = try ScriptedCore(mutant, terms: [1, 1])
        script.lead()
        let term = script.core.term.rawValue
        script.receive(.appendReply(.accepted(through: LogIndex(4))), term: term)
        let before = script.sent.count
        script.receive(.appendReply(.rejected(previous: LogIndex(2), hint: ScriptedCore.position(1, 1))), term: term)
        let again = script.sent[before...].contains { if case .append = $0.body { true } else { false } }
        script.step(.propose(id: 1, payload: [0]))
        script.step(.propose(id: 2, payload: [0]))
        // In step, both leave at once; a peer that has to be probed gets one at a time.
        let appends = script.sent[before...].count { if case .append = $0.body, $0.to == MemberID(slot: 1) { true } else { false } }
        return !again && appends == 2
    }
}
