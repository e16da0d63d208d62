import Crypto
import HashTreeCollections
import JOSE
import Raft
import Tokens
import TrustStore

/// A cluster that trusts authorities, made by commands.
struct AuthorityWorld {
    private(set) var state: TrustState
    private var index: UInt64 = 1
    let now: Int64

    init(now: Int64) {
        self.now = now
        state = TrustState()
        let founding = FoundCluster(
            id: "0123456789abcdef0123456789abcdef", name: "test", issuer: "https://credence.test", caCertificate: [7], sealedCAKey: [8],
            serverCertificate: [[9]], sealedServerKey: [11],
            member: NewMember(id: MemberID(high: 1, low: 1), name: "m1", addresses: ["10.0.0.1:8443"], publicKey: [1], certificate: [2]),
            signingKeys: [])
        apply(.foundCluster(founding))
    }

    @discardableResult
    mutating func apply(_ body: CommandBody) -> CommandOutcome {
        index += 1
        let proposal = TrustStore.Proposal(
            requestID: RequestID(high: 1, low: index), proposedAfter: LogIndex(index - 1), actor: Actor(id: "a", method: "unix", address: nil),
            body: body)
        let transition = state.applying(Command(proposal, stampedAtMilliseconds: 1_000), at: LogIndex(index))
        state = transition.state
        return transition.outcome
    }

    @discardableResult
    mutating func trust(_ authority: Certificate, overdue: OverduePolicy = .refuse, isRestricted: Bool = false) -> CommandOutcome {
        apply(.addAuthority(
            NewAuthority(
                fingerprint: authority.fingerprint, certificate: authority.der, isRestricted: isRestricted, projects: isRestricted ? ["p"] : [],
                name: authority.subjectCommonName ?? "ca", overdue: overdue)))
    }

    mutating func enter(_ client: Certificate) {
        apply(.addCertificate(NewCertificate(fingerprint: client.fingerprint, certificate: client.der, type: .client, name: "entry")))
    }

    /// As a member imports one, in chunks of three.
    mutating func hold(_ bytes: [UInt8], of authority: Certificate) throws {
        let list = try RevocationList(bytes, issuer: authority)
        let contents = RevocationListContents(
            number: list.number, thisUpdateAt: list.thisUpdateAt, nextUpdateAt: list.nextUpdateAt, hash: list.hash, count: Int64(list.serials.count))
        guard case .done(let begun) = apply(.beginRevocationList(BeginRevocationList(authority: authority.fingerprint, contents: contents))) else {
            throw Refused()
        }
        var sequence: Int64 = 0
        for group in list.serials.groups {
            for start in stride(from: 0, to: group.bytes.count, by: 3 * group.length) {
                let bytes = Array(group.bytes[start..<min(start + 3 * group.length, group.bytes.count)])
                apply(.addRevokedSerials(RevokedSerialsRecord(list: begun.id, sequence: sequence, length: group.length, bytes: bytes)))
                sequence += 1
            }
        }
        guard case .done = apply(.commitRevocationList(id: begun.id)) else { throw Refused() }
    }

    /// A signing key of the cluster, sealed by not sealing it.
    mutating func sign(with key: JWSSigningKey) {
        guard let algorithm = key.algorithm.signingKeyAlgorithm else { return }
        apply(.addSigningKey(
            NewSigningKey(
                kid: key.keyID, algorithm: algorithm, publicKey: key.verificationKey.publicKey?.spki,
                sealedPrivateKey: key.secret().withSpan { span in span.indices.map { span[$0] } }, start: .active)))
    }

    struct Refused: Error {}

    var view: TokenView { TokenView(state: state, keys: KeyRing.of(state, unseal: { SecretBytes($0.sealedPrivateKey) }, unsealImported: { _ in nil })) }

    /// Nil when the certificate is vouched for.
    func refusal(_ leaf: Certificate, sent: [Certificate] = [], at seconds: Int64 = 0) -> RejectionReason? {
        do throws(RejectionReason) {
            _ = try CertificateVerifier.vouched(leaf, sent: sent, in: view, now: now + seconds, paths: nil)
            return nil
        } catch { return error }
    }
}
