import Raft
import TrustStore

extension PeerFrame {
    /// One append batch and its headers fit; anything longer is refused before it is buffered.
    package static let bytesMax = Message.wireBytesMax + 64
    package static let lengthBytes = 4
    static let textBytesMax = 256

    private enum Kind {
        static let hello: UInt8 = 1
        static let raft: UInt8 = 2
        static let proposal: UInt8 = 3
        static let proposalRejected: UInt8 = 4
        static let status: UInt8 = 5
        static let goodbye: UInt8 = 6
        static let transfer: UInt8 = 7
        static let fenced: UInt8 = 8
    }

    /// Appends the whole frame, length first.
    package func encode(into bytes: inout [UInt8]) {
        let start = bytes.count
        bytes.append(contentsOf: [0, 0, 0, 0])
        encodeBody(into: &bytes)
        let length = UInt32(bytes.count - start - Self.lengthBytes)
        for position in 0..<Self.lengthBytes {
            bytes[start + position] = UInt8(truncatingIfNeeded: length >> UInt32(24 - 8 * position))
        }
    }

    private func encodeBody(into bytes: inout [UInt8]) {
        switch self {
        case .hello(let hello):
            bytes.append(Kind.hello)
            bytes.appendText(hello.clusterID)
            bytes.appendMember(hello.member)
            bytes.appendInteger(UInt64(hello.featureLevel))
            bytes.appendInteger(hello.lineage.counter)
            bytes.appendInteger(hello.lineage.nonce)
            bytes.append(hello.known == nil ? 0 : 1)
            if let known = hello.known {
                bytes.appendInteger(known.counter)
                bytes.appendInteger(known.nonce)
            }
        case .raft(let message):
            bytes.append(Kind.raft)
            message.encode(into: &bytes)
        case .proposal(let proposal):
            bytes.append(Kind.proposal)
            bytes.append(contentsOf: proposal)
        case .proposalRejected(let id, let obstacle):
            bytes.append(Kind.proposalRejected)
            bytes.appendInteger(id.high)
            bytes.appendInteger(id.low)
            bytes.append(obstacle.rawValue)
        case .status(let report):
            bytes.append(Kind.status)
            report.encode(into: &bytes)
        case .goodbye(let reason):
            bytes.append(Kind.goodbye)
            bytes.appendText(reason)
        case .transfer(let member):
            bytes.append(Kind.transfer)
            bytes.append(member == nil ? 0 : 1)
            if let member { bytes.appendMember(member) }
        case .fenced(let reason):
            bytes.append(Kind.fenced)
            bytes.appendText(reason)
        }
    }

    /// Reads one frame's kind and body (the length is gone). Never traps, whatever the bytes.
    package init(decoding body: [UInt8]) throws(PeerFrameError) {
        guard let kind = body.first else { throw .malformed(kind: 0) }
        var reader = FrameFieldReader(body.dropFirst())
        let frame: PeerFrame?
        switch kind {
        case Kind.hello: frame = PeerHello(from: &reader).map(PeerFrame.hello)
        case Kind.raft: frame = (try? Message(decoding: Array(reader.takeRest()))).map(PeerFrame.raft)
        case Kind.proposal: frame = .proposal(Array(reader.takeRest()))
        case Kind.proposalRejected: frame = Self.rejection(from: &reader)
        case Kind.status: frame = PeerReport(from: &reader).map(PeerFrame.status)
        case Kind.goodbye: frame = reader.line(bytesMax: Self.textBytesMax).map(PeerFrame.goodbye)
        case Kind.transfer: frame = Self.transfer(from: &reader)
        case Kind.fenced: frame = reader.line(bytesMax: Self.textBytesMax).map(PeerFrame.fenced)
        default: throw .unknownKind(kind)
        }
        guard let frame, reader.isAtEnd else { throw .malformed(kind: kind) }
        self = frame
    }

    private static func transfer(from reader: inout FrameFieldReader) -> PeerFrame? {
        guard let isNamed = reader.flag() else { return nil }
        guard isNamed else { return .transfer(to: nil) }
        return reader.member().map { .transfer(to: $0) }
    }

    private static func rejection(from reader: inout FrameFieldReader) -> PeerFrame? {
        guard let high = reader.integer(), let low = reader.integer(),
            let obstacle = reader.byte().flatMap(ProposalObstacle.init(rawValue:))
        else { return nil }
        return .proposalRejected(RequestID(high: high, low: low), obstacle)
    }
}

extension PeerHello {
    fileprivate init?(from reader: inout FrameFieldReader) {
        guard let clusterID = reader.text(bytesMax: PeerFrame.textBytesMax), let member = reader.member(),
            let level = reader.integer().flatMap(UInt32.init(exactly:)), let counter = reader.integer(),
            let nonce = reader.integer(), let isKnown = reader.flag()
        else { return nil }
        var known: Lineage?
        if isKnown {
            guard let counter = reader.integer(), let nonce = reader.integer() else { return nil }
            known = Lineage(counter: counter, nonce: nonce)
        }
        self.init(
            clusterID: clusterID, member: member, featureLevel: level, lineage: Lineage(counter: counter, nonce: nonce),
            known: known)
    }
}

extension PeerReport {
    fileprivate func encode(into bytes: inout [UInt8]) {
        bytes.appendInteger(appliedIndex.rawValue)
        bytes.appendInteger(commitIndex.rawValue)
        bytes.appendInteger(term.rawValue)
        bytes.append(isLeader ? 1 : 0)
        bytes.append(ageMilliseconds == nil ? 0 : 1)
        bytes.appendInteger(ageMilliseconds ?? 0)
        bytes.appendInteger(UInt64(bitPattern: wallClockMilliseconds))
        bytes.appendText(version)
        bytes.appendInteger(UInt64(featureLevel))
        bytes.appendInteger(lineageCounter)
        bytes.append(digest == nil ? 0 : 1)
        if let digest { bytes += digest.chain + digest.effects }
    }

    fileprivate init?(from reader: inout FrameFieldReader) {
        guard let applied = reader.integer(), let commit = reader.integer(), let term = reader.integer(),
            applied <= LogIndex.max.rawValue, commit <= LogIndex.max.rawValue, term <= Term.max.rawValue,
            let isLeader = reader.flag(), let hasAge = reader.flag(), let age = reader.integer(), hasAge || age == 0,
            let wallClock = reader.integer(), let version = reader.text(bytesMax: PeerFrame.textBytesMax),
            let level = reader.integer().flatMap(UInt32.init(exactly:)), let lineageCounter = reader.integer(),
            let hasDigest = reader.flag()
        else { return nil }
        var digest: AppliedDigest?
        if hasDigest {
            guard let chain = reader.bytes(AppliedDigest.hashBytes), let effects = reader.bytes(AppliedDigest.hashBytes)
            else { return nil }
            digest = AppliedDigest(chain: chain, effects: effects)
        }
        self.init(
            appliedIndex: LogIndex(applied), commitIndex: LogIndex(commit), term: Term(term), isLeader: isLeader,
            ageMilliseconds: hasAge ? age : nil, wallClockMilliseconds: Int64(bitPattern: wallClock), version: version,
            featureLevel: level, lineageCounter: lineageCounter, digest: digest)
    }
}

/// Takes fixed fields off the front of a frame's body; nil when the body is too short or a value is not legal.
private struct FrameFieldReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func byte() -> UInt8? { rest.popFirst() }

    mutating func flag() -> Bool? {
        switch byte() {
        case 0: false
        case 1: true
        default: nil
        }
    }

    mutating func integer() -> UInt64? {
        guard rest.count >= 8 else { return nil }
        defer { rest = rest.dropFirst(8) }
        return rest.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    mutating func member() -> MemberID? {
        guard let high = integer(), let low = integer() else { return nil }
        return MemberID(high: high, low: low)
    }

    /// A byte count in one byte pair, then that many bytes of UTF-8.
    mutating func text(bytesMax: Int) -> String? {
        guard let high = byte(), let low = byte() else { return nil }
        let count = Int(high) << 8 | Int(low)
        guard count <= bytesMax, count <= rest.count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return String(validating: rest.prefix(count), as: UTF8.self)
    }

    /// Text that will reach a log or a terminal: without control characters.
    mutating func line(bytesMax: Int) -> String? {
        text(bytesMax: bytesMax).flatMap { $0.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control } ? $0 : nil }
    }

    mutating func bytes(_ count: Int) -> [UInt8]? {
        guard rest.count >= count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }

    mutating func takeRest() -> ArraySlice<UInt8> {
        defer { rest = [] }
        return rest
    }
}

extension [UInt8] {
    fileprivate mutating func appendInteger(_ value: UInt64) {
        for shift in stride(from: UInt64(56), through: 0, by: -8) {
            append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }

    fileprivate mutating func appendMember(_ member: MemberID) {
        appendInteger(member.high)
        appendInteger(member.low)
    }

    /// Cuts at the bound: every text here is ours (a version, a cluster id, a reason for a log).
    fileprivate mutating func appendText(_ text: String) {
        let bytes = Array(text.utf8.prefix(PeerFrame.textBytesMax))
        append(UInt8(truncatingIfNeeded: bytes.count >> 8))
        append(UInt8(truncatingIfNeeded: bytes.count))
        append(contentsOf: bytes)
    }
}
