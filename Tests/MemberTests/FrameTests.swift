import Raft
import Testing
import TrustStore

import Cluster

@Suite("Frames between members")
struct FrameTests {
    static let member = MemberID(high: 1, low: 2)
    static let other = MemberID(high: 3, low: 4)

    static let examples: [PeerFrame] = [
        .hello(PeerHello(clusterID: "0123456789abcdef0123456789abcdef", member: member, featureLevel: 1, lineage: Lineage(counter: 3, nonce: .max), known: nil)),
        .hello(PeerHello(clusterID: "c", member: member, featureLevel: 1, lineage: Lineage(counter: 3, nonce: 1), known: Lineage(counter: .max, nonce: 2))),
        .raft(Message(from: member, to: other, term: Term(7), body: .heartbeat(Heartbeat(commit: LogIndex(3), round: 9)))),
        .proposal([1, 2, 3]),
        .proposalRejected(RequestID(high: 5, low: 6), .busy),
        .status(
            PeerReport(
                appliedIndex: LogIndex(10), commitIndex: LogIndex(11), term: Term(2), isLeader: true,
                ageMilliseconds: 12, wallClockMilliseconds: -5, version: "0.1.0", featureLevel: 2, lineageCounter: .max,
                digest: AppliedDigest(chain: [UInt8](repeating: 7, count: 32), effects: [UInt8](repeating: 9, count: 32)))),
        .status(
            PeerReport(
                appliedIndex: .zero, commitIndex: .zero, term: .zero, isLeader: false, ageMilliseconds: nil,
                wallClockMilliseconds: 0, version: "", featureLevel: 1, lineageCounter: 0, digest: nil)),
        .goodbye("no"), .transfer(to: nil), .transfer(to: other), .fenced("cloned"),
    ]

    static func encoded(_ frames: [PeerFrame]) -> [UInt8] {
        var bytes: [UInt8] = []
        for frame in frames { frame.encode(into: &bytes) }
        return bytes
    }

    @Test("every kind of frame survives the wire, whatever the pieces it arrives in", arguments: [1, 2, 3, 7, 64, 4096])
    func roundTrip(pieceBytes: Int) throws {
        let bytes = Self.encoded(Self.examples)
        var assembler = FrameAssembler()
        var frames: [PeerFrame] = []
        var position = 0
        while position < bytes.count {
            let end = min(position + pieceBytes, bytes.count)
            assembler.append(Array(bytes[position..<end]).span)
            while let frame = try assembler.next() { frames.append(frame) }
            position = end
        }
        #expect(frames == Self.examples)
    }

    @Test("a length at the bound waits for its bytes, one more is refused before any is kept")
    func lengthBound() throws {
        func header(_ length: Int) -> [UInt8] {
            [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: length >> $0) }
        }
        var atBound = FrameAssembler()
        atBound.append(header(PeerFrame.bytesMax).span)
        #expect(try atBound.next() == nil)
        var beyond = FrameAssembler()
        beyond.append(header(PeerFrame.bytesMax + 1).span)
        #expect(throws: PeerFrameError.tooLong(bytes: PeerFrame.bytesMax + 1, bytesMax: PeerFrame.bytesMax)) {
            try beyond.next()
        }
    }

    @Test("an unknown kind is refused, not skipped")
    func unknownKind() {
        #expect(throws: PeerFrameError.unknownKind(200)) { try PeerFrame(decoding: [200, 1, 2]) }
    }

    @Test("what a peer says for people to read has no control characters: it reaches a log and a terminal", arguments: ["\u{1B}[2J", "a\nb", "\u{7F}"])
    func controlCharacters(text: String) {
        for frame in [PeerFrame.fenced(text), .goodbye(text)] {
            #expect(throws: PeerFrameError.self) { try PeerFrame(decoding: Array(Self.encoded([frame]).dropFirst(PeerFrame.lengthBytes))) }
        }
    }

    @Test("bytes after a frame's last field are refused")
    func trailingBytes() {
        for example in Self.examples {
            if case .proposal = example { continue }
            var body = Array(Self.encoded([example]).dropFirst(PeerFrame.lengthBytes))
            body.append(0)
            #expect(throws: PeerFrameError.self) { try PeerFrame(decoding: body) }
        }
    }

    @Test("no bytes make the decoder trap, and what it accepts encodes to the same bytes", arguments: UInt64(1)...20)
    func mutations(seed: UInt64) {
        var random = SplitMix(state: seed)
        for _ in 0..<2_000 {
            var body = Array(Self.encoded([Self.examples[random.below(Self.examples.count)]]).dropFirst(4))
            for _ in 0..<random.below(4) { body[random.below(body.count)] = UInt8(random.below(256)) }
            body = Array(body.prefix(random.below(body.count + 1)))
            guard let frame = try? PeerFrame(decoding: body) else { continue }
            #expect(Array(Self.encoded([frame]).dropFirst(4)) == body, "replay with seed \(seed): \(frame)")
        }
    }
}

/// Numbers that a failing test can replay.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func below(_ bound: Int) -> Int {
        bound <= 0 ? 0 : Int(next() % UInt64(bound))
    }
}
