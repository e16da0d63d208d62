import Crypto
import Glibc
import Raft

/// The ack mark on the disk: two slots, written by turns, so that a torn write leaves the other one
/// (docs/consensus.md §2).
///
/// Synced after the log's own sync and before anybody is told. The file has its full length from the start, so a
/// full disk does not stop it.
final class AckMarkFile {
    struct Content: Equatable, Sendable {
        var mark: AckMark
        var hardState: HardState
    }

    private static let slotBytes = 4096
    private static let fileBytes = 2 * slotBytes
    private static let magic: UInt64 = 0x4352_4544_4d41_524b  // "CREDMARK"

    private let path: String
    private let descriptor: Int32
    private var sequence: UInt64
    private(set) var content: Content?

    /// - Throws: `corrupt` when the file is there and neither slot can be read: what was acknowledged is unknown.
    static func open(path: String) throws(StorageError) -> AckMarkFile {
        let bytes: [UInt8]
        do throws(PrivateFile.Failure) {
            guard PrivateFile.exists(path: path) else {
                try PrivateFile.create(path: path, bytes: [UInt8](repeating: 0, count: fileBytes))
                return try AckMarkFile(path: path, sequence: 0, content: nil)
            }
            bytes = try PrivateFile.read(path: path, bytesMax: fileBytes)
        } catch {
            throw .ioError(file: path, what: error.description)
        }
        let slots = [0, slotBytes].compactMap { decode(bytes.dropFirst($0).prefix(encodedBytes)) }
        let newest = slots.max { $0.sequence < $1.sequence }
        // A file of zeros was made and never used.
        guard newest != nil || bytes.allSatisfy({ $0 == 0 }) else {
            throw .corrupt(file: path, index: nil, what: "neither of its slots is readable, so what was acknowledged is unknown")
        }
        do throws(PrivateFile.Failure) {
            return try AckMarkFile(path: path, sequence: newest?.sequence ?? 0, content: newest?.content)
        } catch {
            throw .ioError(file: path, what: error.description)
        }
    }

    private init(path: String, sequence: UInt64, content: Content?) throws(PrivateFile.Failure) {
        self.path = path
        self.sequence = sequence
        self.content = content
        descriptor = try PrivateFile.openForWriting(path: path)
    }

    deinit { close(descriptor) }

    /// Durable when this returns.
    func write(_ content: Content) throws(StorageError) {
        guard content != self.content else { return }
        sequence += 1
        let bytes = Self.encode(content, sequence: sequence)
        do throws(PrivateFile.Failure) {
            try PrivateFile.overwrite(descriptor, bytes: bytes, at: Int(sequence % 2) * Self.slotBytes)
        } catch {
            throw .ioError(file: path, what: error.description)
        }
        self.content = content
    }

    // MARK: Slots: magic, sequence, index, term, term of the acknowledgement, term, has a vote, vote (2), checksum

    private static let numbers = 9
    private static let encodedBytes = numbers * 8 + SHA256.byteCount

    private static func encode(_ content: Content, sequence: UInt64) -> [UInt8] {
        let vote = content.hardState.vote
        let fields: [UInt64] = [
            magic, sequence, content.mark.position.index.rawValue, content.mark.position.term.rawValue,
            content.mark.term.rawValue, content.hardState.term.rawValue, vote == nil ? 0 : 1, vote?.high ?? 0, vote?.low ?? 0,
        ]
        var bytes: [UInt8] = []
        for field in fields {
            for shift in stride(from: UInt64(56), through: 0, by: -8) { bytes.append(UInt8(truncatingIfNeeded: field >> shift)) }
        }
        return bytes + SHA256.hash(bytes)
    }

    private static func decode(_ slot: ArraySlice<UInt8>) -> (sequence: UInt64, content: Content)? {
        guard slot.count == encodedBytes else { return nil }
        let body = slot.prefix(numbers * 8)
        guard SHA256.hash(body) == Array(slot.suffix(SHA256.byteCount)) else { return nil }
        let fields = stride(from: body.startIndex, to: body.endIndex, by: 8).map { start in
            body[start..<start + 8].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        }
        guard fields[0] == magic else { return nil }
        let position = LogPosition(term: Term(fields[3]), index: LogIndex(fields[2]))
        let vote = fields[6] == 1 ? MemberID(high: fields[7], low: fields[8]) : nil
        return (
            fields[1],
            Content(
                mark: AckMark(position: position, term: Term(fields[4])),
                hardState: HardState(term: Term(fields[5]), vote: vote))
        )
    }
}
