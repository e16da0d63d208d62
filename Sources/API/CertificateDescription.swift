import Crypto
import HashTreeCollections
import JOSE
import Raft
import TrustStore

/// A certificate as Incus shows it (docs/incus.md, "Certificates"): an entry of the trust store, or that of a member.
struct CertificateDescription: Sendable {
    enum Owner: Sendable {
        case entry(TrustedCertificateRecord)
        /// Members are trusted as members; their certificates are shown, and changed elsewhere.
        case member(MemberRecord)
    }

    let owner: Owner
    let fingerprint: String

    init(_ record: TrustedCertificateRecord) {
        owner = .entry(record)
        fingerprint = record.fingerprint
    }

    init(_ member: MemberRecord) {
        owner = .member(member)
        fingerprint = Hex.encode(SHA256.hash(member.certificate))
    }

    var url: String { "/1.0/certificates/\(fingerprint)" }

    var name: String {
        switch owner {
        case .entry(let record): record.name
        case .member(let member): member.name
        }
    }

    var type: String {
        switch owner {
        case .entry(let record): record.type.rawValue
        case .member: "server"
        }
    }

    var json: JSON {
        var object: JSONObject = ["fingerprint": .string(fingerprint), "name": .string(name), "type": .string(type)]
        switch owner {
        case .entry(let record):
            object["certificate"] = .string(PEM.encode(label: "CERTIFICATE", record.certificate))
            object["restricted"] = .bool(record.isRestricted)
            object["projects"] = .strings(record.projects)
            object["description"] = .string(record.summary)
        case .member(let member):
            object["certificate"] = .string(PEM.encode(label: "CERTIFICATE", member.certificate))
            object["restricted"] = false
            object["projects"] = .array([])
            object["description"] = ""
        }
        return .object(object)
    }

    /// The version of the entry, which is the same on every member and changes with every change of it: with it in the
    /// command, comparing and changing are one entry of the log.
    var entityTag: String {
        switch owner {
        case .entry(let record): "\"\(record.version.rawValue)\""
        case .member: EntityTag.of(json)
        }
    }
}

extension Exchange {
    /// Everything shown as a certificate, by fingerprint.
    var certificates: [CertificateDescription] {
        (state.certificates.values.map(CertificateDescription.init) + state.members.values.map(CertificateDescription.init))
            .sorted { $0.fingerprint < $1.fingerprint }
    }

    /// The one certificate whose fingerprint begins with what the path names. Nothing in it is a wildcard.
    func certificateOfPath() async throws(Problem) -> CertificateDescription {
        let prefix = parameter("fingerprint").lowercased()
        guard !prefix.isEmpty, Fingerprint.isPrefix(prefix) else { throw Self.certificateNotFound }
        if let record = state.certificates[prefix] { return CertificateDescription(record) }
        // A hundred thousand entries are looked through for the beginning of a fingerprint.
        let state = state
        return try await offLoop { try Self.certificate(beginningWith: prefix, in: state) }
    }

    private static func certificate(beginningWith prefix: String, in state: TrustState) throws(Problem) -> CertificateDescription {
        let found = state.certificates.values.lazy.filter { $0.fingerprint.hasPrefix(prefix) }.prefix(2).map(CertificateDescription.init)
            + state.members.values.map(CertificateDescription.init).filter { $0.fingerprint.hasPrefix(prefix) }
        guard let first = found.first else { throw certificateNotFound }
        guard found.count == 1 else { throw .badRequest("More than one certificate matches") }
        return first
    }

    static let certificateNotFound = Problem.notFound("Certificate not found")
}
