import EventLoop
package import JOSE
package import Raft

/// `member.json`: who this data directory is, and how far its founding or join has come. No secrets.
///
/// Written whole by an atomic replace at each step, so that a kill -9 at any point leaves a phase
/// from which the next start goes on or starts over.
package struct MemberFile: Equatable, Sendable {
    package enum Phase: String, Sendable {
        /// Nothing was ever acknowledged: the next start removes what there is and founds anew.
        case founding
        /// The secret may have been redeemed: the next start repeats the join with the same id and key.
        case joining
        case ready
        /// Serves nothing until `credence snapshot restore` has been run again: it begins anew.
        case restoring
        /// Serves nothing until `credence member recover` has been run again: it goes on from wherever it was.
        case recovering
        /// Half of the files may be gone: `credence member wipe` is to be run again.
        case wiping
    }

    package static let formatVersion: Int64 = 1
    /// What a start reads, and so what is written: `json` leaves out what has no room.
    static let bytesMax = 256 * 1024

    package var phase: Phase
    package var clusterID: String?
    package var memberID: MemberID
    package var name: String
    /// This member's own certificate (DER); nil until it has one.
    package var certificate: [UInt8]?
    package var caCertificate: [UInt8]?
    /// Who to talk to until the replicated membership has arrived.
    package var peers: [Peer]

    package init(
        phase: Phase, clusterID: String?, memberID: MemberID, name: String, certificate: [UInt8]?,
        caCertificate: [UInt8]?, peers: [Peer]
    ) {
        self.phase = phase
        self.clusterID = clusterID
        self.memberID = memberID
        self.name = name
        self.certificate = certificate
        self.caCertificate = caCertificate
        self.peers = peers
    }

    /// A member as far as another needs to know it in order to talk to it.
    package struct Peer: Equatable, Sendable {
        package let id: MemberID
        package let name: String
        package let addresses: [String]
        /// SubjectPublicKeyInfo; the pin.
        package let publicKey: [UInt8]
    }
}

extension MemberFile.Phase {
    /// What finishes it.
    var command: String {
        switch self {
        case .founding, .joining, .ready: "credence serve"
        case .restoring: "credence snapshot restore"
        case .recovering: "credence member recover"
        case .wiping: "credence member wipe"
        }
    }
}

extension MemberFile {
    package var json: JSON {
        var object = JSONObject([
            ("version", .integer(Self.formatVersion)), ("phase", .string(phase.rawValue)),
            ("member_id", .string(memberID.description)), ("name", .string(name)),
        ])
        object["cluster_id"] = clusterID.map(JSON.string)
        object["certificate"] = certificate.map { .string(Base64URL.encode($0)) }
        object["ca_certificate"] = caCertificate.map { .string(Base64URL.encode($0)) }
        object["peers"] = .array([])
        object["peers"] = .array(Peer.fitting(peers, bytesMax: Self.bytesMax - JSON.object(object).encoded().count))
        return .object(object)
    }

    package init(_ json: JSON) throws(JSONFieldError) {
        var reader = try JSONObjectReader(json)
        _ = try reader.integer("version", in: Self.formatVersion...Self.formatVersion)
        guard let phase = Phase(rawValue: try reader.string("phase")) else {
            throw reader.error("phase", "is none that this version knows")
        }
        guard let memberID = MemberID(try reader.string("member_id")) else {
            throw reader.error("member_id", "must be 32 hexadecimal digits")
        }
        self.phase = phase
        self.memberID = memberID
        name = try reader.string("name")
        clusterID = try reader.optionalString("cluster_id")
        certificate = try reader.optionalBase64URL("certificate", maxBytes: Self.bytesMax)
        caCertificate = try reader.optionalBase64URL("ca_certificate", maxBytes: Self.bytesMax)
        peers = try Peer.list(from: &reader, "peers")
        try reader.finish()
    }
}

extension MemberFile.Peer {
    package static let countMax = 1024

    /// As many peers as have room. All are worth more than every address of some: a member listens to nobody whose key it does
    /// not know, and any of them may lead and have the membership to tell, but one way to each is enough until then.
    fileprivate static func fitting(_ peers: [MemberFile.Peer], bytesMax: Int) -> [JSON] {
        let peers = peers.prefix(countMax)
        let whole = Self.fitting(peers.map(\.json), bytesMax: bytesMax)
        if whole.count == peers.count { return whole }
        let reachable = peers.map { MemberFile.Peer(id: $0.id, name: $0.name, addresses: Array($0.addresses.prefix(1)), publicKey: $0.publicKey).json }
        return Self.fitting(reachable, bytesMax: bytesMax)
    }

    private static func fitting(_ peers: [JSON], bytesMax: Int) -> [JSON] {
        var left = bytesMax
        return Array(peers.prefix { peer in
            // With the comma behind it.
            left -= peer.encoded().count + 1
            return left >= 0
        })
    }

    package var json: JSON {
        [
            "id": .string(id.description), "name": .string(name), "addresses": .strings(addresses),
            "public_key": .string(Base64URL.encode(publicKey)),
        ]
    }

    package init(_ json: JSON, context: String) throws(JSONFieldError) {
        var reader = try JSONObjectReader(json, context: context)
        guard let id = MemberID(try reader.string("id")) else {
            throw reader.error("id", "must be 32 hexadecimal digits")
        }
        self.id = id
        name = try reader.string("name")
        addresses = try reader.strings("addresses", max: 16, each: 300)
        guard !addresses.isEmpty else { throw reader.error("addresses", "must not be empty") }
        publicKey = try reader.base64URL("public_key", maxBytes: 4096)
        try reader.finish()
    }

    package static func list(
        from reader: inout JSONObjectReader, _ name: String
    ) throws(JSONFieldError) -> [MemberFile.Peer] {
        var peers: [MemberFile.Peer] = []
        for json in try reader.array(name, max: countMax) {
            peers.append(try MemberFile.Peer(json, context: reader.path(name)))
        }
        return peers
    }
}
