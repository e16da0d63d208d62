import Crypto
import JOSE
import TrustStore

/// The body of POST, PUT and PATCH of a certificate. Null, and for texts the empty one, count as absent.
struct CertificateBody {
    let name: String?
    let type: String?
    let isRestricted: Bool?
    let projects: [String]?
    let summary: String?
    /// PEM, or base64 of the DER.
    let certificate: String?
    /// `trust_token`, or `password` as older clients send it.
    let trustToken: String?
    let wantsToken: Bool

    static let certificateBytesMax = 64 << 10
    static let trustTokenBytesMax = 16 << 10

    init(_ reader: inout JSONObjectReader) throws(JSONFieldError) {
        func full(_ text: String?) -> String? { text.flatMap { $0.isEmpty ? nil : $0 } }
        name = full(try reader.optionalString("name"))
        type = full(try reader.optionalString("type"))
        isRestricted = try reader.optionalBool("restricted")
        projects = try reader.optionalStrings("projects", max: StateLimits.projectsMax)
        summary = try reader.optionalString("description")
        certificate = full(try reader.optionalString("certificate", max: Self.certificateBytesMax))
        let password = full(try reader.optionalString("password", max: Self.trustTokenBytesMax))
        trustToken = full(try reader.optionalString("trust_token", max: Self.trustTokenBytesMax)) ?? password
        wantsToken = try reader.optionalBool("token") ?? false
    }

    /// The certificate in the body, if there is one, fit to be trusted.
    func parsedCertificate(at now: Int64) throws(Problem) -> Certificate? {
        guard let certificate else { return nil }
        let parsed: Certificate
        do throws(CryptoError) {
            parsed = try Self.parse(certificate)
        } catch {
            throw .badRequest("Invalid certificate material: \(error)")
        }
        return try CertificateFitness.checked(parsed, at: now)
    }

    static func parse(_ text: String) throws(CryptoError) -> Certificate {
        if text.contains("-----BEGIN") { return try Certificate(pem: text) }
        guard let der = Base64.decode(text.filter { !$0.isWhitespace }) else { throw .malformed(.certificate) }
        return try Certificate(der: der)
    }
}

/// What a certificate must be to enter the trust store.
enum CertificateFitness {
    static let rsaBitsMin = 2048

    static func checked(_ certificate: Certificate, at now: Int64) throws(Problem) -> Certificate {
        guard now >= certificate.notBeforeAt else { throw .badRequest("The provided certificate isn't valid yet") }
        guard now <= certificate.notAfterAt else { throw .badRequest("The provided certificate is expired") }
        guard certificate.der.count <= StateLimits.blobBytesMax else {
            throw .badRequest("Invalid certificate material: it is larger than \(StateLimits.blobBytesMax) bytes")
        }
        let key: PublicKey
        do throws(CryptoError) {
            key = try certificate.publicKey
        } catch {
            throw .badRequest("Invalid certificate material: its key cannot be used: \(error)")
        }
        try check(key)
        return certificate
    }

    static func check(_ key: PublicKey) throws(Problem) {
        guard case .rsa(let bits) = key.type else { return }
        guard bits >= rsaBitsMin else { throw .badRequest("RSA key is too weak (minimum of \(rsaBitsMin)bit)") }
        guard SignatureAlgorithm.rsaBits.contains(bits) else {
            throw .badRequest("Invalid certificate material: RSA keys may have \(SignatureAlgorithm.rsaBits.lowerBound) to \(SignatureAlgorithm.rsaBits.upperBound) bits")
        }
    }
}
