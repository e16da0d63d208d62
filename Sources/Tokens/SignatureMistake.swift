internal import Crypto
internal import JOSE

/// Tries what people sign by mistake: a signature that is right for that says what went wrong. It never makes one good.
struct SignatureMistake {
    let signed: [UInt8]
    let signature: [UInt8]
    let key: JWSVerificationKey

    var hint: String? {
        if isValid(over: signed + [UInt8(ascii: "\n")]) {
            return "the signature covers a line break after the payload, as `echo` adds one: sign with `printf %s` or `echo -n`"
        }
        if let algorithm = otherAlgorithm {
            return "the signature is one of \(algorithm.rawValue): set alg to \(algorithm.rawValue), or sign with \(key.algorithm.rawValue)"
        }
        if let dot = signed.firstIndex(of: UInt8(ascii: ".")), isValid(over: Array(signed[(dot + 1)...])) {
            return "the signature covers the payload alone; it must cover header and payload with the dot between them"
        }
        return nil
    }

    private func isValid(over bytes: [UInt8]) -> Bool {
        key.isValidSignature(signature.span, for: bytes.span)
    }

    /// RSA keys sign in six ways, which are told apart by the header alone.
    private var otherAlgorithm: JWSAlgorithm? {
        guard let publicKey = key.publicKey, case .rsa = publicKey.type else { return nil }
        return JWSAlgorithm.allCases.first { algorithm in
            guard algorithm != key.algorithm, algorithm.fits(publicKey.type),
                let other = try? JWSVerificationKey(publicKey, algorithm: algorithm)
            else { return false }
            return other.isValidSignature(signature.span, for: signed.span)
        }
    }
}
