import Cluster
import Crypto
import EventLoop
import HTTP
import HTTPTypes
import JOSE
import TrustStore

/// Backups of this member's applied state, streamed (docs/operators.md, "credence snapshot").
enum SnapshotEndpoints {
    static let contentType = "application/vnd.credence.snapshot"

    static let all: [Endpoint] = [
        .getWaiting("/1.0/snapshot", .scope(.admin), download) { (exchange) async throws(Problem) in
            try exchange.query.requireOnly(["data_key", "consistency"])
            switch try exchange.query.value("data_key") {
            case nil: return try await exchange.backup(sealing: .keystore)
            case "clear"?: return try await exchange.backup(sealing: .inClear)
            default: throw .badRequest("data_key must be clear, or absent")
            }
        },
        .post("/1.0/snapshot", .scope(.admin), sealed, reading: BackupRequest.init) { (exchange, request) async throws(Problem) in
            try await exchange.backup(sealing: .passphrase(request.passphrase))
        },
    ]

    private static let download = EndpointDocument(
        summary: "A backup of what this member has applied, as a file: a line that names the format, a line of JSON, a SQLite database, a SHA-256. "
            + "Private keys in it are sealed under the data key, and that under the passphrase of this member's keystore",
        query: [.init(name: "data_key", summary: "clear: the data key is not sealed, and whoever reads the file has every key of the cluster.")],
        statuses: [200, 409])

    private static let sealed = EndpointDocument(
        summary: "The same, with the data key sealed under a passphrase of its own",
        body: [.required("passphrase", .string, "Restoring needs it. Kept nowhere.")])
}

private struct BackupRequest {
    let passphrase: SecretBytes

    init(_ reader: inout JSONObjectReader) throws(JSONFieldError) {
        passphrase = SecretBytes(Array(try reader.string("passphrase", min: 1, max: Scrypt.passphraseBytesMax).utf8))
    }
}

extension Exchange {
    fileprivate func backup(sealing: BackupSealing) async throws(Problem) -> Answer {
        let backup: BackupStream
        do throws(BackupFailure) { backup = try await member.backup(sealing: sealing, by: caller.id) } catch { throw Problem(error) }
        let content = ContentStream(byteCount: backup.byteCount) { await backup.next() }
        return Answer(status: .ok, body: .stream(content, contentType: SnapshotEndpoints.contentType))
            .with(.contentDisposition, "attachment; filename=\"credence-\(backup.index).snapshot\"")
    }
}
