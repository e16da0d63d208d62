import Crypto
import JOSE

extension World {
    /// Somebody whose certificate the cluster trusts, with the key to it.
    struct Client {
        var signing: JWSSigningKey
        var certificate: Certificate
        var name = "ci"
        var type = "client"
        var isRestricted = false
        var version: Int64 = 1

        var fingerprint: String { certificate.fingerprint }

        /// - Parameter validity: Unix seconds from and through which the certificate is valid.
        init(_ algorithm: JWSAlgorithm, validity: ClosedRange<Int64> = World.now - 86_400...World.now + 86_400) throws {
            try self.init(TestKeys.make(algorithm), validity: validity)
        }

        init(_ signing: JWSSigningKey, validity: ClosedRange<Int64> = World.now - 86_400...World.now + 86_400) throws {
            self.signing = signing
            guard let publicKey = signing.verificationKey.publicKey else { throw TestError.symmetric }
            // Issued by somebody: whoever that is does not matter, and RSA keys issue nothing here.
            let issuer = try PrivateKey.generate(.p256)
            let authority = try Certificate.issue(
                CertificateTemplate(commonName: "somebody", notBeforeAt: 0, notAfterAt: 4_000_000_000, isAuthority: true),
                publicKey: issuer.publicKey, issuer: nil, key: issuer)
            certificate = try Certificate.issue(
                CertificateTemplate(commonName: "ci", notBeforeAt: validity.lowerBound, notAfterAt: validity.upperBound, usages: [.clientAuth]),
                publicKey: publicKey, issuer: authority, key: issuer)
        }

        var row: JSON {
            [
                "fingerprint": .string(fingerprint), "certificate": .string(Base64URL.encode(certificate.der)), "type": .string(type),
                "name": .string(name), "summary": "", "is_restricted": .bool(isRestricted), "projects": [], "created_at": 1,
                "created_by": "alice", "version": .integer(version),
            ]
        }

        /// The claims of the reference tool, in its order, to be spoiled by a test.
        func claims(_ changes: [String: JSON?] = [:]) -> JSONObject {
            var claims: JSONObject = [
                "sub": .string(fingerprint), "exp": .integer(World.now + 60), "nbf": .integer(World.now), "iat": .integer(World.now),
            ]
            for (name, value) in changes { claims[name] = value }
            return claims
        }

        func token(header: [String: JSON?] = [:], claims changes: [String: JSON?] = [:]) throws -> [UInt8] {
            try token(header: header, payload: JSON.object(claims(changes)).encoded())
        }

        func token(header changes: [String: JSON?] = [:], payload: [UInt8]) throws -> [UInt8] {
            var header: JSONObject = ["alg": .string(signing.algorithm.rawValue), "typ": "JWT"]
            for (name, value) in changes { header[name] = value }
            let signed = Array((Base64URL.encode(JSON.object(header).encoded()) + "." + Base64URL.encode(payload)).utf8)
            return signed + [UInt8(ascii: ".")] + Base64URL.encode(try signing.sign(signed.span)).utf8
        }
    }

    enum TestError: Error { case symmetric }
}

extension JSON {
    func replacing(_ name: String, with value: JSON) -> JSON {
        guard case .object(var object) = self else { return self }
        object[name] = value
        return .object(object)
    }
}
