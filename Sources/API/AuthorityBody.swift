import Crypto
import JOSE
import TrustStore

/// The body of a POST of an authority.
struct AuthorityBody {
    let name: String?
    let type: TrustedCertificateType
    let isRestricted: Bool
    let projects: [String]
    let summary: String
    let overdue: OverduePolicy
    /// PEM, or base64 of the DER.
    let certificate: String

    init(_ reader: inout JSONObjectReader) throws(JSONFieldError) {
        name = try reader.optionalString("name").flatMap { $0.isEmpty ? nil : $0 }
        type = try Self.choice(&reader, "type") ?? .client
        isRestricted = try reader.optionalBool("restricted") ?? false
        projects = try reader.optionalStrings("projects", max: StateLimits.projectsMax) ?? []
        summary = try reader.optionalString("description") ?? ""
        overdue = try Self.choice(&reader, "crl_overdue") ?? .refuse
        certificate = try reader.string("certificate", max: CertificateBody.certificateBytesMax)
    }

    private static func choice<Choice: RawRepresentable & CaseIterable>(
        _ reader: inout JSONObjectReader, _ name: String
    ) throws(JSONFieldError) -> Choice? where Choice.RawValue == String {
        guard let text = try reader.optionalString(name) else { return nil }
        guard let choice = Choice(rawValue: text) else {
            throw reader.error(name, "must be one of " + Choice.allCases.map(\.rawValue).joined(separator: ", "))
        }
        return choice
    }

    /// A CA certificate in its validity with a good key. One that is no CA's could vouch for nobody, and its user meant
    /// something else.
    func parsed(at now: Int64) throws(Problem) -> Certificate {
        let parsed: Certificate
        do throws(CryptoError) {
            parsed = try CertificateBody.parse(certificate)
        } catch {
            throw .badRequest("Invalid certificate material: \(error)")
        }
        _ = try CertificateFitness.checked(parsed, at: now)
        guard parsed.isAuthority else {
            throw .badRequest("this is no CA certificate (basicConstraints CA:TRUE, keyUsage keyCertSign); trust a client's own with POST /1.0/certificates")
        }
        return parsed
    }
}
