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
            #expect(output.messages.map(\.body) == [.snapshotWanted(SnapshotWanted(id: offer.id, offset: 4))])
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
