import Cluster
import Crypto
import EventLoop
import HTTP
import HTTPTypes
import HashTreeCollections
import JOSE
import TrustStore

/// CA certificates whose clients are trusted without an entry of their own, and their revocation lists.
enum AuthorityEndpoints {
    static let all: [Endpoint] = [
        .get("/1.0/authorities", .scope(.read), EndpointDocument(summary: "The authorities that vouch for clients", query: [.recursion])) {
            (exchange) throws(Problem) in
            let isRecursive = try exchange.isRecursive
            return .sync(.array(exchange.authorities.map { isRecursive ? $0.json : .string($0.url) }))
        },
        .get("/1.0/authorities/{fingerprint}", .scope(.read), EndpointDocument(summary: "One authority, by the beginning of its fingerprint")) {
            (exchange) throws(Problem) in
            .sync(exchange.describe(try exchange.authorityOfPath()).json)
        },
        .post("/1.0/authorities", .scope(.admin), creation, reading: AuthorityBody.init) { (exchange, body) async throws(Problem) in
            let certificate = try body.parsed(at: exchange.settings.wallClock())
            let new = NewAuthority(
                fingerprint: certificate.fingerprint, certificate: certificate.der, type: body.type, isRestricted: body.isRestricted,
                projects: body.projects, name: body.name ?? certificate.subjectCommonName ?? String(certificate.fingerprint.prefix(12)),
                summary: body.summary, overdue: body.overdue)
            let committed = try await exchange.propose(.addAuthority(new))
            return .created(.null, location: "/1.0/authorities/\(committed.result.id)")
        },
        .delete("/1.0/authorities/{fingerprint}", .scope(.admin), EndpointDocument(summary: "Trust an authority no more, on every member within max_staleness; its CRL goes too")) {
            (exchange) async throws(Problem) in
            _ = try await exchange.propose(.removeAuthority(fingerprint: try exchange.authorityOfPath().fingerprint))
            return .sync(.object([:]))
        },
        Endpoint(
            method: .put, path: PathPattern("/1.0/authorities/{fingerprint}/crl"), access: .scope(.admin), document: listImport,
            work: .waiting { (exchange) async throws(Problem) in try await exchange.importRevocationList() }),
        .get("/1.0/crls", .scope(.read), EndpointDocument(summary: "The certificate revocation lists in force")) { (exchange) throws(Problem) in
            let own = exchange.state.clusterList.map { [$0.json] } ?? []
            return .sync(.array(own + exchange.authorities.compactMap { authority in
                guard case .object(var object)? = authority.list?.json else { return nil }
                object["authority"] = .string(authority.record.fingerprint)
                object["issuer"] = .string(authority.record.name)
                return .object(object)
            }))
        },
    ]

    private static let creation = EndpointDocument(
        summary: "Trust a CA: who shows a client certificate issued under it is trusted",
        body: [
            .required("certificate", .string, "PEM, or base64 of the DER."),
            .optional("name", .string, "For people. Default: the common name of the certificate."),
            .optional("type", .string, "Of those it vouches for: client (default), or metrics."),
            .optional("restricted", .boolean, "True when those it vouches for administer nothing."),
            .optional("projects", .strings, "What restricted ones may use."),
            .optional("description", .string, "For people."),
            .optional("crl_overdue", .string, "refuse (default) or warn: what to make of its certificates when its CRL is past nextUpdate, or is missing where another one on the path has one."),
        ],
        statuses: [201])

    private static let listImport = EndpointDocument(
        summary: "Import the authority's CRL, in DER or PEM; committed when this answers, and obeyed by every member within max_staleness", body: [], bodyType: .crl)
}

extension Exchange {
    fileprivate func importRevocationList() async throws(Problem) -> Answer {
        let authority = try authorityOfPath()
        try requireListContentType()
        let list = try await parsedList(of: authority)
        try checkTimes(of: list)
        do throws(ProposeError) {
            _ = try await member.importRevocationList(list, of: authority.fingerprint, by: actor)
        } catch {
            throw Problem(error)
        }
        return .sync(member.view.state.revocationList(ofAuthority: authority.fingerprint)?.json ?? .null)
    }

    private func requireListContentType() throws(Problem) {
        guard let type = request.head.value(of: .contentType) else { return }
        let essence = type.prefix { $0 != ";" }.trimmingSpaces.lowercased()
        let known = ["application/pkix-crl", "application/x-pem-file", "application/octet-stream"]
        guard known.contains(essence) else {
            throw Problem(.unsupportedMediaType, "the body must be a CRL, sent as one of " + known.joined(separator: ", "))
        }
    }

    /// Off the loop: a long list takes a while to read.
    private func parsedList(of authority: AuthorityRecord) async throws(Problem) -> RevocationList {
        let bytes = request.body
        do {
            return try await workspace.loop.runBlocking {
                try RevocationList(bytes, issuer: Certificate(der: authority.certificate))
            }
        } catch let error as RevocationListError {
            throw .badRequest("the CRL is refused: \(error)")
        } catch {
            throw .unavailable("busy: too much is being read here at the moment")
        }
    }

    /// How far an authority's clock may run ahead.
    private static let aheadSecondsMax: Int64 = 300

    private func checkTimes(of list: RevocationList) throws(Problem) {
        let now = settings.wallClock()
        guard list.thisUpdateAt <= now + Self.aheadSecondsMax else {
            throw .badRequest("the CRL is refused: its thisUpdate, \(RFC3339.text(list.thisUpdateAt)), is in the future")
        }
        guard list.nextUpdateAt > now else {
            throw .badRequest("the CRL is refused: its nextUpdate, \(RFC3339.text(list.nextUpdateAt)), has passed")
        }
        guard list.serials.count <= StateLimits.revokedSerialsMax else {
            throw .badRequest("the CRL is refused: it has more than \(StateLimits.revokedSerialsMax) entries")
        }
    }
}
