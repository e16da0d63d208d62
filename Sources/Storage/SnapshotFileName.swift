import Crypto
import Raft

/// The names under which a member keeps anything in its directory of snapshots. Nothing else in there is ever removed.
enum SnapshotFileName {
    static let part = "incoming.part"
    static let sidecar = "incoming.id"
    static let draft = "draft.db"
    private static let idBytes = 8
    private static let backupPrefix = "backup-"
    /// What SQLite puts beside a file that it works on, and what stands there before a file is replaced.
    private static let suffixes = ["-journal", "-wal", "-shm", ".new"]

    static func made(at position: LogPosition, hash: [UInt8]) -> String {
        "\(position.index)-\(position.term)-\(Hex.encode(Array(hash.prefix(idBytes)))).db"
    }

    static func backup() -> String { "\(backupPrefix)\(Hex.encode(SecureRandom.bytes(idBytes))).db" }

    static func isIncoming(_ name: String) -> Bool { [part, sidecar].contains(trunk(of: name)) }

    static func isOne(_ name: String) -> Bool {
        let trunk = trunk(of: name)
        if [part, sidecar, draft].contains(trunk) { return true }
        guard trunk.hasSuffix(".db") else { return false }
        let stem = trunk.dropLast(".db".count)
        if stem.hasPrefix(backupPrefix) { return isID(stem.dropFirst(backupPrefix.count)) }
        let parts = stem.split(separator: "-", omittingEmptySubsequences: false)
        return parts.count == 3 && UInt64(parts[0]) != nil && UInt64(parts[1]) != nil && isID(parts[2])
    }

    private static func trunk(of name: String) -> String {
        let suffix = suffixes.first { name.hasSuffix($0) }
        return String(name.dropLast(suffix?.count ?? 0))
    }

    private static func isID(_ text: Substring) -> Bool {
        text.utf8.count == 2 * idBytes && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }
}
