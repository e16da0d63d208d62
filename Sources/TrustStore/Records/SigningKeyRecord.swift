import JOSE
package import Raft

package enum SigningKeyAlgorithm: String, Sendable, Hashable, CaseIterable {
    case es256 = "ES256"
    case es384 = "ES384"
    case es512 = "ES512"
    case edDSA = "EdDSA"
    case rs256 = "RS256"
    case rs384 = "RS384"
    case rs512 = "RS512"
    case ps256 = "PS256"
    case ps384 = "PS384"
    case ps512 = "PS512"
    case hs256 = "HS256"
    case hs384 = "HS384"
    case hs512 = "HS512"

    /// For messages.
    package static var namesText: String { allCases.map(\.rawValue).joined(separator: ", ") }

    /// An HMAC key has no public half to publish.
    package var hasPublicKey: Bool { ![.hs256, .hs384, .hs512].contains(self) }
}

/// A key moves right only: published, signing, verifying the tokens it signed, gone.
package enum SigningKeyState: String, Sendable, Hashable, CaseIterable {
    case pending, active, retiring, retired
}

/// A key that signs tokens, with the times of its life.
package struct SigningKeyRecord: Sendable, Equatable {
    /// The RFC 7638 thumbprint, as it stands in a token's `kid`.
    package var kid: String
    package var algorithm: SigningKeyAlgorithm
    package var state: SigningKeyState
    /// SPKI; nil for an HMAC key.
    package var publicKey: [UInt8]?
    /// Sealed under the cluster's data key; opaque here.
    package var sealedPrivateKey: [UInt8]
    package var createdAt: Int64
    /// A pending key is not activated before this moment, when one was asked for.
    package var activateAfter: Int64?
    package var activatedAt: Int64?
    package var retiringAt: Int64?
    /// From this moment on the key vouches for nothing, also if no command retires it.
    package var retireAfter: Int64?
    package var retiredAt: Int64?
    /// The longest lifetime that a token of this key may have been given: what it signed may be valid for so long after it
    /// stopped. The largest setting under which it was active, since a setting that is lowered shortens no token.
    package var tokenSecondsMax: Int64
    /// The entry that last stored this record. A cached signature check names it, so a key that
    /// was stored anew is checked anew.
    package var version: LogIndex

    package init(
        kid: String, algorithm: SigningKeyAlgorithm, state: SigningKeyState, publicKey: [UInt8]?,
        sealedPrivateKey: [UInt8], createdAt: Int64, activateAfter: Int64? = nil, activatedAt: Int64? = nil,
        retiringAt: Int64? = nil, retireAfter: Int64? = nil, retiredAt: Int64? = nil,
        tokenSecondsMax: Int64 = 0, version: LogIndex
    ) {
        self.kid = kid
        self.algorithm = algorithm
        self.state = state
        self.publicKey = publicKey
        self.sealedPrivateKey = sealedPrivateKey
        self.createdAt = createdAt
        self.activateAfter = activateAfter
        self.activatedAt = activatedAt
        self.retiringAt = retiringAt
        self.retireAfter = retireAfter
        self.retiredAt = retiredAt
        self.tokenSecondsMax = tokenSecondsMax
        self.version = version
    }
}

extension SigningKeyRecord: RecordCodable {
    init(from reader: inout JSONObjectReader) throws(JSONFieldError) {
        self.init(
            kid: try reader.string("kid"),
            algorithm: try reader.choice("algorithm"),
            state: try reader.choice("state"),
            publicKey: try reader.optionalBytes("public_key"),
            sealedPrivateKey: try reader.bytes("sealed_private_key"),
            createdAt: try reader.integer("created_at"),
            activateAfter: try reader.optionalInteger("activate_after"),
            activatedAt: try reader.optionalInteger("activated_at"),
            retiringAt: try reader.optionalInteger("retiring_at"),
            retireAfter: try reader.optionalInteger("retire_after"),
            retiredAt: try reader.optionalInteger("retired_at"),
            tokenSecondsMax: try reader.integer("token_seconds_max"),
            version: try reader.index("version"))
    }

    func write(to writer: inout RecordWriter) {
        writer.string("kid", kid)
        writer.string("algorithm", algorithm.rawValue)
        writer.string("state", state.rawValue)
        writer.bytes("public_key", publicKey)
        writer.bytes("sealed_private_key", sealedPrivateKey)
        writer.integer("created_at", createdAt)
        writer.integer("activate_after", activateAfter)
        writer.integer("activated_at", activatedAt)
        writer.integer("retiring_at", retiringAt)
        writer.integer("retire_after", retireAfter)
        writer.integer("retired_at", retiredAt)
        writer.integer("token_seconds_max", tokenSecondsMax)
        writer.index("version", version)
    }
}
