import Cluster
import HTTPTypes
import JOSE
import TrustStore

/// Trusted certificates, as clients of Incus know them (docs/incus.md, "Certificates").
enum CertificateEndpoints {
    static let all: [Endpoint] = [
        .getWaiting("/1.0/certificates", .scopeOrRestricted(.read), listing) { (exchange) async throws(Problem) in
            let filter = try CertificateFilter(try exchange.query.value("filter"))
            let isRecursive = try exchange.isRecursive
            return try await exchange.offLoop {
                let certificates = exchange.certificates.filter(filter.admits)
                return .sync(.array(certificates.map { isRecursive ? $0.json : .string($0.url) }))
            }
        },
        .getWaiting("/1.0/certificates/{fingerprint}", .scopeOrRestricted(.read), EndpointDocument(summary: "One certificate, by the beginning of its fingerprint")) {
            (exchange) async throws(Problem) in
            let certificate = try await exchange.certificateOfPath()
            return Answer.sync(certificate.json).with(.eTag, certificate.entityTag)
        },
        .post("/1.0/certificates", .open, creation, reading: CertificateBody.init) { (exchange, body) async throws(Problem) in
            if let token = body.trustToken { return try await exchange.redeemAddToken(token, body) }
            try exchange.caller.require(.admin)
            return body.wantsToken ? try await exchange.createAddToken(body) : try await exchange.addCertificate(body)
        },
        .put("/1.0/certificates/{fingerprint}", .scopeOrRestricted(.admin), replacement, reading: CertificateBody.init) {
            (exchange, body) async throws(Problem) in
            try await exchange.changeCertificate(body, isWhole: true)
        },
        .patch("/1.0/certificates/{fingerprint}", .scopeOrRestricted(.admin), change, reading: CertificateBody.init) {
            (exchange, body) async throws(Problem) in
            try await exchange.changeCertificate(body, isWhole: false)
        },
        .delete("/1.0/certificates/{fingerprint}", .scope(.admin), EndpointDocument(summary: "Trust a certificate no more, from now on and on every member", statuses: [200, 412])) {
            (exchange) async throws(Problem) in
            let record = try await exchange.entryOfPath()
            let version = try exchange.expectedVersion(of: record)
            _ = try await exchange.propose(.removeCertificate(fingerprint: record.fingerprint, expectedVersion: version))
            return .sync(.object([:]))
        },
    ]

    private static let listing = EndpointDocument(
        summary: "The certificates that the cluster trusts, those of its members among them",
        query: [.recursion, EndpointDocument.Parameter(name: "filter", summary: "Such as \"type eq client and name eq ci\".")])

    private static let members: [EndpointDocument.Field] = [
        .optional("name", .string, "For people. Default: the common name of the certificate."),
        .optional("type", .string, "client, or metrics for one that reads metrics only. Never changes."),
        .optional("restricted", .boolean, "True for a holder who administers nothing."),
        .optional("projects", .strings, "What a restricted one may use."),
        .optional("description", .string, "For people."),
        .optional("certificate", .string, "PEM, or base64 of the DER. A new one takes the entry over."),
    ]

    private static let creation = EndpointDocument(
        summary: "Trust a certificate, ask for a token that adds one, or redeem such a token with the certificate of the TLS connection",
        body: members + [
            .optional("token", .boolean, "True asks for an add token."),
            .optional("trust_token", .string, "An add token to redeem."),
            .optional("password", .string, "The same, as older clients name it."),
        ],
        unknownMembers: .ignored, statuses: [201, 202])

    private static let replacement = EndpointDocument(
        summary: "Replace an entry; what is absent becomes empty, but for the certificate and the name", body: members,
        unknownMembers: .ignored, statuses: [200, 412])

    private static let change = EndpointDocument(
        summary: "Change what is named of an entry", body: members, unknownMembers: .ignored, statuses: [200, 412])
}
