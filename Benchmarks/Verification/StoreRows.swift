import Crypto
import HashTreeCollections
import JOSE
import Raft
import Tokens
import TrustStore

/// The rows of a store as large as a benchmark wants it, made one by one: all of them at once would count as the store's memory.
struct StoreRows: Sequence {
    typealias Row = (collection: String, key: String, value: [UInt8])

    static let issuer = "https://credence.bench:8443"

    var keys: [StoredKey] = []
    var client: Certificate?
    var certificates = 0
    var revocations = 0

    func makeIterator() -> AnyIterator<Row> {
        let records = (1...Swift.max(revocations, 1)).lazy.prefix(revocations).map(revocation)
        let others = (1...Swift.max(certificates, 1)).lazy.prefix(certificates).map { certificate(fingerprint: Hex.encode(SeededBytes.bytes(32, seed: $0))) }
        let known = client.map { [certificate(fingerprint: $0.fingerprint)] } ?? []
        var parts = [AnyIterator((first + keys.map(\.row) + known).makeIterator()), AnyIterator(others.makeIterator()), AnyIterator(records.makeIterator())][...]
        return AnyIterator {
            while let part = parts.first {
                if let row = part.next() { return row }
                parts.removeFirst()
            }
            return nil
        }
    }

    /// A state that verifies and does not sign.
    func view() throws -> TokenView {
        let state = try TrustState.load(self)
        return TokenView(state: state, keys: KeyRing.of(state, unseal: { _ in nil }, unsealImported: { _ in nil }))
    }

    private var first: [Row] {
        [
            ("meta", "state", JSON.object(["v": 1, "last_command_index": 1, "feature_level": 1, "status_indexes_used": 0, "applied_at_milliseconds": 0]).encoded()),
            ("cluster", Self.clusterID, JSON.object(cluster).encoded()),
        ]
    }

    private static let clusterID = "000102030405060708090a0b0c0d0e0f"

    private var cluster: JSONObject {
        [
            "id": .string(Self.clusterID), "name": "bench", "issuer": .string(Self.issuer), "created_at": 1,
            "ca_certificate": "AAAA", "sealed_ca_key": "AAAA", "server_certificate": ["AAAA"], "sealed_server_key": "AAAA",
            "settings": [
                "nbf_leeway_seconds": 5, "max_staleness_milliseconds": 5000, "staleness_policy": "refuse", "join_token_seconds": 10800,
                "add_token_seconds": 0, "token_seconds_default": 3600, "token_seconds_max": 31_536_000, "key_rotation_seconds": 0, "voters_max": 3,
            ],
            "freshness_since": 0,
        ]
    }

    /// As one `credence revoke tokens` leaves them: ids that the cluster made, one reason, a thousand to an entry of the log.
    private func revocation(_ number: Int) -> Row {
        let id = Base64URL.encode(SeededBytes.bytes(16, seed: number))
        var record: JSONObject = [
            "token_id": .string(id), "reason": "lost laptop", "expires_at": .integer(2_000_000_000 + Int64(number % 86_400)),
            "created_at": 1_800_000_000, "created_by": "alice", "index": .integer(Int64(2 + number / 1_000)),
        ]
        if number % 1_000 > 0 { record["ordinal"] = .integer(Int64(number % 1_000)) }
        return ("revoked_tokens", id, JSON.object(record).encoded())
    }

    /// All of them hold one certificate's bytes: nothing reads the bytes of those that no token names.
    private func certificate(fingerprint: String) -> Row {
        let record: JSONObject = [
            "fingerprint": .string(fingerprint), "certificate": .string(Base64URL.encode(client?.der ?? [0])), "type": "client", "name": "ci",
            "summary": "", "is_restricted": false, "projects": [], "created_at": 1, "created_by": "alice", "version": 1,
        ]
        return ("certificates", fingerprint, JSON.object(record).encoded())
    }
}
