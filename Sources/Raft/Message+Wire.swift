/// The wire format of messages between members, all integers big-endian:
/// version (1) kind (1) from (16) to (16) term (8), then the fields of the kind.
///
/// A member refuses a version or kind that it does not know; mixed clusters must therefore agree on the
/// version before a new one is spoken.
extension Message {
    package static let wireVersion: UInt8 = 2
    package static let entriesMax = 4096
    package static let entryBytesMax = 4 << 20
    package static let batchBytesMax = 4 << 20
    /// No encoded message is longer: a full batch may overrun `batchBytesMax` by one entry.
    package static let wireBytesMax = 128 + batchBytesMax + entryBytesMax + entriesMax * entryHeaderBytes

    private static let entryHeaderBytes = 8 + 1 + 4

    /// Appends the encoded message to `bytes`.
    package func encode(into bytes: inout [UInt8]) {
        var writer = WireWriter(bytes)
        bytes = []
        writer.write(Self.wireVersion)
        writer.write(body.wireKind)
        writer.write(from)
        writer.write(to)
        writer.write(term.rawValue)
        body.write(to: &writer)
        bytes = writer.bytes
    }

    package init(decoding bytes: Span<UInt8>) throws(WireError) {
        guard bytes.count <= Self.wireBytesMax else { throw .overBound("message", UInt64(bytes.count)) }
        var reader = WireReader()
        try reader.expectVersion(Self.wireVersion, in: bytes)
        let kind = try reader.readByte(bytes)
        from = try reader.readMemberID(bytes)
        to = try reader.readMemberID(bytes)
        term = try reader.readTerm(bytes)
        body = try Body(kind: kind, reader: &reader, bytes: bytes)
        try reader.expectEnd(of: bytes)
    }

    package init(decoding bytes: [UInt8]) throws(WireError) {
        try self.init(decoding: bytes.span)
    }
}

extension Message.Body {
    var wireKind: UInt8 {
        switch self {
        case .preVote: 1
        case .preVoteReply: 2
        case .vote: 3
        case .voteReply: 4
        case .append: 5
        case .appendReply: 6
        case .heartbeat: 7
        case .heartbeatReply: 8
        case .newerTerm: 9
        case .readIndex: 10
        case .readIndexReply: 11
        case .timeoutNow: 12
        case .snapshotOffer: 13
        case .snapshotWanted: 14
        case .snapshotChunk: 15
        case .snapshotRequest: 16
        }
    }

    func write(to writer: inout WireWriter) {
        switch self {
        case .preVote(let request), .vote(let request):
            writer.write(request.round)
            writer.write(request.last)
            writer.write(UInt8(request.isTransfer ? 1 : 0))
        case .preVoteReply(let reply), .voteReply(let reply):
            writer.write(reply.round)
            writer.write(UInt8(reply.isGranted ? 1 : 0))
        case .append(let request):
            request.write(to: &writer)
        case .appendReply(.accepted(let through)):
            writer.write(UInt8(1))
            writer.write(through.rawValue)
        case .appendReply(.rejected(let previous, let hint)):
            writer.write(UInt8(0))
            writer.write(previous.rawValue)
            writer.write(hint)
        case .appendReply(.lost(let after)):
            writer.write(UInt8(2))
            writer.write(after)
        case .heartbeat(let heartbeat):
            writer.write(heartbeat.commit.rawValue)
            writer.write(heartbeat.round)
        case .heartbeatReply(let round):
            writer.write(round)
        case .newerTerm:
            break
        case .readIndex(let token):
            writer.write(token)
        case .readIndexReply(let token, let index):
            writer.write(token)
            writer.write(UInt8(index == nil ? 0 : 1))
            if let index { writer.write(index.rawValue) }
        case .timeoutNow(let last):
            writer.write(last)
        case .snapshotOffer(let descriptor):
            descriptor.write(to: &writer)
        case .snapshotWanted(let wanted):
            wanted.id.write(to: &writer)
            writer.write(wanted.offset)
            writer.write(wanted.byteCountMax)
        case .snapshotChunk(let chunk):
            chunk.write(to: &writer)
        case .snapshotRequest(let index):
            writer.write(index.rawValue)
        }
    }

    init(kind: UInt8, reader: inout WireReader, bytes: Span<UInt8>) throws(WireError) {
        switch kind {
        case 1: self = .preVote(try VoteRequest(from: &reader, bytes))
        case 2: self = .preVoteReply(try VoteReply(from: &reader, bytes))
        case 3: self = .vote(try VoteRequest(from: &reader, bytes))
        case 4: self = .voteReply(try VoteReply(from: &reader, bytes))
        case 5: self = .append(try AppendRequest(from: &reader, bytes))
        case 6: self = .appendReply(try AppendReply(from: &reader, bytes))
        case 7:
            let commit = try reader.readIndex(bytes)
            self = .heartbeat(Heartbeat(commit: commit, round: try reader.readUInt64(bytes)))
        case 8: self = .heartbeatReply(round: try reader.readUInt64(bytes))
        case 9: self = .newerTerm
        case 10: self = .readIndex(token: try reader.readUInt64(bytes))
        case 11:
            let token = try reader.readUInt64(bytes)
            let isConfirmed = try reader.readBool(bytes)
            self = .readIndexReply(token: token, index: isConfirmed ? try reader.readIndex(bytes) : nil)
        case 12: self = .timeoutNow(last: try reader.readPosition(bytes))
        case 13: self = .snapshotOffer(try SnapshotDescriptor(from: &reader, bytes))
        case 14:
            let id = try SnapshotID(from: &reader, bytes)
            let offset = try reader.readUInt64(bytes)
            self = .snapshotWanted(SnapshotWanted(id: id, offset: offset, byteCountMax: try reader.readUInt32(bytes)))
        case 15: self = .snapshotChunk(try SnapshotChunk(from: &reader, bytes))
        case 16: self = .snapshotRequest(atLeast: try reader.readIndex(bytes))
        default: throw .unknownKind(kind)
        }
    }
}

extension VoteRequest {
    fileprivate init(from reader: inout WireReader, _ bytes: Span<UInt8>) throws(WireError) {
        round = try reader.readUInt64(bytes)
        last = try reader.readPosition(bytes)
        isTransfer = try reader.readBool(bytes)
    }
}

extension VoteReply {
    fileprivate init(from reader: inout WireReader, _ bytes: Span<UInt8>) throws(WireError) {
        round = try reader.readUInt64(bytes)
        isGranted = try reader.readBool(bytes)
    }
}

extension AppendReply {
    fileprivate init(from reader: inout WireReader, _ bytes: Span<UInt8>) throws(WireError) {
        switch try reader.readByte(bytes) {
        case 0:
            let previous = try reader.readIndex(bytes)
            self = .rejected(previous: previous, hint: try reader.readPosition(bytes))
        case 1: self = .accepted(through: try reader.readIndex(bytes))
        case 2: self = .lost(after: try reader.readPosition(bytes))
        case let kind: throw .unknownKind(kind)
        }
    }
}

extension AppendRequest {
    /// Entries carry no index: they follow `previous`, so a gap cannot even be written down.
    fileprivate func write(to writer: inout WireWriter) {
        writer.write(previous)
        writer.write(commit.rawValue)
        writer.write(UInt32(clamping: entries.count))
        for entry in entries {
            writer.write(entry.term.rawValue)
            writer.write(entry.kind.rawValue)
            writer.write(UInt32(clamping: entry.payload.count))
            writer.write(entry.payload)
        }
    }

    fileprivate init(from reader: inout WireReader, _ bytes: Span<UInt8>) throws(WireError) {
        previous = try reader.readPosition(bytes)
        commit = try reader.readIndex(bytes)
        let count = try reader.readUInt32(bytes)
        guard count <= Message.entriesMax else { throw .overBound("entries", UInt64(count)) }
        var entries: [Entry] = []
        for _ in 0..<count {
            let term = try reader.readTerm(bytes)
            let rawKind = try reader.readByte(bytes)
            guard let kind = EntryKind(rawValue: rawKind) else { throw .unknownKind(rawKind) }
            let length = try reader.readUInt32(bytes)
            guard length <= Message.entryBytesMax else { throw .overBound("entry", UInt64(length)) }
            let payload = try reader.readBytes(Int(length), of: bytes)
            let index = previous.index.advanced(by: entries.count + 1)
            entries.append(Entry(index: index, term: term, kind: kind, payload: payload))
        }
        self.entries = entries
    }
}
