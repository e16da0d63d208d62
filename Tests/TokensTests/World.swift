import Crypto
import HashTreeCollections
import JOSE
import Raft
import TrustStore

import Tokens

/// Testing has a type of this name too.
typealias Expectation = Tokens.Expectation

/// A cluster as the verifier sees it, made of rows that a test may set as it likes: also ones that no
/// sequence of commands would leave behind.
struct World {
    static let now: Int64 = 1_800_000_000

    struct Key {
        var signing: JWSSigningKey
        var state: SigningKeyState = .active
        var version: Int64 = 1
        var activatedAt: Int64 = World.now - 1000
        var retireAfter: Int64?
        var retiredAt: Int64?
        /// Instead of the key's own thumbprint.
        var keyID: String?
        /// Instead of the key's own private half.
        var sealed: JWSSigningKey?

        init(_ algorithm: JWSAlgorithm) throws {
            signing = try TestKeys.make(algorithm)
        }

        var id: String { keyID ?? signing.keyID }
    }

    struct Imported {
        var secret: [UInt8]
        var version: Int64 = 1
        var origin = ImportedKeyOrigin.forest

        init(_ byte: UInt8, origin: ImportedKeyOrigin = .forest) {
            secret = Array(repeating: byte, count: 32)
            self.origin = origin
        }
    }

    /// By id.
    var imported: [String: Imported] = [:]
    var issuer = "https://credence.test:8443"
    var keys: [Key]
    /// By `jti`.
    var revoked: Set<String> = []
    var appliedAtMilliseconds: Int64 = 0
    var clients: [Client] = []
    var broadlyRevoked: [RevocationTarget] = []
    /// What is stored instead of a client's certificate, by its fingerprint.
    var certificateBytes: [String: [UInt8]] = [:]

    init(_ algorithms: JWSAlgorithm...) throws {
        keys = []
        for algorithm in algorithms { keys.append(try Key(algorithm)) }
    }

    /// - Parameter ring: a ring to bring up to date instead of a new one.
    func view(ring: KeyRing = KeyRing()) throws -> TokenView {
        var rows: [(collection: String, key: String, value: [UInt8])] = [
            ("meta", "state", row(["v": 1, "last_command_index": 1, "feature_level": 1, "status_indexes_used": 0, "applied_at_milliseconds": .integer(appliedAtMilliseconds)])),
            ("cluster", clusterID, row(clusterRecord)),
        ]
        for key in keys { rows.append(("signing_keys", key.id, row(record(key)))) }
        for (id, key) in imported { rows.append(("imported_keys", id, row(record(id, key)))) }
        for tokenID in revoked { rows.append(("revoked_tokens", tokenID, row(revocation(tokenID)))) }
        for target in broadlyRevoked { rows.append(("broad_revocations", target.name, row(revocation(target)))) }
        for client in clients {
            var stored = client.row
            if let bytes = certificateBytes[client.fingerprint] { stored = stored.replacing("certificate", with: .string(Base64URL.encode(bytes))) }
            rows.append(("certificates", client.fingerprint, row(stored)))
        }
        let state = try TrustState.load(rows)
        // The tests seal a key by not sealing it.
        var keys = ring.updated(to: state, unseal: { SecretBytes($0.sealedPrivateKey) }, unsealImported: { SecretBytes($0.sealedSecret) })
        keys.follow(certificates: state.certificates.keys, in: state)
        return TokenView(state: state, keys: keys)
    }

    private let clusterID = "000102030405060708090a0b0c0d0e0f"

    private func row(_ json: JSON) -> [UInt8] { json.encoded() }

    private var clusterRecord: JSON {
        [
            "id": .string(clusterID), "name": "test", "issuer": .string(issuer), "created_at": 1,
            "ca_certificate": "AAAA", "sealed_ca_key": "AAAA", "server_certificate": ["AAAA"], "sealed_server_key": "AAAA",
            "settings": [
                "nbf_leeway_seconds": 5, "max_staleness_milliseconds": 5000, "staleness_policy": "refuse", "join_token_seconds": 10800, "add_token_seconds": 0,
                "token_seconds_default": 3600, "token_seconds_max": 31_536_000, "key_rotation_seconds": 0, "voters_max": 3,
            ],
            "freshness_since": 0,
        ]
    }

    private func record(_ key: Key) -> JSON {
        func time(_ seconds: Int64?) -> JSON { seconds.map(JSON.integer) ?? .null }
        let sealed = (key.sealed ?? key.signing).secret().withSpan { Base64URL.encode($0) }
        let spki = key.signing.verificationKey.publicKey?.spki
        return [
            "kid": .string(key.id), "algorithm": .string(key.signing.algorithm.rawValue), "state": .string(key.state.rawValue),
            "public_key": spki.map { .string(Base64URL.encode($0)) } ?? .null, "sealed_private_key": .string(sealed),
            "created_at": 1, "activated_at": .integer(key.activatedAt), "retire_after": time(key.retireAfter),
            "retired_at": time(key.retiredAt), "token_seconds_max": 31_536_000, "version": .integer(key.version),
        ]
    }

    private func record(_ id: String, _ key: Imported) -> JSON {
        [
            "id": .string(id), "origin": .string(key.origin.rawValue), "name": "node", "created_at": 1, "created_by": "alice",
            "sealed_secret": .string(Base64URL.encode(key.secret)), "version": .integer(key.version),
        ]
    }

    private func revocation(_ target: RevocationTarget) -> JSON {
        var object: JSONObject = ["kind": .string(target.kind)]
        switch target {
        case .subject(let subject, let before):
            object["subject"] = .string(subject)
            object["before"] = .integer(before)
        case .certificate(let fingerprint): object["fingerprint"] = .string(fingerprint)
        case .key(let kid): object["kid"] = .string(kid)
        case .everything(let before): object["before"] = .integer(before)
        }
        return ["target": .object(object), "reason": "left", "created_at": .integer(Self.now - 60), "created_by": "alice", "index": 78]
    }

    private func revocation(_ tokenID: String) -> JSON {
        ["token_id": .string(tokenID), "reason": "lost laptop", "created_at": .integer(Self.now - 60), "created_by": "alice", "index": 77]
    }
}

// MARK: - Tokens

extension World {
    /// Claims of a token in order, to be spoiled by a test.
    func claims(_ changes: [String: JSON?] = [:]) -> JSONObject {
        var claims: JSONObject = [
            "iss": .string(issuer), "sub": "bob", "iat": .integer(Self.now), "nbf": .integer(Self.now),
            "exp": .integer(Self.now + 600), "jti": "token-1", "scope": "read write", "Allow": ["read", "write"],
        ]
        for (name, value) in changes { claims[name] = value }
        return claims
    }

    func header(_ changes: [String: JSON?] = [:], key: Int = 0) -> JSONObject {
        var header: JSONObject = ["alg": .string(keys[key].signing.algorithm.rawValue), "typ": "JWT", "kid": .string(keys[key].id)]
        for (name, value) in changes { header[name] = value }
        return header
    }

    /// A token signed by one of the cluster's keys, whatever its contents.
    func token(header: [String: JSON?] = [:], claims: [String: JSON?] = [:], key: Int = 0) throws -> [UInt8] {
        try token(header: JSON.object(self.header(header, key: key)).encoded(), payload: JSON.object(self.claims(claims)).encoded(), key: key)
    }

    /// The same from texts, which need not be JSON.
    func token(header: [UInt8]? = nil, payload: [UInt8], key: Int = 0) throws -> [UInt8] {
        let header = header ?? JSON.object(self.header(key: key)).encoded()
        let signed = Array((Base64URL.encode(header) + "." + Base64URL.encode(payload)).utf8)
        return signed + [UInt8(ascii: ".")] + Base64URL.encode(try keys[key].signing.sign(signed.span)).utf8
    }
}

/// Verifies without or with a cache, at the world's time unless told otherwise.
func verdict(
    _ token: [UInt8], _ view: TokenView, now: Int64 = World.now, _ expectation: Expectation = Expectation(),
    cache: SignatureCache? = nil
) -> Verdict {
    TokenVerifier.verify(token.span, in: view, now: now, expecting: expectation, cache: cache)
}
