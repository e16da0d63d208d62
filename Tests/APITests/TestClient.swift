import Crypto
import EventLoop
import JOSE

/// A key with a self-signed certificate, as the command line of Incus makes one for its user.
struct TestClient {
    let key: PrivateKey
    let certificate: Certificate
    private let signing: JWSSigningKey

    init(_ name: String = "laptop", from: Int64 = -3600, through: Int64 = 86_400) throws {
        key = try .generate(.p384)
        let now = WallClock.nowSeconds()
        certificate = try Certificate.issue(
            CertificateTemplate(commonName: name, notBeforeAt: now + from, notAfterAt: now + through),
            publicKey: key.publicKey, issuer: nil, key: key)
        signing = try JWSSigningKey(.es384, secret: key.pkcs8())
    }

    var fingerprint: String { certificate.fingerprint }

    /// As `tls2jwt` does; for as long as an assertion may hold.
    func token(from: Int64 = 0, seconds: Int64 = 600, _ more: JSONObject = [:]) throws -> String {
        let now = WallClock.nowSeconds()
        var claims: JSONObject = [
            "sub": .string(fingerprint), "exp": .integer(now + from + seconds), "nbf": .integer(now + from), "iat": .integer(now),
        ]
        for member in more.members { claims[member.name] = member.value }
        let signed = Base64URL.encode(Array(#"{"alg":"ES384","typ":"JWT"}"#.utf8)) + "." + Base64URL.encode(JSON.object(claims).encoded())
        return signed + "." + Base64URL.encode(try signing.sign(Array(signed.utf8).span))
    }
}
