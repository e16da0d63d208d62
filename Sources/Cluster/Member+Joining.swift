import Crypto
import EventLoop
import HashTreeCollections
import Raft
package import TrustStore

/// A join token as handed to the operator; the secret exists nowhere else.
package struct JoinTokenGrant: Equatable, Sendable {
    package let id: String
    package let createdAt: Int64
    package let token: JoinToken
}

extension Member {
    /// Makes a token that admits one member of this name, once, through any member.
    package func createJoinToken(
        for name: String, by actor: TrustStore.Actor, requestID: RequestID? = nil
    ) async throws(ProposeError) -> JoinTokenGrant {
        let state = view.state
        guard let cluster = state.cluster else { throw .noLeader }
        let secret = Hex.encode(SecureRandom.bytes(JoinToken.secretBytes))
        let now = WallClock.nowSeconds()
        let addresses = state.members.values.sorted { $0.name < $1.name }.flatMap(\.addresses)
        let token = JoinToken(
            serverName: name, fingerprint: cluster.joinFingerprint,
            addresses: JoinToken.fitting(addresses), secret: secret, expiresAt: now + cluster.settings.joinTokenSeconds)
        let committed = try await propose(
            .addJoinToken(
                AddJoinToken(
                    id: JoinSecret.tokenID(of: secret), memberName: name, secretHash: JoinSecret.hash(of: secret),
                    expiresAt: token.expiresAt)),
            by: actor, requestID: requestID)
        // A client's retry finds its first token on record, whose secret is gone; it must ask anew.
        guard committed.result.id == JoinSecret.tokenID(of: secret) else {
            throw .refused(
                CommandRefusal(
                    .requestReused,
                    "a join token was already made for this Idempotency-Key and its secret is kept nowhere; ask with another key"))
        }
        return JoinTokenGrant(id: committed.result.id, createdAt: now, token: token)
    }

    /// Admits the holder of a join secret as a learner: one log entry consumes the token and adds the
    /// member. Repeating a join that succeeded, with the same id and key, succeeds again.
    package func redeemJoinToken(
        _ request: JoinRequest, from address: String?
    ) async throws(ProposeError) -> JoinResponse {
        let tokenID = JoinSecret.tokenID(of: request.secret)
        // The token may be younger than this view, and a stranger's guess must not reach the log.
        if !view.state.isJoinTokenKnown(tokenID) { try await readBarrier() }
        let state = view.state
        guard state.isJoinTokenKnown(tokenID), let cluster = state.cluster else {
            throw .refused(CommandRefusal(.joinTokenUnknown, "No matching cluster join operation found"))
        }
        let candidate = try admit(request, cluster: cluster)
        if let member = state.members[request.memberID] {
            guard member.publicKey == candidate.publicKey else {
                throw .refused(CommandRefusal(.joinTokenUsed, "the join token was used by another machine; make a new one"))
            }
            // It did not hear that it was admitted, and its operator tried with a newer token.
            guard member.joinTokenID == tokenID else {
                throw .refused(
                    CommandRefusal(
                        .joinTokenUsed,
                        "this machine joined already, as member \(member.name), and did not hear of it: repeat with the first token, or remove "
                            + "the member (credence cluster remove \(member.name)), empty this data directory, and join with a new token"))
            }
        }
        _ = try await propose(
            .joinMember(
                JoinMember(tokenID: tokenID, secretHash: JoinSecret.hash(of: request.secret), member: candidate)),
            by: TrustStore.Actor(id: request.serverName, method: "join", address: address))
        return try response(to: request, cluster: cluster, tokenID: tokenID)
    }

    /// Signs the joiner's key with the cluster CA.
    private func admit(_ request: JoinRequest, cluster: ClusterRecord) throws(ProposeError) -> NewMember {
        let signed: CertificateRequest
        do {
            signed = try CertificateRequest(der: request.certificateRequest)
        } catch {
            throw .refused(CommandRefusal(.invalid, "field \"certificate_request\" is not a signed PKCS #10 request: \(error)"))
        }
        do {
            let authorityKey = try PrivateKey(
                pkcs8: node.identity.custody.open(cluster.sealedCAKey, for: .authorityKey))
            let certificate = try Founding.makeMemberCertificate(
                signed.publicKey, clusterID: cluster.id, member: request.memberID,
                authority: Certificate(der: cluster.caCertificate), authorityKey, now: WallClock.nowSeconds())
            return NewMember(
                id: request.memberID, name: request.serverName, addresses: request.addresses,
                publicKey: signed.publicKey.spki, certificate: certificate.der, featureLevel: request.featureLevel)
        } catch {
            throw .keyUnavailable("the member certificate could not be issued: \(error)")
        }
    }

    /// From the record that the log made, which at a repeat is the first join's.
    private func response(
        to request: JoinRequest, cluster: ClusterRecord, tokenID: String
    ) throws(ProposeError) -> JoinResponse {
        let state = view.state
        guard let member = state.members[request.memberID], member.joinTokenID == tokenID else {
            throw .refused(CommandRefusal(.memberUnknown, "the member was removed at the same moment"))
        }
        let peers = state.members.values.filter { $0.id != member.id }.sorted { $0.name < $1.name }
        return JoinResponse(
            clusterID: cluster.id, certificate: member.certificate, caCertificate: cluster.caCertificate,
            peers: peers.map(MemberFile.Peer.init), dataKey: node.identity.custody.shared)
    }
}

extension ClusterRecord {
    /// By what a joiner recognises the cluster: SHA-256, lower hexadecimal. Of the CA, so that a renewed certificate does not
    /// spoil a token; of the certificate itself, when an operator brought one that the CA has nothing to do with.
    package var joinFingerprint: String {
        let anchor = isServerCertificateOperators ? serverCertificate.first ?? caCertificate : shownAuthority
        return Hex.encode(SHA256.hash(anchor))
    }
}

extension TrustState {
    /// Waiting to be redeemed, or redeemed by a member that is still here.
    fileprivate func isJoinTokenKnown(_ id: String) -> Bool {
        joinTokens[id] != nil || members.values.contains { $0.joinTokenID == id }
    }
}
