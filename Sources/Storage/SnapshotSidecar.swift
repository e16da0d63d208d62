import Crypto
import Raft

/// Names the snapshot of which a part has arrived, beside that part. Compared as a whole, never trusted: the
/// finished file is checked against its hash.
struct SnapshotSidecar {
    let encoded: [UInt8]

    init(_ descriptor: SnapshotDescriptor) {
        let lines = [
            "credence snapshot 1", "index \(descriptor.position.index)", "term \(descriptor.position.term)",
            "bytes \(descriptor.byteCount)", "sha256 \(Hex.encode(descriptor.id.hash))",
            "configuration \(Hex.encode(descriptor.configuration.encoded()))",
        ]
        encoded = Array((lines.joined(separator: "\n") + "\n").utf8)
    }
}
