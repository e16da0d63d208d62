import Cluster
import Crypto
import HashTreeCollections
import JOSE
import Raft
import TrustStore

/// An authority as programs see it, with the CRL held of it.
struct AuthorityDescription {
    let record: AuthorityRecord
    let list: RevocationListRecord?
    /// The member asked, and what it knows of its own attempts to fetch the CRL.
    let member: String
    let attempt: RevocationListAttempt?

    var url: String { "/1.0/authorities/\(record.fingerprint)" }

    var json: JSON {
        .object([
            "fingerprint": .string(record.fingerprint), "certificate": .string(PEM.encode(label: "CERTIFICATE", record.certificate)),
            "name": .string(record.name), "type": .string(record.type.rawValue), "restricted": .bool(record.isRestricted),
            "projects": .strings(record.projects), "description": .string(record.summary),
            "crl_overdue": .string(record.overdue.rawValue), "crl": list?.json ?? .null,
            "crl_url": record.listURL.map(JSON.string) ?? .null,
            "crl_refresh_seconds": .integer(record.listRefreshSeconds ?? AuthorityRecord.listRefreshSecondsDefault),
            "crl_fetch": attempt.map { $0.json(member: member) } ?? .null,
        ])
    }
}

extension RevocationListAttempt {
    fileprivate func json(member: String) -> JSON {
        func time(_ seconds: Int64?) -> JSON { seconds.map { .string(RFC3339.text($0)) } ?? .null }
        return .object([
            "member": .string(member), "attempted_at": time(attemptedAt), "succeeded_at": time(succeededAt),
            "error": error.map(JSON.string) ?? .null, "failures": .integer(Int64(failures)), "next_at": time(nextAt),
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
        AuthorityDescription(
            record: record, list: state.revocationList(ofAuthority: record.fingerprint), member: member.name,
            attempt: record.listURL == nil ? nil : member.revocationListAttempt(of: record.fingerprint))
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
