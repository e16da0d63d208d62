import Cluster
import Crypto
import JOSE
import TrustStore

/// A join token or a certificate add token in the form of an Incus operation. The client makes the token's text of it.
struct TokenOperation {
    enum Kind { case join, add }

    let kind: Kind
    let id: String
    let createdAt: Int64
    /// Clients tell the two kinds apart by `serverName` and `request`. A join token's five members must all be there, or the
    /// client of LXD fails; of an add token `expiresAt` is absent when it does not expire.
    private let metadata: JSONObject
    private let location: String

    init(_ grant: JoinTokenGrant, location: String) {
        let token = grant.token
        kind = .join
        id = grant.id
        createdAt = grant.createdAt
        metadata = Self.join(
            token.serverName, secret: token.secret, fingerprint: token.fingerprint, addresses: token.addresses, expiresAt: token.expiresAt)
        self.location = location
    }

    /// Without the secret: only its hash is kept, and whoever lost a token makes another.
    init(_ record: JoinTokenRecord, addresses: [String], in state: TrustState, location: String) {
        kind = .join
        id = record.id
        createdAt = record.createdAt
        let anchor = state.cluster?.joinFingerprint ?? ""
        metadata = Self.join(record.memberName, secret: "", fingerprint: anchor, addresses: addresses, expiresAt: record.expiresAt)
        self.location = location
    }

    init(_ grant: AddTokenGrant, addresses: [String], in state: TrustState, location: String) {
        kind = .add
        id = grant.record.id
        createdAt = grant.createdAt
        let token = grant.record
        metadata = Self.add(
            token.name, secret: grant.secret, isRestricted: token.isRestricted, projects: token.projects, expiresAt: token.expiresAt,
            addresses: addresses, in: state)
        self.location = location
    }

    init(_ record: AddTokenRecord, addresses: [String], in state: TrustState, location: String) {
        kind = .add
        id = record.id
        createdAt = record.createdAt
        metadata = Self.add(
            record.name, secret: "", isRestricted: record.isRestricted, projects: record.projects, expiresAt: record.expiresAt,
            addresses: addresses, in: state)
        self.location = location
    }

    private static func join(
        _ name: String, secret: String, fingerprint: String, addresses: [String], expiresAt: Int64
    ) -> JSONObject {
        [
            "serverName": .string(name), "secret": .string(secret), "fingerprint": .string(fingerprint),
            "addresses": .strings(addresses), "expiresAt": .string(RFC3339.text(expiresAt)),
        ]
    }

    /// The fingerprint is that of the certificate which every member shows to clients, since that is what they pin.
    private static func add(
        _ name: String, secret: String, isRestricted: Bool, projects: [String], expiresAt: Int64?, addresses: [String],
        in state: TrustState
    ) -> JSONObject {
        let shown = state.cluster?.serverCertificate.first.map { Hex.encode(SHA256.hash($0)) } ?? ""
        var metadata: JSONObject = [
            "secret": .string(secret), "fingerprint": .string(shown), "addresses": .strings(addresses),
            "request": [
                "name": .string(name), "type": "client", "restricted": .bool(isRestricted), "projects": .strings(projects), "token": true,
            ],
        ]
        if let expiresAt { metadata["expiresAt"] = .string(RFC3339.text(expiresAt)) }
        return metadata
    }

    var url: String { "/1.0/operations/\(id)" }

    private var resources: JSON {
        switch kind {
        case .join: ["cluster": .array([])]
        case .add: .object([:])
        }
    }

    var json: JSON {
        .object([
            "id": .string(id), "class": "token", "description": kind == .join ? "Cluster join token" : "Certificate add token",
            "created_at": .string(RFC3339.text(createdAt)), "updated_at": .string(RFC3339.text(createdAt)),
            "status": "Running", "status_code": 103, "resources": resources, "metadata": .object(metadata),
            "may_cancel": true, "err": "", "location": .string(location),
        ])
    }
}
