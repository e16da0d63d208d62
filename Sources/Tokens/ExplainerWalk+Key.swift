internal import HashTreeCollections
internal import JOSE
internal import TrustStore

extension ExplainerWalk {
    mutating func checkKey(_ header: JOSEHeader, _ algorithm: JWSAlgorithm, _ jws: DecodedSegments) -> TokenKey? {
        let shown = Self.shown(header.keyID)
        if !algorithm.isSymmetric, let claims = try? JWTClaims(parsing: jws.payload),
            TokenRules.isForeign(claims.issuer, header, view.state.cluster)
        {
            fail(
                .key, .issuerMismatch, "there is no kid, and iss is \(Self.shown(claims.issuer))",
                hint: "a token signed by a client's own certificate carries no iss; one of another issuer is not accepted here")
            skip(.signature, "there is no key to check it with")
            return nil
        }
        do {
            let key = try view.key(named: header.keyID, for: algorithm, at: now)
            let state = view.state.signingKeys[key.keyID]?.state.rawValue ?? ""
            pass(.key, "kid \(shown) is a key of the cluster for \(key.algorithm.rawValue), \(state)")
            return key
        } catch .keyRetired {
            failRetired(header.keyID)
        } catch .algorithmMismatch {
            failMismatch(header.keyID, algorithm)
        } catch {
            let hint =
                header.keyID == nil
                ? "tokens of the cluster carry a kid; this one was made by something else, or by hand"
                : "the key was removed, belongs to another cluster, or has not reached this member yet"
            fail(.key, error, "kid \(shown) names no key of this cluster", hint: hint)
        }
        skip(.signature, "there is no key to check it with")
        return nil
    }

    private mutating func failRetired(_ keyID: String?) {
        let record = keyID.flatMap { view.signingKey(named: $0) }
        let since = record.flatMap { $0.retiredAt ?? $0.retireAfter }
        let age = since.map { ", since \(Self.instant($0)) (\(now - $0) s ago)" } ?? ""
        fail(
            .key, .keyRetired, "kid \(Self.shown(keyID)) names a retired key\(age)",
            hint: "ask for a new token: a retired key never verifies again")
    }

    private mutating func failMismatch(_ keyID: String?, _ algorithm: JWSAlgorithm) {
        let wanted = keyID.flatMap { view.signingKey(named: $0) }?.algorithm.rawValue ?? "another algorithm"
        fail(
            .key, .algorithmMismatch, "kid \(Self.shown(keyID)) is a key for \(wanted), the header says \(algorithm.rawValue)",
            hint: "a key is used with one algorithm only: sign with \(wanted), or with a key made for \(algorithm.rawValue)")
    }

    /// - Parameter owner: whose key it is.
    mutating func checkSignature(_ jws: DecodedSegments, _ key: JWSVerificationKey, keyOf owner: String) {
        let received = token
        let signed = received.span.extracting(0..<jws.signedByteCount)
        let expected = key.signatureByteCount
        let isValid = key.isValidSignature(jws.signature.span, for: signed)
        if isValid {
            return pass(.signature, "\(key.algorithm.rawValue), \(expected) bytes, over the \(jws.signedByteCount) bytes received")
        }
        if jws.signature.count != expected {
            let hint = Self.isDERSignature(jws.signature)
                ? "this looks like a DER signature, as openssl writes it; JWS wants R and S as \(expected / 2) bytes each (RFC 7518 §3.4)"
                : "the token was cut, or its signature is of another kind"
            return fail(.signature, .badSignature, "\(jws.signature.count) bytes, \(key.algorithm.rawValue) has \(expected)", hint: hint)
        }
        let mistake = SignatureMistake(signed: Array(token[..<jws.signedByteCount]), signature: jws.signature, key: key).hint
        fail(
            .signature, .badSignature, "does not fit the \(jws.signedByteCount) bytes received and this key",
            hint: mistake ?? "the token was changed after it was signed, or signed with another key than that of \(owner)")
    }

    /// SEQUENCE of two INTEGERs that fill the whole.
    static func isDERSignature(_ bytes: [UInt8]) -> Bool {
        guard bytes.count >= 8, bytes[0] == 0x30, Int(bytes[1]) == bytes.count - 2, bytes[2] == 0x02 else { return false }
        let second = 4 + Int(bytes[3])
        return second + 1 < bytes.count && bytes[second] == 0x02 && second + 2 + Int(bytes[second + 1]) == bytes.count
    }
}
