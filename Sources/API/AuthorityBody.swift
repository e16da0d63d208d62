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
    let listURL: String?
    let listRefreshSeconds: Int64?
    /// PEM, or base64 of the DER.
    let certificate: String

    init(_ reader: inout JSONObjectReader) throws(JSONFieldError) {
        name = try reader.optionalString("name").flatMap { $0.isEmpty ? nil : $0 }
        type = try Self.choice(&reader, "type") ?? .client
        isRestricted = try reader.optionalBool("restricted") ?? false
        projects = try reader.optionalStrings("projects", max: StateLimits.projectsMax) ?? []
        summary = try reader.optionalString("description") ?? ""
        overdue = try Self.choice(&reader, "crl_overdue") ?? .refuse
        listURL = try Self.listURL(&reader).flatMap { $0.isEmpty ? nil : $0 }
        listRefreshSeconds = try reader.optionalInteger("crl_refresh_seconds", in: AuthorityRecord.listRefreshRange)
        certificate = try reader.string("certificate", max: CertificateBody.certificateBytesMax)
    }

    /// Empty stands for none.
    fileprivate static func listURL(_ reader: inout JSONObjectReader) throws(JSONFieldError) -> String? {
        guard let text = try reader.optionalString("crl_url") else { return nil }
        if !text.isEmpty, let flaw = RevocationListURL.flaw(in: text) { throw reader.error("crl_url", flaw) }
        return text
    }

    fileprivate static func choice<Choice: RawRepresentable & CaseIterable>(
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

/// The body of a PATCH of an authority: what is absent stays.
struct AuthorityChangeBody {
    private let name: String?
    private let summary: String?
    private let isRestricted: Bool?
    private let projects: [String]?
    private let overdue: OverduePolicy?
    private let listURL: String?
    private let listRefreshSeconds: Int64?

    init(_ reader: inout JSONObjectReader) throws(JSONFieldError) {
        name = try reader.optionalString("name", min: 1, max: StateLimits.textBytesMax)
        summary = try reader.optionalString("description", max: StateLimits.textBytesMax)
        isRestricted = try reader.optionalBool("restricted")
        projects = try reader.optionalStrings("projects", max: StateLimits.projectsMax)
        overdue = try AuthorityBody.choice(&reader, "crl_overdue")
        listURL = try AuthorityBody.listURL(&reader)
        listRefreshSeconds = try reader.optionalInteger("crl_refresh_seconds", in: 0...AuthorityRecord.listRefreshRange.upperBound)
    }

    func change(of authority: AuthorityRecord) -> ChangeAuthority {
        ChangeAuthority(
            fingerprint: authority.fingerprint, name: name, summary: summary, isRestricted: isRestricted, projects: projects,
            overdue: overdue, listURL: listURL, listRefreshSeconds: listRefreshSeconds)
    }
}
