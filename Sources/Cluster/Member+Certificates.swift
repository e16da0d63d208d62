package import Crypto
import EventLoop
import HashTreeCollections
package import Tokens
package import TrustStore

/// An add token as handed to whoever asked for it; the secret exists nowhere else.
package struct AddTokenGrant: Equatable, Sendable {
    package let record: NewAddToken
    package let secret: String
    package let createdAt: Int64
}

extension Member {
    /// The entry of a client certificate that was proved in the TLS handshake. As for a token, a member that may not
    /// know of its removal does not vouch.
    package func authenticate(
        _ certificate: Certificate, in view: MemberView
    ) throws(RejectionReason) -> TrustedCertificateRecord {
        do throws(RejectionReason) {
            let record = try CertificateVerifier.entry(of: certificate, in: view.tokens, now: WallClock.nowSeconds())
            guard freshness(of: view).isFresh else { throw .memberStale }
            return record
        } catch {
            guard error == .unknownCertificate, !freshness(of: view).isFresh else { throw error }
            throw .memberStale
        }
    }

    /// As `authenticate` for a certificate without an entry: by the authority that it leads to. An entry wins over authorities,
    /// also one that says no.
    package func authenticate(
        _ certificate: Certificate, sent: [Certificate], in view: MemberView, paths: PathCache
    ) throws(RejectionReason) -> TrustedCertificateRecord {
        guard view.state.certificates[certificate.fingerprint] == nil else { return try authenticate(certificate, in: view) }
        do throws(RejectionReason) {
            let record = try CertificateVerifier.vouched(
                certificate, sent: sent, in: view.tokens, now: WallClock.nowSeconds(), paths: paths)
            guard freshness(of: view).isFresh else { throw .memberStale }
            return record
        } catch {
            guard error == .unknownCertificate, !freshness(of: view).isFresh else { throw error }
            throw .memberStale
        }
    }

    /// The entry of a client that proves itself by a token signed with its key (RFC 7523).
    package func authenticate(
        assertion: Span<UInt8>, audiences: [String], in view: MemberView
    ) throws(RejectionReason) -> TrustedCertificateRecord {
        do throws(RejectionReason) {
            let record = try ClientAssertion.verify(assertion, in: view.tokens, audiences: audiences, now: WallClock.nowSeconds())
            guard freshness(of: view).isFresh else { throw .memberStale }
            return record
        } catch {
            guard error == .unknownCertificate, !freshness(of: view).isFresh else { throw error }
            throw .memberStale
        }
    }

    /// Makes a token that adds one certificate, once, through any member.
    package func createAddToken(
        name: String, isRestricted: Bool, projects: [String], by actor: TrustStore.Actor, requestID: RequestID? = nil
    ) async throws(ProposeError) -> AddTokenGrant {
        let secret = Hex.encode(SecureRandom.bytes(AddSecret.bytes))
        let now = WallClock.nowSeconds()
        let lifetime = view.state.settings.addTokenSeconds
        let token = NewAddToken(
            id: AddSecret.tokenID(of: secret), secretHash: AddSecret.hash(of: secret), name: name, isRestricted: isRestricted,
            projects: projects, expiresAt: lifetime == 0 ? nil : now + lifetime)
        let committed = try await propose(.addAddToken(token), by: actor, requestID: requestID)
        // A client's retry finds its first token on record, whose secret is gone; it must ask anew.
        guard committed.result.id == token.id else {
            throw .refused(
                CommandRefusal(
                    .requestReused,
                    "an add token was already made for this Idempotency-Key and its secret is kept nowhere; ask with another key"))
        }
        return AddTokenGrant(record: token, secret: secret, createdAt: now)
    }

    /// Trusts the certificate, and uses the token up. The same use again succeeds again.
    package func redeemAddToken(
        secret: String, certificate: Certificate, from address: String?
    ) async throws(ProposeError) {
        let hash = AddSecret.hash(of: secret)
        // The token may be younger than this view, and a stranger's guess must not reach the log.
        if !view.state.isKnown(hash, for: certificate) { try await readBarrier() }
        guard view.state.isKnown(hash, for: certificate) else {
            throw .refused(CommandRefusal(.addTokenUnknown, "No matching certificate add operation found"))
        }
        let use = RedeemAddToken(secretHash: hash, fingerprint: certificate.fingerprint, certificate: certificate.der)
        _ = try await propose(
            .redeemAddToken(use), by: TrustStore.Actor(id: certificate.fingerprint, method: "add_token", address: address))
    }
}

extension TrustState {
    /// Whether there is such a token, or this certificate has used it.
    fileprivate func isKnown(_ hash: [UInt8], for certificate: Certificate) -> Bool {
        if let used = certificates[certificate.fingerprint]?.tokenHash, constantTimeEqual(used, hash) { return true }
        return addTokens.values.contains { constantTimeEqual($0.secretHash, hash) }
    }
}

/// What the cluster keeps of the secret of an add token: enough to recognise it, nothing to redeem it with. The names
/// differ from those of `JoinSecret`, so that one kind can never serve as the other.
enum AddSecret {
    static let bytes = 32

    static func hash(of secret: String) -> [UInt8] {
        SHA256.hash(Array("credence add secret\0\(secret)".utf8))
    }

    static func tokenID(of secret: String) -> String {
        UUIDText.hashed("credence add token id\0\(secret)")
    }
}
