import Cluster
import Crypto
import EventLoop
import HTTP
import HTTPTypes
import HashTreeCollections
import JOSE
import Raft
import TrustStore

// MARK: - Adding

extension Exchange {
    /// By an administrator.
    func addCertificate(_ body: CertificateBody) async throws(Problem) -> Answer {
        let now = settings.wallClock()
        guard let type = body.type.flatMap(TrustedCertificateType.init) else { throw .badRequest("Invalid certificate type") }
        let certificate: Certificate
        if let given = try body.parsedCertificate(at: now) {
            certificate = given
        } else {
            guard let presented = request.connection.clientCertificate else { throw .badRequest("No client certificate provided") }
            guard state.certificates[presented.fingerprint] == nil else { throw .badRequest("Client is already trusted") }
            certificate = try CertificateFitness.checked(presented, at: now)
        }
        let new = NewCertificate(
            fingerprint: certificate.fingerprint, certificate: certificate.der, type: type,
            name: body.name ?? defaultName(of: certificate), summary: body.summary ?? "",
            isRestricted: body.isRestricted ?? false, projects: body.projects ?? [])
        let committed = try await propose(.addCertificate(new))
        return .created(.null, location: "/1.0/certificates/\(committed.result.id)")
    }

    /// As in Incus: the common name, else where the caller is.
    private func defaultName(of certificate: Certificate) -> String {
        if let name = certificate.subjectCommonName, !name.isEmpty, name.utf8.count <= StateLimits.textBytesMax,
            name.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
        {
            return name
        }
        return request.connection.peerAddress?.hostText ?? String(certificate.fingerprint.prefix(12))
    }

    func createAddToken(_ body: CertificateBody) async throws(Problem) -> Answer {
        guard body.certificate == nil else { throw .badRequest("Can't use certificate if token is requested") }
        guard body.type == TrustedCertificateType.client.rawValue else {
            throw .badRequest("Tokens can only be issued for client certificates")
        }
        guard let name = body.name else { throw .field("name", "must be given: the token's user is trusted under it") }
        let requestID = try requestID
        let grant: AddTokenGrant
        do throws(ProposeError) {
            grant = try await member.createAddToken(
                name: name, isRestricted: body.isRestricted ?? false, projects: body.projects ?? [], by: actor, requestID: requestID)
        } catch {
            throw Problem(error)
        }
        let operation = TokenOperation(grant, addresses: membersByName.flatMap(\.addresses), in: state, location: member.name)
        return .operation(operation.json, at: operation.url)
    }

    /// By anybody who holds a token and the certificate of this connection. What the body says besides is not looked at: the
    /// conditions are those the token was made with.
    func redeemAddToken(_ text: String, _ body: CertificateBody) async throws(Problem) -> Answer {
        try limitStrangers()
        guard body.type != "server" else {
            throw Problem(.forbidden, "No matching cluster join operation found; members join with `credence serve --join`")
        }
        guard let token = AddTokenText(text) else { throw .notAuthorized(.missing) }
        guard let certificate = request.connection.clientCertificate else { throw .badRequest("No client certificate provided") }
        _ = try CertificateFitness.checked(certificate, at: settings.wallClock())
        do throws(ProposeError) {
            try await member.redeemAddToken(
                secret: token.secret, certificate: certificate, from: request.connection.peerAddress.map { "\($0)" })
        } catch .refused(let refusal) where refusal.code == .certificateExists {
            throw .badRequest("Client is already trusted")
        } catch {
            throw Problem(error)
        }
        return .created(.null, location: "/1.0/certificates/\(certificate.fingerprint)")
    }
}

// MARK: - Changing

extension Exchange {
    /// An entry of the store; a member's certificate is none.
    func entryOfPath() async throws(Problem) -> TrustedCertificateRecord {
        switch try await certificateOfPath().owner {
        case .entry(let record): return record
        case .member(let member):
            throw .badRequest("This is the certificate of the member \(member.name), which is not changed here; see `credence cluster`")
        }
    }

    func expectedVersion(of record: TrustedCertificateRecord) throws(Problem) -> LogIndex? {
        try expectedVersion(of: record.version)
    }

    /// The version that `If-Match` demands, which the entry of the log compares again; nil without one.
    func expectedVersion(of version: LogIndex) throws(Problem) -> LogIndex? {
        guard let text = request.head.value(of: .ifMatch) else { return nil }
        let tags = text.split(separator: ",").map { $0.trimmingSpaces.filter { $0 != "\"" } }
        if tags.contains("*") { return nil }
        if tags.contains(String(version.rawValue)) { return version }
        // This view may be older than the tag; what the log says decides.
        if tags.count == 1, let demanded = UInt64(tags[0]), demanded <= LogIndex.max.rawValue { return LogIndex(demanded) }
        throw Problem(.preconditionFailed, "ETag doesn't match: \(version.rawValue) vs \(HeaderText.escaped(tags.first ?? ""))")
    }

    /// - Parameter isWhole: PUT, where what is absent becomes empty.
    func changeCertificate(_ body: CertificateBody, isWhole: Bool) async throws(Problem) -> Answer {
        let record = try await entryOfPath()
        var version = try expectedVersion(of: record)
        if body.type ?? (isWhole ? "" : record.type.rawValue) != record.type.rawValue {
            throw .badRequest("The certificate type cannot be changed")
        }
        let replacement = try body.parsedCertificate(at: settings.wallClock())
        let change = ChangeCertificate(
            fingerprint: record.fingerprint, name: body.name, summary: body.summary ?? (isWhole ? "" : nil),
            isRestricted: body.isRestricted ?? (isWhole ? false : nil), projects: body.projects ?? (isWhole ? [] : nil),
            replacement: replacement.map { ChangeCertificate.Replacement(fingerprint: $0.fingerprint, certificate: $0.der) })
        if !caller.holds(.admin) {
            try checkSelfRenewal(change, of: record)
            // What was judged here must be what is changed there.
            guard version == nil || version == record.version else {
                throw Problem(.preconditionFailed, "ETag doesn't match: \(record.version.rawValue) vs \(version?.rawValue ?? 0)")
            }
            version = record.version
        }
        var conditional = change
        conditional.expectedVersion = version
        _ = try await propose(.changeCertificate(conditional))
        return .sync(.object([:]))
    }

    /// A restricted holder may put a new certificate in place of its own, with the old one on this connection; a token
    /// signed with its key, which may have been made long ago, is not enough.
    private func checkSelfRenewal(_ change: ChangeCertificate, of record: TrustedCertificateRecord) throws(Problem) {
        guard case .certificate(let own, let token) = caller, own.fingerprint == record.fingerprint else {
            throw Problem(.forbidden, "Certificate is restricted")
        }
        let isOtherwiseSame = (change.name ?? record.name) == record.name
            && (change.isRestricted ?? record.isRestricted) == record.isRestricted
            && (change.projects ?? record.projects) == record.projects
        guard isOtherwiseSame else { throw Problem(.forbidden, "Only the certificate can be changed") }
        let isRenewal = change.replacement.map { $0.fingerprint != record.fingerprint } ?? false
        guard !isRenewal || token == nil else { throw Problem(.forbidden, "Certificate cannot be changed") }
    }
}
