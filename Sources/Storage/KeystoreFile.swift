import Crypto
import JOSE
import Raft

/// `keystore.json` as it lies on the disk: everything secret in it is sealed.
struct KeystoreFile: Equatable {
    static let version: Int64 = 1
    static let bytesMax = 64 << 10
    private static let sealedBytesMax = 16 << 10

    /// How the key that seals the others is come by.
    enum Unlocking: Equatable {
        case scrypt(salt: [UInt8], Scrypt.Parameters)
        case keyFile
    }

    struct Cluster: Equatable {
        let id: String
        let sealedDataKey: [UInt8]
    }

    let memberID: MemberID
    let unlocking: Unlocking
    let sealedMemberKey: [UInt8]
    /// Nil until a join has been answered.
    var cluster: Cluster?

    // MARK: Writing

    /// The last member is a checksum over the others, so that damage and a wrong passphrase, which a
    /// failed unsealing cannot tell apart, have different names.
    func encoded() -> [UInt8] {
        var object = body
        object["checksum"] = .string(Self.checksum(of: object))
        return JSON.object(object).encoded() + [UInt8(ascii: "\n")]
    }

    private var body: JSONObject {
        var object: JSONObject = ["v": .integer(Self.version), "member_id": .string(memberID.description)]
        object["unlock"] = unlocking.json
        object["sealed_member_key"] = .string(Base64URL.encode(sealedMemberKey))
        if let cluster {
            object["cluster"] = ["id": .string(cluster.id), "sealed_data_key": .string(Base64URL.encode(cluster.sealedDataKey))]
        }
        return object
    }

    private static func checksum(of object: JSONObject) -> String {
        Hex.encode(SHA256.hash(JSON.object(object).encoded()))
    }

    // MARK: Reading

    init(memberID: MemberID, unlocking: Unlocking, sealedMemberKey: [UInt8], cluster: Cluster?) {
        self.memberID = memberID
        self.unlocking = unlocking
        self.sealedMemberKey = sealedMemberKey
        self.cluster = cluster
    }

    init(decoding bytes: [UInt8], path: String) throws(KeystoreError) {
        do {
            let json = try JSON(parsing: bytes.last == UInt8(ascii: "\n") ? bytes.dropLast() : bytes[...])
            var reader = try JSONObjectReader(json)
            let version = try reader.integer("v")
            guard version == Self.version else { throw KeystoreError.unsupportedVersion(file: path, found: version) }
            let checksum = try reader.string("checksum")
            var unsummed = json.objectValue ?? JSONObject()
            unsummed["checksum"] = nil
            guard checksum == Self.checksum(of: unsummed) else {
                throw KeystoreError.damaged(file: path, what: "its checksum does not fit")
            }
            try self.init(from: &reader)
            try reader.finish()
        } catch let error as KeystoreError {
            throw error
        } catch {
            throw .damaged(file: path, what: "\(error)")
        }
    }

    private init(from reader: inout JSONObjectReader) throws(JSONFieldError) {
        guard let memberID = MemberID(try reader.string("member_id")) else {
            throw reader.error("member_id", "must be 32 lower hexadecimal digits")
        }
        self.memberID = memberID
        var unlock = try reader.object("unlock")
        unlocking = try Unlocking(from: &unlock)
        try unlock.finish()
        sealedMemberKey = try reader.base64URL("sealed_member_key", maxBytes: Self.sealedBytesMax)
        guard var inner = try reader.optionalObject("cluster") else { return }
        cluster = Cluster(
            id: try inner.string("id", min: 1),
            sealedDataKey: try inner.base64URL("sealed_data_key", maxBytes: Self.sealedBytesMax))
        try inner.finish()
    }
}

extension KeystoreFile.Unlocking {
    var json: JSON {
        switch self {
        case .keyFile: ["kind": "key_file"]
        case .scrypt(let salt, let parameters):
            [
                "kind": "scrypt", "salt": .string(Base64URL.encode(salt)), "log_n": .integer(Int64(parameters.logN)),
                "r": .integer(Int64(parameters.r)), "p": .integer(Int64(parameters.p)),
            ]
        }
    }

    init(from reader: inout JSONObjectReader) throws(JSONFieldError) {
        switch try reader.string("kind") {
        case "key_file": self = .keyFile
        case "scrypt":
            // `Scrypt` bounds what the numbers may cost.
            let parameters = Scrypt.Parameters(
                logN: Int(try reader.integer("log_n", in: 1...63)),
                r: Int(try reader.integer("r", in: 1...1_024)),
                p: Int(try reader.integer("p", in: 1...1_024)))
            self = .scrypt(salt: try reader.base64URL("salt", maxBytes: Scrypt.saltBytesMax), parameters)
        default: throw reader.error("kind", "must be \"scrypt\" or \"key_file\"")
        }
    }
}
