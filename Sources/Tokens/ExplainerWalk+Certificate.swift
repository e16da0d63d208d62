internal import Crypto
internal import HashTreeCollections
internal import JOSE
internal import TrustStore

/// The walk through a token that the key of a trusted certificate signed, or was meant to.
extension ExplainerWalk {
    /// The same decision as the verifier's; what cannot be read is explained by whoever it fails for.
    func isMeantForCertificate(_ jws: DecodedSegments, _ header: JOSEHeader, _ algorithm: JWSAlgorithm?) -> Bool {
        guard let algorithm, !algorithm.isSymmetric, header.keyID.map({ view.signingKeyLife(named: $0) == nil }) ?? true else { return false }
        guard let claims = try? JWTClaims(parsing: jws.payload) else { return header.keyID == nil }
        return CertificateToken.isMeant(by: claims, header)
    }

    mutating func runForCertificate(_ jws: DecodedSegments, _ algorithm: JWSAlgorithm) {
        let claims: JWTClaims
        do {
            claims = try JWTClaims(parsing: jws.payload)
        } catch {
            fail(.claims, .malformed, error.description)
            return skipRest()
        }
        pass(.issuer, claims.issuer == nil ? "there is no iss, as for a client's own certificate" : "iss is empty, as for a client's own certificate")
        guard let record = checkCertificate(claims), let opened = checkCertificateKey(record, algorithm, jws) else {
            pass(.claims, "all that are looked at have their types")
            return skipRest()
        }
        let scopes = checkScopeClaims(claims, record)
        checkTimes(claims, certificate: opened.validity)
        let received = token
        let tokenID = CertificateToken.tokenID(signed: received.span.extracting(0..<jws.signedByteCount))
        checkRevocation(claims, tokenID, "hash of what is signed", subject: record.fingerprint, certificate: record.fingerprint)
        checkBinding(claims)
        checkAudience(claims, .certificate)
        checkScope(scopes)
    }

    private mutating func checkScopeClaims(_ claims: JWTClaims, _ record: TrustedCertificateRecord) -> ScopeSet {
        do {
            let scopes = try CertificateToken.scopes(claims, record)
            pass(.claims, "sub \(Self.shown(claims.subject)), whose certificate signed the token")
            return scopes
        } catch {
            fail(.claims, error, "scope and Allow name different scopes", hint: "write the same scopes in both, or only one of them")
            return ScopeSet([])
        }
    }

    private mutating func checkCertificate(_ claims: JWTClaims) -> TrustedCertificateRecord? {
        do {
            return try CertificateToken.record(claims, in: view)
        } catch .missingClaim {
            fail(
                .key, .missingClaim, "there is neither a kid nor a sub",
                hint: "a client's own token names its certificate: sub is the SHA-256 of the certificate's DER in lower-case hex")
        } catch {
            let subject = claims.subject ?? ""
            fail(
                .key, error, "sub \(QuotedText.quoted(subject)) is not the fingerprint of a trusted client certificate",
                hint: MistakenSubject(subject, in: view.state).hint)
        }
        return nil
    }

    private mutating func checkCertificateKey(
        _ record: TrustedCertificateRecord, _ algorithm: JWSAlgorithm, _ jws: DecodedSegments
    ) -> TrustedKey.Opened? {
        let name = "certificate \(QuotedText.quoted(record.name))"
        do {
            let (key, opened) = try CertificateToken.key(of: record, for: algorithm, in: view)
            pass(.key, "sub names \(name), \(record.isRestricted ? "restricted" : "unrestricted"), whose key signs with \(algorithm.rawValue)")
            checkSignature(jws, key, keyOf: "the certificate that sub names")
            return opened
        } catch .algorithmMismatch {
            let fitting = view.keys.trustedKey(for: record)?.open()?.key.map { key in JWSAlgorithm.allCases.filter { $0.fits(key.type) } } ?? []
            let names = fitting.map(\.rawValue).joined(separator: ", ")
            fail(
                .key, .algorithmMismatch, "the key of \(name) signs with \(names.isEmpty ? "no algorithm of JWS" : names), the header says \(algorithm.rawValue)",
                hint: names.isEmpty ? "make a certificate with a P-256, P-384, P-521, RSA or Ed25519 key" : "set alg to \(names)")
        } catch {
            fail(.key, error, "the stored bytes of \(name) are no certificate", hint: "remove the entry and add the certificate again")
        }
        return nil
    }
}
