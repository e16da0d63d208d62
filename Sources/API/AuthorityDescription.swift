import Crypto
import HashTreeCollections
import JOSE
import Raft
import TrustStore

/// An authority as programs see it, with the CRL held of it.
struct AuthorityDescription {
    let record: AuthorityRecord
    let list: RevocationListRecord?

    var url: String { "/1.0/authorities/\(record.fingerprint)" }

    var json: JSON {
        .object([
            "fingerprint": .string(record.fingerprint), "certificate": .string(PEM.encode(label: "CERTIFICATE", record.certificate)),
            "name": .string(record.name), "type": .string(record.type.rawValue), "restricted": .bool(record.isRestricted),
            "projects": .strings(record.projects), "description": .string(record.summary),
            "crl_overdue": .string(record.overdue.rawValue), "crl": list?.json ?? .null,
        ])
    }
}

extension RevocationListRecord {
    var json: JSON {
        .object([
            "number": contents.number.map { .string($0) } ?? .null, "this_update": .string(RFC3339.text(contents.thisUpdateAt)),
            "next_update": .string(RFC3339.text(contents.nextUpdateAt)), "entries": .integer(contents.count),
            "sha256": .string(Hex.encode(contents.hash)), "imported_at": .string(RFC3339.text(changedAt)),
            "imported_by": .string(createdBy),
        ])
    }
}

extension Exchange {
    var authorities: [AuthorityDescription] {
        state.authorities.values.sorted { $0.fingerprint < $1.fingerprint }.map(describe)
    }

    func describe(_ record: AuthorityRecord) -> AuthorityDescription {
        AuthorityDescription(record: record, list: state.revocationList(ofAuthority: record.fingerprint))
    }

    /// The one authority whose fingerprint begins with what the path names.
    func authorityOfPath() throws(Problem) -> AuthorityRecord {
        let prefix = parameter("fingerprint").lowercased()
        guard !prefix.isEmpty, Fingerprint.isPrefix(prefix) else { throw .notFound("Authority not found") }
        let found = state.authorities.values.filter { $0.fingerprint.hasPrefix(prefix) }
        guard let first = found.first else { throw .notFound("Authority not found") }
        guard found.count == 1 else { throw .badRequest("More than one authority matches") }
        return first
    }
}
