import Cluster
import Crypto
import HTTP
import HTTPTypes
import HashTreeCollections
import JOSE
import TrustStore

/// Client certificates from the cluster's own CA, and its CRL.
enum IssuingEndpoints {
    static let all: [Endpoint] = [
        .post("/1.0/certificates/issue", .scope(.admin), issuing, reading: IssueRequest.init) { (exchange, body) async throws(Problem) in
            let request = try body.parsed()
            let requestID = try exchange.requestID
            let record: TrustedCertificateRecord
            do throws(ProposeError) {
                record = try await exchange.member.issueCertificate(
                    for: request, name: body.name, days: body.days, isRestricted: body.isRestricted, projects: body.projects,
                    summary: body.summary, by: exchange.actor, requestID: requestID)
            } catch {
                throw Problem(error)
            }
            return .created(exchange.describe(issued: record), location: "/1.0/certificates/\(record.fingerprint)")
        },
        .get("/crl/cluster.crl", .open, EndpointDocument(summary: "The CRL of the cluster's CA in DER, the same on every member", statuses: [200, 304])) {
            (exchange) throws(Problem) in
            guard let list = exchange.state.clusterList else { throw .notFound("the cluster's CA has issued no client certificate yet") }
            return exchange.answer(list: list.der)
        },
        .get("/crl/cluster-former.crl", .open, EndpointDocument(summary: "The same CRL by the cluster's former CA, in an overlap", statuses: [200, 304])) {
            (exchange) throws(Problem) in
            guard exchange.state.cluster?.formerAuthority != nil, let list = exchange.state.clusterList?.formerDER else { throw .notFound("the cluster has no former CA at the moment") }
            return exchange.answer(list: list)
        },
    ]

    private static let issuing = EndpointDocument(
        summary: "Sign a client certificate with the cluster's CA for the key of a request, and trust it",
        body: [
            .required("name", .string, "The common name, and that of the entry; at most 64 bytes."),
            .required("certificate_request", .string, "PKCS #10 in PEM. Only its key is taken over."),
            .optional("days", .integer, "How long it is valid, \(Member.issuedDaysRange.lowerBound) to \(Member.issuedDaysRange.upperBound). Default: \(Member.issuedDaysDefault)."),
            .optional("restricted", .boolean, "True for a holder who administers nothing."),
            .optional("projects", .strings, "What a restricted one may use."),
            .optional("description", .string, "For people."),
        ],
        statuses: [201])
}

private struct IssueRequest {
    let name: String
    let text: String
    let days: Int64
    let isRestricted: Bool
    let projects: [String]
    let summary: String

    init(_ reader: inout JSONObjectReader) throws(JSONFieldError) {
        name = try reader.string("name", min: 1)
        text = try reader.string("certificate_request", max: CertificateBody.certificateBytesMax)
        days = try reader.optionalInteger("days", in: Member.issuedDaysRange) ?? Member.issuedDaysDefault
        isRestricted = try reader.optionalBool("restricted") ?? false
        projects = try reader.optionalStrings("projects", max: StateLimits.projectsMax) ?? []
        summary = try reader.optionalString("description") ?? ""
    }

    /// Its own signature is checked, and the strength of its key as that of any certificate to trust.
    func parsed() throws(Problem) -> CertificateRequest {
        let request: CertificateRequest
        do throws(CryptoError) {
            request = try CertificateRequest(text: text)
        } catch {
            throw .field("certificate_request", "is not a PKCS #10 request signed with its own key: \(error)")
        }
        try CertificateFitness.check(request.publicKey)
        return request
    }
}

extension Exchange {
    fileprivate func answer(list der: [UInt8]) -> Answer {
        let tag = EntityTag.of(der)
        let isKnown = request.head.value(of: .ifNoneMatch).map { EntityTag.matches($0, tag) } ?? false
        let answer =
            isKnown
            ? Answer(status: .notModified, body: .plain([], contentType: ""))
            : Answer(status: .ok, body: .plain(der, contentType: "application/pkix-crl"))
        return answer.with(.eTag, tag)
    }

    fileprivate func describe(issued record: TrustedCertificateRecord) -> JSON {
        // Of the newest view: this exchange's is older than the entry.
        let issued = member.view.state.issuedCertificates[record.fingerprint]
        return .object([
            "fingerprint": .string(record.fingerprint), "certificate": .string(PEM.encode(label: "CERTIFICATE", record.certificate)),
            "name": .string(record.name), "serial": issued.map { .string(Hex.encode($0.serial)) } ?? .null,
            "expires_at": issued.map { .string(RFC3339.text($0.expiresAt)) } ?? .null,
            "authority": .string(self.state.cluster.map { PEM.encode(label: "CERTIFICATE", $0.caCertificate) } ?? ""),
        ])
    }
}

extension ClusterListRecord {
    var json: JSON {
        .object([
            "number": .string(String(number, radix: 16)), "this_update": .string(RFC3339.text(thisUpdateAt)),
            "next_update": .string(RFC3339.text(nextUpdateAt)), "entries": .integer(count), "sha256": .string(Hex.encode(SHA256.hash(der))),
            "authority": .null, "issuer": "cluster",
        ])
    }
}
