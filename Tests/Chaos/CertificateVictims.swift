import Crypto
import Foundation
import JOSE

/// Clients with certificates of their own, each with a token that its key signed: to be revoked by the certificate.
enum CertificateVictims {
    /// Trusted by the cluster when this returns, on every member.
    static func trusted(_ count: Int, by fleet: Fleet) throws -> [TrackedToken] {
        let tokens = try (0..<count).map { try trusted("client-\($0)", by: fleet) }
        try fleet.awaitEqualIndexes()
        return tokens
    }

    private static func trusted(_ name: String, by fleet: Fleet) throws -> TrackedToken {
        let now = Int64(Date().timeIntervalSince1970)
        let key = try PrivateKey.generate(.p256)
        let certificate = try Certificate.issue(
            CertificateTemplate(commonName: name, notBeforeAt: now - 3_600, notAfterAt: now + 172_800, usages: [.clientAuth]),
            publicKey: key.publicKey, issuer: nil, key: key)
        let body: JSON = ["type": "client", "name": .string(name), "certificate": .string(certificate.pem)]
        let reply = fleet.client(0).call("POST", "/1.0/certificates", body, seconds: 10)
        guard reply?.status == 201 else { throw ChaosError(description: "\(name) was not trusted: \(reply?.error ?? "no answer")") }
        let claims: JSON = ["sub": .string(certificate.fingerprint), "exp": .integer(now + 86_400)]
        let signed = Base64URL.encode(Array(#"{"alg":"ES256"}"#.utf8)) + "." + Base64URL.encode(claims.encoded())
        let signature = try JWSSigningKey(.es256, secret: key.pkcs8()).sign(Array(signed.utf8).span)
        return TrackedToken(kind: .certificate, id: certificate.fingerprint, text: signed + "." + Base64URL.encode(signature))
    }
}
