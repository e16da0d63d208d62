import JOSE

/// A revocation that is not of a single token.
package struct Revoke: Sendable, Equatable {
    /// As `RevocationTarget`, but for the time up to which tokens were issued: nil is the leader's stamp.
    package enum Target: Sendable, Equatable {
        case subject(String, before: Int64?)
        case certificate(fingerprint: String)
        case key(kid: String)
        case everything(before: Int64?)
    }

    package var target: Target
    package var reason: String?

    package init(_ target: Target, reason: String?) {
        self.target = target
        self.reason = reason
    }

    func target(at now: Int64) -> RevocationTarget {
        switch target {
        case .subject(let subject, let before): .subject(subject, before: before ?? now)
        case .certificate(let fingerprint): .certificate(fingerprint: fingerprint)
        case .key(let kid): .key(kid: kid)
        case .everything(let before): .everything(before: before ?? now)
        }
    }

    func check() throws(CommandRefusal) {
        try target(at: 0).check()
        if let reason { try Check.text(reason, "reason") }
    }
}

extension Revoke: RecordCodable {
    init(from reader: inout JSONObjectReader) throws(JSONFieldError) {
        let target: Target
        switch try reader.string("kind") {
        case "subject": target = .subject(try reader.string("subject"), before: try reader.optionalInteger("before"))
        case "certificate": target = .certificate(fingerprint: try reader.string("fingerprint"))
        case "key": target = .key(kid: try reader.string("kid"))
        case "everything": target = .everything(before: try reader.optionalInteger("before"))
        default: throw reader.error("kind", "has a value this version does not know")
        }
        self.init(target, reason: try reader.optionalString("reason"))
    }

    func write(to writer: inout RecordWriter) {
        writer.string("kind", target(at: 0).kind)
        switch target {
        case .subject(let subject, let before):
            writer.string("subject", subject)
            writer.integer("before", before)
        case .certificate(let fingerprint): writer.string("fingerprint", fingerprint)
        case .key(let kid): writer.string("kid", kid)
        case .everything(let before): writer.integer("before", before)
        }
        writer.string("reason", reason)
    }
}
