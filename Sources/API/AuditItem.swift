import Crypto
import JOSE
import Raft
import TrustStore

/// One entry of the audit record as the API shows it.
struct AuditItem {
    let record: AuditRecord
    /// Nil for entries of the log's own, and for what only a newer binary can read.
    let command: Command?

    init(_ record: AuditRecord) {
        self.record = record
        command = record.entry.kind == .command ? try? Command(decoding: record.entry.payload) : nil
    }

    var seconds: Int64? { command.map { $0.stampedAtMilliseconds / 1_000 } }

    var kind: String {
        switch record.entry.kind {
        case .noop: "leader_began"
        case .configuration: "voters_changed"
        case .command: command?.body.kind.rawValue ?? "unknown"
        }
    }

    private var summary: JSONObject {
        if let command { return command.body.summary }
        guard record.entry.kind == .configuration, let voters = try? Configuration(decoding: record.entry.payload) else { return [:] }
        return ["voters": .strings(voters.voters.map(\.description))]
    }

    /// - Parameter state: remembers what became of entries that are not archived yet.
    func json(_ state: TrustState, isRaw: Bool) -> JSON {
        let outcome = outcome(state)
        var object: JSONObject = [
            "index": .integer(Int64(clamping: record.entry.index.rawValue)),
            "term": .integer(Int64(clamping: record.entry.term.rawValue)),
            "time": seconds.map { .string(RFC3339.text($0)) } ?? .null, "kind": .string(kind), "actor": actor,
            "request_id": command.map { .string($0.requestID.description) } ?? .null, "summary": .object(summary),
            "outcome": outcome.map { .string($0.name) } ?? .null, "code": outcome?.code.map(JSON.string) ?? .null,
            "chain": .string(Hex.encode(record.chain)),
        ]
        if isRaw {
            object["raw"] = [
                "kind": .integer(Int64(record.entry.kind.rawValue)), "bytes": .string(Base64.encode(record.entry.payload)),
            ]
        }
        return .object(object)
    }

    private var actor: JSON {
        guard let actor = command?.actor else { return .null }
        return [
            "id": .string(actor.id), "method": .string(actor.method), "address": actor.address.map(JSON.string) ?? .null,
        ]
    }

    private func outcome(_ state: TrustState) -> (name: String, code: String?)? {
        guard let command else { return nil }
        switch record.outcome ?? state.outcome(of: command.requestID) {
        case nil: return nil
        case .refused(let refusal): return ("refused", refusal.code.rawValue)
        // Asked for again later on: the answer was that of the first time.
        case .done(let result): return (result.index < record.entry.index ? "repeated" : "done", nil)
        }
    }
}
