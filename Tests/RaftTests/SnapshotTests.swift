@testable import Raft
import Testing

@Suite struct SnapshotTests {
    static let a = MemberID(high: 0, low: 1)
    static let b = MemberID(high: 0, low: 2)
    static let voters = Configuration(voters: [a, b])

    static func descriptor(at index: UInt64, term: UInt64 = 3, byteCount: UInt64 = 10) -> SnapshotDescriptor {
        SnapshotDescriptor(
            id: SnapshotID(
                position: LogPosition(term: Term(term), index: LogIndex(index)),
                hash: [UInt8](repeating: UInt8(index), count: SnapshotID.hashBytes)),
            configuration: voters, byteCount: byteCount)
    }

    /// A follower of `a` in term 3 whose log holds the founding entry alone.
    static func follower() throws -> RaftCore {
        var restored = RestoredState()
        restored.hardState = HardState(term: Term(3))
        restored.entries = [Entry(index: LogIndex(1), term: Term(1), kind: .configuration, payload: voters.encoded())]
        restored.applied = LogIndex(1)
        return try RaftCore(id: b, settings: RaftSettings(), restored: restored, seed: 1)
    }

    static func message(_ body: Message.Body) -> RaftInput {
        .received(Message(from: a, to: b, term: Term(3), body: body))
    }

    @Test("the checksum is CRC-32C: the vectors of RFC 3720 B.4")
    func checksums() {
        #expect(CRC32C.checksum(of: [UInt8](repeating: 0, count: 32)) == 0x8a91_36aa)
        #expect(CRC32C.checksum(of: [UInt8](repeating: 0xff, count: 32)) == 0x62a8_ab43)
        #expect(CRC32C.checksum(of: Array(0..<32)) == 0x46dd_794e)
    }

    @Test("a piece that is damaged, empty, out of place or too long is not written, and is asked for again")
    func badChunks() throws {
        var core = try Self.follower()
        let offer = Self.descriptor(at: 9)
        #expect(core.step(Self.message(.snapshotOffer(offer))).snapshots == [.stage(offer)])
        #expect(core.step(.snapshotStaged(offer.id, byteCount: 4)).messages.count == 1)
        let damaged = SnapshotChunk(id: offer.id, offset: 4, bytes: [1, 2], checksum: 7)
        let tooLong = SnapshotChunk(id: offer.id, offset: 4, bytes: [1, 2, 3, 4, 5, 6, 7])
        for chunk in [damaged, tooLong, SnapshotChunk(id: offer.id, offset: 4, bytes: [])] {
            let output = core.step(Self.message(.snapshotChunk(chunk)))
            #expect(output.snapshots.isEmpty)
            #expect(output.messages.map(\.body) == [.snapshotWanted(SnapshotWanted(id: offer.id, offset: 4, byteCountMax: 65_536))])
        }
        for chunk in [
            SnapshotChunk(id: offer.id, offset: 3, bytes: [1]), SnapshotChunk(id: offer.id, offset: 5, bytes: [1]),
            SnapshotChunk(id: Self.descriptor(at: 8).id, offset: 4, bytes: [1]),
        ] {
            #expect(core.step(Self.message(.snapshotChunk(chunk))) == RaftOutput())
        }
        let good = SnapshotChunk(id: offer.id, offset: 4, bytes: [1, 2, 3, 4, 5, 6])
        #expect(core.step(Self.message(.snapshotChunk(good))).snapshots == [.write(good)])
    }

    @Test("an unsound snapshot is discarded and nothing of the log is touched")
    func unsound() throws {
        var core = try Self.follower()
        let offer = Self.descriptor(at: 9)
        _ = core.step(Self.message(.snapshotOffer(offer)))
        #expect(core.step(.snapshotStaged(offer.id, byteCount: 10)).snapshots == [.verify(offer)])
        let output = core.step(.snapshotVerified(offer.id, isSound: false))
        #expect(output.snapshots == [.discard(offer.id)])
        #expect(output.storage.isEmpty && core.lastIndex == LogIndex(1))
    }

    @Test("a snapshot of what is committed here is acknowledged and not fetched")
    func outdated() throws {
        var core = try Self.follower()
        let output = core.step(Self.message(.snapshotOffer(Self.descriptor(at: 1, term: 1))))
        #expect(output.snapshots.isEmpty)
        #expect(output.messages.map(\.body).last == .appendReply(.accepted(through: LogIndex(1))))
    }

    @Test("an installed snapshot is acknowledged only once it is durable, and the configuration is the snapshot's")
    func installs() throws {
        var core = try Self.follower()
        let offer = Self.descriptor(at: 9)
        _ = core.step(Self.message(.snapshotOffer(offer)))
        _ = core.step(.snapshotStaged(offer.id, byteCount: 10))
        let output = core.step(.snapshotVerified(offer.id, isSound: true))
        #expect(output.storage.map(\.install) == [offer])
        #expect(output.messages.isEmpty)
        let done = core.step(.persisted(upTo: output.storage[0].id))
        #expect(done.messages.map(\.body).first == .appendReply(.accepted(through: LogIndex(9))))
        #expect(done.events.contains(.snapshotInstalled(offer.position)))
        #expect(core.status.base == offer.position && core.appliedIndex == LogIndex(9))
        #expect(core.status.configuration.configuration == Self.voters)
    }

    @Test("offers with no voters, no bytes, no index or a term to come are ignored")
    func impossibleOffers() throws {
        var core = try Self.follower()
        let nobody = SnapshotDescriptor(id: Self.descriptor(at: 9).id, configuration: .empty, byteCount: 1)
        for offer in [nobody, Self.descriptor(at: 9, byteCount: 0), Self.descriptor(at: 0), Self.descriptor(at: 9, term: 4)] {
            let output = core.step(Self.message(.snapshotOffer(offer)))
            #expect(output.snapshots.isEmpty && output.messages.isEmpty)
        }
    }

    @Test("a log whose state is older than its base is refused")
    func stateBehindBase() {
        var restored = RestoredState()
        restored.hardState = HardState(term: Term(3))
        restored.base = LogPosition(term: Term(2), index: LogIndex(5))
        restored.baseConfiguration = Self.voters
        restored.applied = LogIndex(4)
        #expect(throws: RestoreError.self) {
            try RaftCore(id: Self.b, settings: RaftSettings(), restored: restored, seed: 1)
        }
    }
}

/// What the shell does not answer, and what a peer asks too often.
@Suite struct SnapshotPatienceTests {
    @Test("a shell that says nothing to a staged piece is asked again with the next offer")
    func silentShell() throws {
        var core = try SnapshotTests.follower()
        let offer = SnapshotTests.descriptor(at: 9)
        _ = core.step(SnapshotTests.message(.snapshotOffer(offer)))
        // The disk was full: no answer. The leader goes on offering, which alone must not repeat the work.
        #expect(core.step(SnapshotTests.message(.snapshotOffer(offer))).snapshots.isEmpty)
        for _ in 0..<RaftSettings().electionTicks * IncomingSnapshot.unansweredMax {
            _ = core.step(.tick)
            _ = core.step(SnapshotTests.message(.heartbeat(Heartbeat(commit: .zero, round: 1))))
        }
        #expect(core.step(SnapshotTests.message(.snapshotOffer(offer))).snapshots == [.stage(offer)])
    }

    @Test("pieces grow while they come quickly, and shrink when they do not, within their bounds")
    func pace() throws {
        var pace = ChunkPace(byteCountMax: SnapshotChunk.bytesMax)
        #expect(pace.byteCount == ChunkPace.byteCountFirst)
        for _ in 0..<10 { pace.arrived(after: 12, electionTicks: 50) }
        #expect(pace.byteCount == SnapshotChunk.bytesMax)
        pace.arrived(after: 13, electionTicks: 50)
        #expect(pace.byteCount == SnapshotChunk.bytesMax)
        for _ in 0..<10 { pace.missed() }
        #expect(pace.byteCount == ChunkPace.byteCountMin)
        var small = ChunkPace(byteCountMax: 5)
        small.missed()
        #expect(small.byteCount == 5)
    }

    @Test("a piece that takes longer than an election timeout still counts, and the next ones are smaller")
    func slowLink() throws {
        var core = try SnapshotTests.follower()
        let offer = SnapshotTests.descriptor(at: 9)
        _ = core.step(SnapshotTests.message(.snapshotOffer(offer)))
        _ = core.step(.snapshotStaged(offer.id, byteCount: 0))
        var asked: [UInt32] = []
        for _ in 0..<RaftSettings().electionTicks * 3 {
            _ = core.step(SnapshotTests.message(.heartbeat(Heartbeat(commit: .zero, round: 1))))
            for message in core.step(.tick).messages {
                if case .snapshotWanted(let wanted) = message.body { asked.append(wanted.byteCountMax) }
            }
        }
        #expect(asked == [32_768, 16_384, 16_384])
        let chunk = SnapshotChunk(id: offer.id, offset: 0, bytes: [1])
        #expect(core.step(SnapshotTests.message(.snapshotChunk(chunk))).snapshots == [.write(chunk)])
        let next = core.step(.snapshotStaged(offer.id, byteCount: 1)).messages
        #expect(next.map(\.body) == [.snapshotWanted(SnapshotWanted(id: offer.id, offset: 1, byteCountMax: 16_384))])
    }

    @Test("a shell that keeps nothing of what it is given is asked to stage the snapshot anew")
    func lostFile() throws {
        var core = try SnapshotTests.follower()
        let offer = SnapshotTests.descriptor(at: 9)
        _ = core.step(SnapshotTests.message(.snapshotOffer(offer)))
        _ = core.step(.snapshotStaged(offer.id, byteCount: 0))
        let chunk = SnapshotTests.message(.snapshotChunk(SnapshotChunk(id: offer.id, offset: 0, bytes: [1])))
        for _ in 0...IncomingSnapshot.unansweredMax {
            #expect(core.step(chunk).snapshots.count == 1)
            _ = core.step(.snapshotStaged(offer.id, byteCount: 0))
        }
        #expect(core.step(chunk).snapshots.isEmpty)
        #expect(core.step(SnapshotTests.message(.snapshotOffer(offer))).snapshots == [.stage(offer)])
    }

    @Test("a member that heals installs a snapshot that waited for entries it will never apply")
    func healsByWaitingSnapshot() throws {
        var core = try SnapshotTests.follower()
        let entry = Entry(index: LogIndex(2), term: Term(3), kind: .command, payload: [1])
        let append = AppendRequest(previous: LogPosition(term: Term(1), index: LogIndex(1)), entries: [entry], commit: LogIndex(2))
        let written = core.step(SnapshotTests.message(.append(append))).storage
        #expect(core.step(.persisted(upTo: try #require(written.last).id)).committed == [entry])
        let offer = SnapshotTests.descriptor(at: 9)
        _ = core.step(SnapshotTests.message(.snapshotOffer(offer)))
        _ = core.step(.snapshotStaged(offer.id, byteCount: 10))
        // Entry 2 was handed out and is never applied: the shell is out of service.
        #expect(core.step(.snapshotVerified(offer.id, isSound: true)).storage.isEmpty)
        #expect(core.step(.heal).storage.map(\.install) == [offer])
    }

    /// `a` leads `b`, whose next entry is gone from the log.
    private func leader(_ settings: RaftSettings = RaftSettings()) throws -> RaftCore {
        var restored = RestoredState()
        restored.hardState = HardState(term: Term(3))
        restored.base = LogPosition(term: Term(3), index: LogIndex(5))
        restored.baseConfiguration = SnapshotTests.voters
        restored.applied = LogIndex(5)
        var core = try RaftCore(id: SnapshotTests.a, settings: settings, restored: restored, seed: 1)
        while core.role != .preCandidate { _ = core.step(.tick) }
        let poll = core.lastPoll
        func reply(_ term: UInt64, _ body: Message.Body) -> RaftInput {
            .received(Message(from: SnapshotTests.b, to: SnapshotTests.a, term: Term(term), body: body))
        }
        let campaign = core.step(reply(4, .preVoteReply(VoteReply(round: poll, isGranted: true))))
        _ = core.step(.persisted(upTo: try #require(campaign.storage.last).id))
        _ = core.step(reply(4, .voteReply(VoteReply(round: core.lastPoll, isGranted: true))))
        try #require(core.isLeader)
        return core
    }

    private func fromPeer(_ body: Message.Body) -> RaftInput {
        .received(Message(from: SnapshotTests.b, to: SnapshotTests.a, term: Term(4), body: body))
    }

    @Test("however often a peer asks for a piece, one read is under way for it")
    func oneReadAtATime() throws {
        var core = try leader()
        let prepare = core.step(fromPeer(.snapshotRequest(atLeast: LogIndex(5)))).snapshots
        guard case .prepare(let id, _)? = prepare.first else {
            Issue.record("\(prepare)")
            return
        }
        let descriptor = SnapshotTests.descriptor(at: 5)
        _ = core.step(.snapshotReady(id: id, descriptor))
        let wanted = fromPeer(.snapshotWanted(SnapshotWanted(id: descriptor.id, offset: 0, byteCountMax: 65_536)))
        let first = core.step(wanted).snapshots
        guard case .read(let request)? = first.first else {
            Issue.record("\(first)")
            return
        }
        for _ in 0..<100 { #expect(core.step(wanted).snapshots.isEmpty) }
        _ = core.step(.chunkRead(LoadedChunk(id: request.id, bytes: [1])))
        #expect(core.step(wanted).snapshots.count == 1)
    }

    @Test("a peer that heals from beyond the log makes it no longer")
    func requestBeyondTheLog() throws {
        var core = try leader()
        let last = core.lastIndex
        for _ in 0..<10 {
            let output = core.step(fromPeer(.snapshotRequest(atLeast: .max)))
            #expect(output.storage.isEmpty && output.snapshots.isEmpty)
        }
        #expect(core.lastIndex == last)
    }

    @Test("a peer that lost what it had acknowledged, from before where the leader's log begins, gets a snapshot")
    func lossBelowTheBase() throws {
        var core = try leader()
        _ = core.step(fromPeer(.appendReply(.accepted(through: LogIndex(5)))))
        let lost = AppendReply.lost(after: LogPosition(term: Term(2), index: LogIndex(3)))
        let output = core.step(fromPeer(.appendReply(lost)))
        #expect(output.events.contains(.peerNeedsSnapshot(SnapshotTests.b)))
        guard case .prepare? = output.snapshots.first else {
            Issue.record("\(output)")
            return
        }
    }

    @Test("a peer that once healed and never said that it was done may take over after a while")
    func silentAboutHealing() throws {
        var core = try leader()
        func tick() -> [Message] {
            let output = core.step(.tick).messages
            // It answers as any voter does.
            for message in output {
                guard case .heartbeat(let heartbeat) = message.body else { continue }
                _ = core.step(fromPeer(.heartbeatReply(round: heartbeat.round)))
            }
            return output
        }
        // Its own first entry is on its disk too, or it would step down.
        _ = core.step(.persisted(upTo: 2))
        _ = core.step(fromPeer(.appendReply(.accepted(through: core.lastIndex))))
        _ = core.step(fromPeer(.snapshotRequest(atLeast: LogIndex(5))))
        #expect(core.step(.transferLeadership(id: 1, to: nil)).transfers.map(\.outcome) == [.rejected(.nobodyToTakeOver)])
        for _ in 0...RaftSettings().electionTicks * IncomingSnapshot.unansweredMax { _ = tick() }
        let later = core.step(.transferLeadership(id: 2, to: nil))
        #expect(later.transfers.map(\.outcome) == [.started(to: SnapshotTests.b)], "\(later)")
    }

    @Test("a peer that is silent about its healing keeps nobody else from being fed")
    func silentPeerHoldsNoPlace() throws {
        var settings = RaftSettings()
        settings.maxSnapshotTransfers = 1
        let c = MemberID(high: 0, low: 3)
        var core = try leader(settings)
        _ = core.step(.setLearners([c]))
        _ = core.step(.persisted(upTo: 2))
        _ = core.step(fromPeer(.appendReply(.accepted(through: core.lastIndex))))
        let prepared = core.step(fromPeer(.snapshotRequest(atLeast: LogIndex(5)))).snapshots
        guard case .prepare(let id, _)? = prepared.first else {
            Issue.record("\(prepared)")
            return
        }
        #expect(core.step(.snapshotReady(id: id, SnapshotTests.descriptor(at: 5))).messages.map(\.to) == [SnapshotTests.b])
        // b takes it, and its last word is lost: it answers as any voter does. c needs one too, and asks.
        var offeredTo: [MemberID] = []
        func step(_ input: RaftInput) -> [Message] {
            let output = core.step(input)
            offeredTo += output.messages.compactMap { if case .snapshotOffer = $0.body { $0.to } else { nil } }
            for case .prepare(let id, _) in output.snapshots { _ = step(.snapshotReady(id: id, SnapshotTests.descriptor(at: 5))) }
            return output.messages
        }
        for _ in 0...settings.electionTicks * (IncomingSnapshot.unansweredMax + 2) {
            for message in step(.tick) {
                guard case .heartbeat(let heartbeat) = message.body else { continue }
                func from(_ peer: MemberID, _ body: Message.Body) -> RaftInput {
                    .received(Message(from: peer, to: SnapshotTests.a, term: Term(4), body: body))
                }
                _ = step(from(message.to, .heartbeatReply(round: heartbeat.round)))
                if message.to == c { _ = step(from(c, .snapshotRequest(atLeast: LogIndex(5)))) }
            }
        }
        #expect(offeredTo.contains(c))
    }

    @Test("a wish to hand over that is repeated a thousand times is remembered once")
    func repeatedTransfers() throws {
        var core = try leader()
        let answer = Message(from: SnapshotTests.b, to: core.id, term: core.term, body: .heartbeatReply(round: 1))
        _ = core.step(.received(answer))
        for _ in 0..<1_000 { _ = core.step(.transferLeadership(id: 0, to: SnapshotTests.b)) }
        #expect(core.transferRequests == [0])
    }
}
