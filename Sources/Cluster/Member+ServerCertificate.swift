package import Crypto
import EventLoop
import HashTreeCollections
package import TrustStore

extension Member {
    /// Shows an operator's own certificate to clients, on every member, from now on.
    ///
    /// - Parameters:
    ///   - chain: leaf first; what the leaf must be is checked by the caller.
    ///   - key: the leaf's.
    package func setServerCertificate(
        _ chain: [Certificate], key: PrivateKey, by actor: TrustStore.Actor, requestID: RequestID? = nil
    ) async throws(ProposeError) {
        let sealed: [UInt8]
        do {
            sealed = try node.identity.custody.seal(key.pkcs8(), for: .serverKey)
        } catch {
            throw .keyUnavailable("the certificate's key could not be sealed: \(error)")
        }
        _ = try await propose(
            .setServerCertificate(SetServerCertificate(chain: chain.map(\.der), sealedKey: sealed, isOperators: true, fingerprint: chain.first?.fingerprint ?? "")), by: actor,
            requestID: requestID)
    }

    /// Goes back to a certificate of the cluster's CA, with a new key and the names of all members' addresses.
    package func resetServerCertificate(by actor: TrustStore.Actor, requestID: RequestID? = nil) async throws(ProposeError) {
        guard let cluster = view.state.cluster else { throw .noLeader }
        let new: SetServerCertificate
        do {
            let custody = node.identity.custody
            let authority = try Certificate(der: cluster.caCertificate)
            let authorityKey = try PrivateKey(pkcs8: custody.open(cluster.sealedCAKey, for: .authorityKey))
            let key = try PrivateKey.generate(.p256)
            let addresses = view.state.members.values.sorted { $0.name < $1.name }.flatMap(\.addresses)
            let leaf = try Founding.makeServerCertificate(
                key.publicKey, named: Founding.ServerNames(advertise: addresses), authority: authority, authorityKey, now: WallClock.nowSeconds())
            new = SetServerCertificate(
                chain: [leaf.der, authority.der], sealedKey: try custody.seal(key.pkcs8(), for: .serverKey), isOperators: false,
                fingerprint: leaf.fingerprint)
        } catch {
            throw .keyUnavailable("a certificate could not be made: \(error)")
        }
        _ = try await propose(.setServerCertificate(new), by: actor, requestID: requestID)
    }
}
