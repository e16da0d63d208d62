import JOSE
package import Raft

/// What one revocation takes back besides a single token.
package enum RevocationTarget: Sendable, Hashable {
    /// All tokens of a subject that were issued up to a time (Unix seconds, that second included).
    case subject(String, before: Int64)
    /// A client certificate: its TLS connections, what its key signed, and tokens bound to it. Also one that was never trusted.
    case certificate(fingerprint: String)
    /// All tokens of one signing key, for good.
    case key(kid: String)
    /// Every token issued up to a time (Unix seconds, that second included), whoever signed it.
    case everything(before: Int64)

    /// The name that it is stored and looked up by. There is one revocation for each: a later one replaces it.
    package var name: String {
        switch self {
        case .subject(let subject, _): Self.name(ofSubject: subject)
        case .certificate(let fingerprint): Self.name(ofCertificate: fingerprint)
        case .key(let kid): "key:\(kid)"
        case .everything: Self.nameOfEverything
        }
    }

    /// Subjects are any text. Encoded, because Swift compares strings by Unicode equivalence, and two subjects that look
    /// alike are two.
    package static func name(ofSubject subject: String) -> String {
        var name = Array("subject:".utf8)
        Base64URL.encode(subject.utf8.span, into: &name)
        return String(decoding: name, as: UTF8.self)
    }

    package static func name(ofCertificate fingerprint: String) -> String { certificatePrefix + fingerprint }

    /// Nil for the name of another kind of target.
    static func fingerprint(ofName name: String) -> String? {
        name.hasPrefix(certificatePrefix) ? String(name.dropFirst(certificatePrefix.count)) : nil
    }

    private static let certificatePrefix = "certificate:"

    package static let nameOfEverything = "everything"

    /// Issued in this second or earlier is revoked; nil where the time of issue does not matter.
    package var before: Int64? {
        switch self {
        case .subject(_, let before), .everything(let before): before
        case .certificate, .key: nil
        }
    }

    /// A token that was once revoked is never accepted again, so only what names holders can be taken back.
    package var canBeWithdrawn: Bool {
        switch self {
        case .subject, .certificate: true
        case .key, .everything: false
        }
    }

    func check() throws(CommandRefusal) {
        switch self {
        case .subject(let subject, _): try Check.text(subject, "subject")
        case .certificate(let fingerprint): try Check.fingerprint(fingerprint, "certificate")
        case .key(let kid): try Check.key(kid, "key_id")
        case .everything: break
        }
        if let before { try Check.range(before, 0...(StateLimits.timeMillisecondsMax / 1_000), "before") }
    }
}

/// A revocation that is not of a single token.
package struct BroadRevocationRecord: Sendable, Equatable {
    package var target: RevocationTarget
    package var reason: String?
    package var createdAt: Int64
    package var createdBy: String
    /// The entry that revoked.
    package var index: LogIndex

    package var id: String { String(index.rawValue) }

    package init(target: RevocationTarget, reason: String?, createdAt: Int64, createdBy: String, index: LogIndex) {
        self.target = target
        self.reason = reason
        self.createdAt = createdAt
        self.createdBy = createdBy
        self.index = index
    }
}

extension RevocationTarget: RecordCodable {
    init(from reader: inout JSONObjectReader) throws(JSONFieldError) {
        switch try reader.string("kind") {
        case "subject": self = .subject(try reader.string("subject"), before: try reader.integer("before"))
        case "certificate": self = .certificate(fingerprint: try reader.string("fingerprint"))
        case "key": self = .key(kid: try reader.string("kid"))
        case "everything": self = .everything(before: try reader.integer("before"))
        default: throw reader.error("kind", "has a value this version does not know")
        }
    }

    func write(to writer: inout RecordWriter) {
        writer.string("kind", kind)
        switch self {
        case .subject(let subject, let before):
            writer.string("subject", subject)
            writer.integer("before", before)
        case .certificate(let fingerprint): writer.string("fingerprint", fingerprint)
        case .key(let kid): writer.string("kid", kid)
        case .everything(let before): writer.integer("before", before)
        }
    }

    /// As programs see it too.
    package var kind: String {
        switch self {
        case .subject: "subject"
        case .certificate: "certificate"
        case .key: "key"
        case .everything: "everything"
        }
    }
}

extension BroadRevocationRecord: RecordCodable {
    init(from reader: inout JSONObjectReader) throws(JSONFieldError) {
        self.init(
            target: try reader.record("target"),
            reason: try reader.optionalString("reason"),
            createdAt: try reader.integer("created_at"),
            createdBy: try reader.string("created_by"),
            index: try reader.index("index"))
    }

    func write(to writer: inout RecordWriter) {
        writer.record("target", target)
        writer.string("reason", reason)
        writer.integer("created_at", createdAt)
        writer.string("created_by", createdBy)
        writer.index("index", index)
    }
}
