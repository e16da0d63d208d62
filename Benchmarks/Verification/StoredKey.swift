import Crypto
import JOSE

/// A signing key of the store of which only the public half can be read.
struct StoredKey {
    let id: String
    let algorithm: JWSAlgorithm
    let publicKey: PublicKey

    var row: StoreRows.Row {
        let record: JSONObject = [
            "kid": .string(id), "algorithm": .string(algorithm.rawValue), "state": "active", "public_key": .string(Base64URL.encode(publicKey.spki)),
            "sealed_private_key": "AAAA", "created_at": 1, "activated_at": 1, "retire_after": .null, "retired_at": .null,
            "token_seconds_max": 31_536_000, "version": 1,
        ]
        return ("signing_keys", id, JSON.object(record).encoded())
    }
}
