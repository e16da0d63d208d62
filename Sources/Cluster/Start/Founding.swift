import Crypto
import EventLoop
import JOSE
import Raft
import TLS
import Tokens
import TrustStore

/// Everything a new cluster begins with, made before any of it is written.
struct Founding {
    static let authorityYears: Int64 = 20
    static let serverCertificateYears: Int64 = 10
    static let memberCertificateDays: Int64 = 365
    private static let secondsPerDay: Int64 = 86_400
    /// Clocks of machines that meet for the first time differ; a certificate is valid from a little before now.
    static let backdatedSeconds: Int64 = 300
    static let adminSubject = "admin"

    let identity: MemberIdentity
    let dataKey: SecretBytes
    let authority: Certificate
    let command: FoundCluster
    private let signingKey: JWSSigningKey

    init(id: MemberID, name: String, advertise: [String], now: Int64) throws {
        let clusterID = RequestID.random().description
        dataKey = SecretBytes(count: AESGCM.keyByteCount)
        let custody = KeyCustody(dataKey: dataKey, clusterID: clusterID)

        let authorityKey = try PrivateKey.generate(.p256)
        authority = try Self.makeAuthority(authorityKey, clusterID: clusterID, now: now)
        let serverKey = try PrivateKey.generate(.p256)
        let server = try Self.makeServerCertificate(
            serverKey.publicKey, named: ServerNames(advertise: advertise), authority: authority, authorityKey, now: now)
        let memberKey = try PrivateKey.generate(.p256)
        let certificate = try Self.makeMemberCertificate(
            memberKey.publicKey, clusterID: clusterID, member: id, authority: authority, authorityKey, now: now)
        identity = MemberIdentity(
            id: id, name: name, clusterID: clusterID, certificate: certificate, key: memberKey, dataKey: dataKey)

        signingKey = try JWSSigningKey.generate(.es256)
        command = FoundCluster(
            id: clusterID, name: "credence-\(clusterID.prefix(8))", issuer: "https://\(advertise[0])",
            caCertificate: authority.der, sealedCAKey: try custody.seal(authorityKey.pkcs8(), for: .authorityKey),
            serverCertificate: [server.der, authority.der],
            sealedServerKey: try custody.seal(serverKey.pkcs8(), for: .serverKey),
            member: NewMember(
                id: id, name: name, addresses: advertise, publicKey: memberKey.publicKey.spki, certificate: certificate.der),
            signingKeys: [
                NewSigningKey(
                    kid: signingKey.keyID, algorithm: .es256, publicKey: signingKey.verificationKey.publicKey?.spki,
                    sealedPrivateKey: try custody.seal(signingKey.secret(), for: .signingKey(kid: signingKey.keyID)),
                    start: .active)
            ])
    }

    /// The log's first two entries: who votes, and what the cluster is. Term 1 is the founder's by definition.
    func firstEntries(stampedAtMilliseconds: Int64) -> [Entry] {
        let proposal = TrustStore.Proposal(
            requestID: .random(), proposedAfter: LogIndex(1), actor: Node.system, body: .foundCluster(command))
        return [
            Entry(
                index: LogIndex(1), term: Term(1), kind: .configuration,
                payload: Configuration(voters: [identity.id]).encoded()),
            Entry(
                index: LogIndex(2), term: Term(1), kind: .command,
                payload: Command(proposal, stampedAtMilliseconds: stampedAtMilliseconds).encode()),
        ]
    }

    /// An administrator's token, as long-lived as the cluster's settings allow.
    func mintAdminToken(entries: [Entry], now: Int64) throws -> String {
        let command = try Command(decoding: entries[1].payload)
        let state = TrustState().applying(command, at: entries[1].index).state
        let keys = identity.custody.ring(of: state)
        var request = MintRequest(subject: Self.adminSubject, scopes: ["read", "write", "sign", "admin"])
        request.lifetimeSeconds = state.settings.tokenSecondsMax
        return try TokenMinter.mint(request, in: TokenView(state: state, keys: keys), now: now).token
    }

    // MARK: - Certificates

    /// - Parameter suffix: tells a later one apart by name, as whoever builds paths expects.
    static func makeAuthority(_ key: PrivateKey, clusterID: String, suffix: String = "", now: Int64) throws(CryptoError) -> Certificate {
        let template = CertificateTemplate(
            commonName: "Credence cluster \(clusterID.prefix(8)) CA\(suffix)", notBeforeAt: now - backdatedSeconds,
            notAfterAt: now + authorityYears * 365 * secondsPerDay, isAuthority: true)
        return try Certificate.issue(template, publicKey: key.publicKey, issuer: nil, key: key)
    }

    /// What the certificate towards clients is valid for.
    struct ServerNames {
        var dnsNames: [String]
        var ipAddresses: [String]

        /// For loopback as well, so that local clients can check it by name; `credence` is a name that clients of any
        /// member can be told to expect.
        init(advertise: [String]) {
            dnsNames = ["credence", "localhost"]
            ipAddresses = ["127.0.0.1", "::1"]
            for address in advertise {
                guard let host = try? HostPort(parsing: address).host else { continue }
                let isLiteral = IPv4Host(host) != nil || IPv6Host(host) != nil
                if isLiteral, !ipAddresses.contains(host) { ipAddresses.append(host) }
                if !isLiteral, !dnsNames.contains(host) { dnsNames.append(host) }
            }
        }

        init(of certificate: Certificate) {
            dnsNames = certificate.dnsNames
            ipAddresses = certificate.ipAddresses.compactMap(Self.text)
        }

        mutating func add(_ other: ServerNames) {
            dnsNames += other.dnsNames.filter { !dnsNames.contains($0) }
            ipAddresses += other.ipAddresses.filter { !ipAddresses.contains($0) }
        }

        /// Of an address in network order.
        private static func text(_ bytes: [UInt8]) -> String? {
            switch bytes.count {
            case 4: bytes.map(String.init).joined(separator: ".")
            case 16: stride(from: 0, to: 16, by: 2).map { Hex.encode(Array(bytes[$0...($0 + 1)])) }.joined(separator: ":")
            default: nil
            }
        }
    }

    /// - Parameter notBefore: of a renewal, that of the former certificate: a clock that ran ahead must not leave one that
    ///   is not valid yet.
    static func makeServerCertificate(
        _ key: PublicKey, named names: ServerNames, authority: Certificate, _ authorityKey: PrivateKey, now: Int64, notBefore: Int64? = nil
    ) throws(CryptoError) -> Certificate {
        let template = CertificateTemplate(
            commonName: "credence", notBeforeAt: notBefore ?? now - backdatedSeconds,
            notAfterAt: now + serverCertificateYears * 365 * secondsPerDay, dnsNames: names.dnsNames,
            ipAddresses: names.ipAddresses, usages: [.serverAuth])
        return try Certificate.issue(template, publicKey: key, issuer: authority, key: authorityKey)
    }

    /// Names the member by URI. Members recognise each other by the key, so its expiry never stops the log.
    static func makeMemberCertificate(
        _ key: PublicKey, clusterID: String, member: MemberID, authority: Certificate, _ authorityKey: PrivateKey,
        now: Int64, notBefore: Int64? = nil
    ) throws(CryptoError) -> Certificate {
        let template = CertificateTemplate(
            commonName: "credence member \(member.description.prefix(8))", notBeforeAt: notBefore ?? now - backdatedSeconds,
            notAfterAt: now + memberCertificateDays * secondsPerDay,
            uriNames: ["credence://\(clusterID)/\(member)"], usages: [.serverAuth, .clientAuth])
        return try Certificate.issue(template, publicKey: key, issuer: authority, key: authorityKey)
    }
}
