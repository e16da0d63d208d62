import Raft
import Testing

@Suite struct MessageWireTests {
    static let a = MemberID(high: 1, low: 2)
    static let b = MemberID(high: .max, low: .max)

    static let bodies: [Message.Body] = [
        .preVote(VoteRequest(round: 1, last: LogPosition(term: Term(3), index: LogIndex(4)))),
        .preVoteReply(VoteReply(round: .max, isGranted: true)),
        .vote(VoteRequest(round: 9, last: .zero)),
        .voteReply(VoteReply(round: 0, isGranted: false)),
        .append(AppendRequest(
            previous: LogPosition(term: Term(2), index: LogIndex(7)),
            entries: [
                Entry(index: LogIndex(8), term: Term(2), kind: .noop, payload: []),
                Entry(index: LogIndex(9), term: Term(3), kind: .command, payload: [0, 255, 7]),
                Entry(index: LogIndex(10), term: Term(3), kind: .configuration, payload: Configuration(voters: [a, b]).encoded()),
            ], commit: LogIndex(6))),
        .append(AppendRequest(previous: .zero, entries: [], commit: .zero)),
        .appendReply(.accepted(through: .max)),
        .appendReply(.rejected(previous: LogIndex(5), hint: LogPosition(term: Term(1), index: LogIndex(2)))),
        .heartbeat(Heartbeat(commit: LogIndex(3), round: 8)),
        .heartbeatReply(round: 8),
        .newerTerm,
        .readIndex(token: 77),
        .readIndexReply(token: 77, index: LogIndex(12)),
        .readIndexReply(token: 77, index: nil),
        .vote(VoteRequest(round: 9, last: .zero, isTransfer: true)),
        .appendReply(.lost(after: LogPosition(term: Term(1), index: LogIndex(2)))),
        .timeoutNow(last: LogPosition(term: Term(4), index: LogIndex(2))),
        .snapshotOffer(SnapshotDescriptor(id: snapshot, configuration: Configuration(voters: [a, b]), byteCount: 1 << 20)),
        .snapshotWanted(SnapshotWanted(id: snapshot, offset: 512, byteCountMax: 65_536)),
        .snapshotChunk(SnapshotChunk(id: snapshot, offset: 512, bytes: [1, 2, 3])),
        .snapshotRequest(atLeast: LogIndex(8)),
    ]

    static let snapshot = SnapshotID(
        position: LogPosition(term: Term(4), index: LogIndex(2)), hash: [UInt8](repeating: 7, count: SnapshotID.hashBytes))

    static func encoded(_ body: Message.Body) -> [UInt8] {
        var bytes: [UInt8] = []
        Message(from: a, to: b, term: Term(5), body: body).encode(into: &bytes)
        return bytes
    }

    @Test("every message survives the wire", arguments: bodies)
    func roundTrip(body: Message.Body) throws {
        let message = Message(from: Self.a, to: Self.b, term: Term(5), body: body)
        #expect(try Message(decoding: Self.encoded(body)) == message)
    }

    @Test("encoding appends to what is there")
    func encodingAppends() throws {
        var bytes: [UInt8] = [1, 2, 3]
        Message(from: Self.a, to: Self.b, term: Term(5), body: .newerTerm).encode(into: &bytes)
        #expect(Array(bytes.prefix(3)) == [1, 2, 3])
        #expect(Array(bytes.dropFirst(3)) == Self.encoded(.newerTerm))
    }

    @Test("every shortened message is refused", arguments: bodies)
    func truncated(body: Message.Body) {
        let bytes = Self.encoded(body)
        for count in bytes.indices {
            #expect(throws: WireError.truncated) { try Message(decoding: Array(bytes[..<count])) }
        }
    }

    @Test("bytes after the message are refused", arguments: bodies)
    func trailing(body: Message.Body) {
        #expect(throws: WireError.trailingBytes(1)) { try Message(decoding: Self.encoded(body) + [0]) }
    }

    @Test("an unknown version or kind is refused")
    func unknown() {
        var bytes = Self.encoded(.newerTerm)
        bytes[0] = Message.wireVersion + 1
        #expect(throws: WireError.unsupportedVersion(Message.wireVersion + 1)) { try Message(decoding: bytes) }
        bytes = Self.encoded(.newerTerm)
        bytes[1] = 17
        #expect(throws: WireError.unknownKind(17)) { try Message(decoding: bytes) }
    }

    @Test("a term or index past its bound is refused, the bound itself is not")
    func bounds() throws {
        let termOffset = 34
        var bytes = Self.encoded(.heartbeat(Heartbeat(commit: .max, round: 0)))
        #expect(try Message(decoding: bytes).term == Term(5))
        bytes[termOffset + 8 + 7] = 1  // the commit index: one more
        #expect(throws: WireError.overBound("index", LogIndex.max.rawValue + 1)) { try Message(decoding: bytes) }
        bytes = Self.encoded(.newerTerm)
        bytes[termOffset] = 0x40
        bytes[termOffset + 7] = 0
        #expect(try Message(decoding: bytes).term == .max)
        bytes[termOffset + 7] = 1
        #expect(throws: WireError.overBound("term", Term.max.rawValue + 1)) { try Message(decoding: bytes) }
    }

    @Test("a count or length past its bound is refused before anything is reserved for it")
    func lengths() {
        let countOffset = 34 + 8 + 16 + 8
        var bytes = Self.encoded(Self.bodies[4])
        let count = UInt32(Message.entriesMax + 1)
        for byte in 0..<4 { bytes[countOffset + byte] = UInt8(truncatingIfNeeded: count >> UInt32(24 - 8 * byte)) }
        #expect(throws: WireError.overBound("entries", UInt64(count))) { try Message(decoding: bytes) }

        bytes = Self.encoded(Self.bodies[4])
        let length = UInt32(Message.entryBytesMax + 1)
        for byte in 0..<4 { bytes[countOffset + 4 + 9 + byte] = UInt8(truncatingIfNeeded: length >> UInt32(24 - 8 * byte)) }
        #expect(throws: WireError.overBound("entry", UInt64(length))) { try Message(decoding: bytes) }

        let oversize = [UInt8](repeating: 0, count: Message.wireBytesMax + 1)
        #expect(throws: WireError.overBound("message", UInt64(oversize.count))) { try Message(decoding: oversize) }
    }

    @Test("a boolean that is neither 0 nor 1 is refused: one value has one encoding")
    func strictBooleans() {
        var bytes = Self.encoded(.voteReply(VoteReply(round: 0, isGranted: true)))
        bytes[bytes.count - 1] = 2
        #expect(throws: WireError.invalid("boolean")) { try Message(decoding: bytes) }
    }

    @Test("no bytes trap, and what decodes encodes to the same bytes", arguments: UInt64(1)...20)
    func fuzz(seed: UInt64) {
        var random = TestRandom(seed: seed)
        for _ in 0..<500 {
            var bytes = random.chance(500)
                ? Self.encoded(random.pick(Self.bodies))
                : (0..<random.below(120)).map { _ in UInt8(random.below(256)) }
            for _ in 0..<random.below(5) where !bytes.isEmpty {
                switch random.below(3) {
                case 0: bytes[random.below(bytes.count)] = UInt8(random.below(256))
                case 1: bytes.removeLast(random.below(bytes.count))
                default: bytes.insert(UInt8(random.below(256)), at: random.below(bytes.count + 1))
                }
            }
            guard let message = try? Message(decoding: bytes) else { continue }
            var again: [UInt8] = []
            message.encode(into: &again)
            #expect(again == bytes)
        }
    }
}

/// Seeded, so that a failure can be replayed.
struct TestRandom {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 | 1 }

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state &* 0x2545_f491_4f6c_dd1d
    }

    mutating func below(_ bound: Int) -> Int { bound <= 0 ? 0 : Int((next() >> 11) % UInt64(bound)) }
    mutating func chance(_ permille: Int) -> Bool { below(1000) < permille }
    mutating func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }
}
