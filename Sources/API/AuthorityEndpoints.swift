import Cluster
import Crypto
import EventLoop
import HTTP
import HTTPTypes
import HashTreeCollections
import JOSE
import Tokens
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
                summary: body.summary, overdue: body.overdue, listURL: body.listURL, listRefreshSeconds: body.listRefreshSeconds)
            let committed = try await exchange.propose(.addAuthority(new))
            return .created(.null, location: "/1.0/authorities/\(committed.result.id)")
        },
        .patch("/1.0/authorities/{fingerprint}", .scope(.admin), change, reading: AuthorityChangeBody.init) {
            (exchange, body) async throws(Problem) in
            let authority = try exchange.authorityOfPath()
            _ = try await exchange.propose(.changeAuthority(body.change(of: authority)))
            return .sync(exchange.member.view.state.authorities[authority.fingerprint].map { exchange.describe($0).json } ?? .object([:]))
        },
        .delete("/1.0/authorities/{fingerprint}", .scope(.admin), removal) { (exchange) async throws(Problem) in
            if try exchange.query.value("force") != "true" { try await exchange.requireNobodyGains() }
            _ = try await exchange.propose(.removeAuthority(fingerprint: try exchange.authorityOfPath().fingerprint))
            return .sync(.object([:]))
        },
        Endpoint(
            method: .put, path: PathPattern("/1.0/authorities/{fingerprint}/crl"), access: .scope(.admin), document: listImport,
            work: .waiting { (exchange) async throws(Problem) in try await exchange.importRevocationList() }),
        .post("/1.0/authorities/{fingerprint}/crl/fetch", .scope(.admin), listFetch, reading: { _ in () }) {
            (exchange, _) async throws(Problem) in
            let authority = try exchange.authorityOfPath()
            do throws(RevocationListFetchError) {
                let fetched = try await exchange.member.fetchRevocationList(of: authority.fingerprint, by: exchange.actor)
                guard case .object(var object)? = fetched.list?.json else { return .sync(.null) }
                object["new"] = .bool(fetched.isNew)
                return .sync(.object(object))
            } catch {
                throw Problem(error)
            }
        },
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
            listURL, listRefresh,
        ],
        statuses: [201])

    private static let listURL = EndpointDocument.Field.optional(
        "crl_url", .string, "http://HOST[:PORT]/PATH from where the leader fetches the CRL, in DER or PEM. Empty (default): it is imported by hand.")

    private static let listRefresh = EndpointDocument.Field.optional(
        "crl_refresh_seconds", .integer,
        "From one fetch to the next, \(AuthorityRecord.listRefreshRange.lowerBound) to \(AuthorityRecord.listRefreshRange.upperBound); default "
            + "\(AuthorityRecord.listRefreshSecondsDefault). Sooner when the nextUpdate of the CRL held is near.")

    private static let change = EndpointDocument(
        summary: "Change what is named of an authority; its certificate and its type never change",
        body: [
            .optional("name", .string, "For people."), .optional("description", .string, "For people."),
            .optional("restricted", .boolean, "True when those it vouches for administer nothing."),
            .optional("projects", .strings, "What restricted ones may use."),
            .optional("crl_overdue", .string, "refuse, or warn."), listURL, listRefresh,
        ])

    private static let removal = EndpointDocument(
        summary: "Trust an authority no more, on every member within max_staleness; its CRL goes too. Refused when another authority would then vouch for its clients, and for more",
        query: [EndpointDocument.Parameter(name: "force", summary: "true removes it all the same.")], statuses: [200, 409])

    private static let listFetch = EndpointDocument(
        summary: "Fetch the authority's CRL from its crl_url now, from the member that is asked, and put it in force; 502 says what failed",
        body: [], statuses: [200, 409, 502])

    private static let listImport = EndpointDocument(
        summary: "Import the authority's CRL, in DER or PEM; committed when this answers, and obeyed by every member within max_staleness", body: [], bodyType: .crl)
}

extension Exchange {
    fileprivate func importRevocationList() async throws(Problem) -> Answer {
        let authority = try authorityOfPath()
        try requireListContentType()
        let list = try await parsedList(of: authority)
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
        let (bytes, now) = (request.body, settings.wallClock())
        do {
            return try await workspace.loop.runBlocking { try RevocationList.checked(bytes, of: authority, at: now) }
        } catch let refusal as RevocationListRefusal {
            throw .badRequest("the CRL is refused: \(refusal)")
        } catch {
            throw .unavailable("busy: too much is being read here at the moment")
        }
    }
}

// MARK: - Removing

extension Exchange {
    /// A lower authority may be there to hold back what an upper one permits: its removal must not hand its clients more by
    /// the way. Judged by what the leader knows now.
    fileprivate func requireNobodyGains() async throws(Problem) {
        do throws(ProposeError) { _ = try await member.readBarrier(timeout: conditions.timeout) } catch { throw Problem(error) }
        let fingerprint = try authorityOfPath().fingerprint
        let newest = member.view
        // Who is revoked vouches for nobody, whatever stands above.
        guard newest.state.broadRevocations[RevocationTarget.name(ofCertificate: fingerprint)] == nil else { return }
        let gainful = newest.tokens.keys.authorities.successors(of: fingerprint)
        guard let first = gainful.first, let upper = newest.state.authorities[first] else { return }
        let others = gainful.count > 1 ? " (and \(gainful.count - 1) more)" : ""
        throw .conflict(
            "without it the authority \(upper.name), \(upper.fingerprint.prefix(12))\(others), may vouch for its clients, and for more than it "
                + "does. Revoke its certificate first (POST /1.0/revocations, credence revoke certificate), or restrict the other "
                + "(PATCH, credence authority edit), or remove it all the same with force=true (credence authority remove --force)")
    }
}
