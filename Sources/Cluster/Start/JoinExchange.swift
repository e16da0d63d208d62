import Crypto
package import JOSE
package import Raft
import TrustStore

/// The body of `POST /1.0/cluster/join`: a machine that holds a join secret asks to be a member.
package struct JoinRequest: Equatable, Sendable {
    package static let certificateRequestBytesMax = 16 * 1024

    package let serverName: String
    /// The secret of the join token, in hex. Compared by hash, never logged.
    package let secret: String
    /// Chosen by the joiner, kept over repeats of the same join.
    package let memberID: MemberID
    /// PKCS #10, DER; signed with the joiner's own key.
    package let certificateRequest: [UInt8]
    package let addresses: [String]
    /// The highest feature level the joiner's binary knows; the cluster uses no newer command until all know it.
    package let featureLevel: Int64

    package var json: JSON {
        [
            "feature_level": .integer(featureLevel), "server_name": .string(serverName), "secret": .string(secret), "member_id": .string(memberID.description),
            "certificate_request": .string(Base64URL.encode(certificateRequest)), "addresses": .strings(addresses),
        ]
    }

    init(serverName: String, secret: String, memberID: MemberID, certificateRequest: [UInt8], addresses: [String]) {
        featureLevel = TrustState.featureLevel
        self.serverName = serverName
        self.secret = secret
        self.memberID = memberID
        self.certificateRequest = certificateRequest
        self.addresses = addresses
    }

    package init(json: JSON) throws(JSONFieldError) {
        var reader = try JSONObjectReader(json)
        serverName = try reader.string("server_name", min: 1, max: 256)
        secret = try reader.string("secret", min: 1, max: 256)
        guard let memberID = MemberID(try reader.string("member_id", max: 64)) else {
            throw reader.error("member_id", "must be 32 hexadecimal digits")
        }
        self.memberID = memberID
        certificateRequest = try reader.base64URL("certificate_request", maxBytes: Self.certificateRequestBytesMax)
        addresses = try reader.strings("addresses", max: 16, each: 300)
        featureLevel = try reader.integer("feature_level", in: 1...1_000_000)
        try reader.finish()
    }
}

extension JoinRequest: CustomStringConvertible, CustomDebugStringConvertible {
    package var description: String { "a join request of \(serverName)" }
    package var debugDescription: String { description }
}

extension JoinResponse: CustomStringConvertible, CustomDebugStringConvertible {
    package var description: String { "the answer to a join of cluster \(clusterID)" }
    package var debugDescription: String { description }
}

/// What an admitted joiner is told. Carries the cluster's data key: only ever sent to a caller that
/// has proved the secret, over a connection whose server the caller has checked.
package struct JoinResponse: Sendable {
    package let clusterID: String
    package let certificate: [UInt8]
    package let caCertificate: [UInt8]
    package let peers: [MemberFile.Peer]
    let dataKey: SecretBytes

    package var json: JSON {
        [
            "cluster_id": .string(clusterID), "certificate": .string(Base64URL.encode(certificate)),
            "ca_certificate": .string(Base64URL.encode(caCertificate)), "members": .array(peers.map(\.json)),
            "data_key": .string(dataKey.withSpan { Base64URL.encode($0) }),
        ]
    }

    init(clusterID: String, certificate: [UInt8], caCertificate: [UInt8], peers: [MemberFile.Peer], dataKey: SecretBytes) {
        self.clusterID = clusterID
        self.certificate = certificate
        self.caCertificate = caCertificate
        self.peers = peers
        self.dataKey = dataKey
    }

    init(json: JSON) throws(JSONFieldError) {
        var reader = try JSONObjectReader(json)
        clusterID = try reader.string("cluster_id", min: 1, max: 64)
        certificate = try reader.base64URL("certificate", maxBytes: 16 * 1024)
        caCertificate = try reader.base64URL("ca_certificate", maxBytes: 16 * 1024)
        peers = try MemberFile.Peer.list(from: &reader, "members")
        let dataKey = try reader.base64URL("data_key", maxBytes: AESGCM.keyByteCount)
        guard dataKey.count == AESGCM.keyByteCount else { throw reader.error("data_key", "has the wrong length") }
        self.dataKey = SecretBytes(dataKey)
        try reader.finish(unknown: .ignore)
    }
}
