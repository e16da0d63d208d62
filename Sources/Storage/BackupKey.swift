package import Crypto
import JOSE
package import Raft

/// The cluster's data key as a backup carries it. Without it the keys inside the state stay sealed, and a backup could not
/// be restored once the members are gone.
package enum BackupKey: Sendable, Equatable {
    /// Sealed under a passphrase by scrypt, as in a keystore.
    case sealed(SealedDataKey)
    /// Whoever reads the file has every key of the cluster.
    case inClear(SecretBytes)

    /// Sealed under a passphrase of its own.
    package static func sealing(
        _ dataKey: SecretBytes, member: MemberID, clusterID: String, passphrase: SecretBytes, scrypt: Scrypt.Parameters = .standard
    ) throws(KeystoreError) -> BackupKey {
        let unlocking = KeystoreFile.Unlocking.scrypt(salt: SecureRandom.bytes(16), scrypt)
        let key = try Keystore.unlockingKey(unlocking, .passphrase(passphrase), path: "the backup")
        let sealed = try Keystore.seal(Keystore.Membership(clusterID: clusterID, dataKey: dataKey), for: member, key)
        return .sealed(SealedDataKey(member: member, unlocking: unlocking, bytes: sealed.sealedDataKey, successor: nil))
    }

    /// As a member's keystore holds it, under that keystore's passphrase; nil when it has none.
    ///
    /// - Parameter successor: the data key that replaced the one in the keystore, sealed under that one with `successorData`.
    package static func ofKeystore(path: String, successor: [UInt8]?) throws(KeystoreError) -> BackupKey? {
        let file = try Keystore.load(path)
        guard file.unlocking != .keyFile, let cluster = file.cluster else { return nil }
        return .sealed(SealedDataKey(member: file.memberID, unlocking: file.unlocking, bytes: cluster.sealedDataKey, successor: successor))
    }

    package static func successorData(clusterID: String) -> [UInt8] { Array("credence/1/\(clusterID)/backup-data-key".utf8) }

    /// - Parameter file: for errors.
    package func open(clusterID: String, passphrase: SecretBytes?, file: String) throws(BackupError) -> SecretBytes {
        switch self {
        case .inClear(let key): return key
        case .sealed(let sealed):
            guard let passphrase else { throw .passphraseRequired(file: file) }
            return try sealed.open(clusterID: clusterID, passphrase: passphrase, file: file)
        }
    }
}

package struct SealedDataKey: Sendable, Equatable {
    /// Whose keystore this was, or who made the backup: bound to the seal.
    let member: MemberID
    let unlocking: KeystoreFile.Unlocking
    let bytes: [UInt8]
    /// The key that came after the one in that keystore, sealed under it.
    let successor: [UInt8]?

    fileprivate var fields: JSONObject {
        var fields: JSONObject = [
            "kind": "sealed", "member_id": .string(member.description), "unlock": unlocking.json,
            "sealed_data_key": .string(Base64URL.encode(bytes)),
        ]
        fields["sealed_successor"] = successor.map { .string(Base64URL.encode($0)) }
        return fields
    }

    fileprivate func open(clusterID: String, passphrase: SecretBytes, file: String) throws(BackupError) -> SecretBytes {
        do {
            let key = try Keystore.unlockingKey(unlocking, .passphrase(passphrase), path: file)
            let kept = try AESGCM.open(bytes, key: key, associatedData: Keystore.Purpose.dataKey(member, clusterID: clusterID).associatedData)
            guard let successor else { return kept }
            return try AESGCM.open(successor, key: kept, associatedData: BackupKey.successorData(clusterID: clusterID))
        } catch CryptoError.authenticationFailed {
            throw .wrongPassphrase(file: file)
        } catch {
            throw .damaged(file: file, what: "the sealed data key cannot be opened: \(error)")
        }
    }
}

extension BackupKey {
    private static let sealedBytesMax = 1 << 10

    var json: JSON {
        switch self {
        case .sealed(let sealed): .object(sealed.fields)
        case .inClear(let key): ["kind": "clear", "data_key": .string(key.withSpan { Base64URL.encode($0) })]
        }
    }

    init(from reader: inout JSONObjectReader) throws(JSONFieldError) {
        switch try reader.string("kind") {
        case "clear":
            let key = try reader.base64URL("data_key", maxBytes: AESGCM.keyByteCount)
            guard key.count == AESGCM.keyByteCount else { throw reader.error("data_key", "has the wrong length") }
            self = .inClear(SecretBytes(key))
        case "sealed":
            guard let member = MemberID(try reader.string("member_id")) else {
                throw reader.error("member_id", "must be 32 lower hexadecimal digits")
            }
            var unlock = try reader.object("unlock")
            let unlocking = try KeystoreFile.Unlocking(from: &unlock)
            guard unlocking != .keyFile else { throw reader.error("unlock", "must be scrypt") }
            try unlock.finish()
            self = .sealed(
                SealedDataKey(
                    member: member, unlocking: unlocking, bytes: try reader.base64URL("sealed_data_key", maxBytes: Self.sealedBytesMax),
                    successor: try reader.optionalBase64URL("sealed_successor", maxBytes: Self.sealedBytesMax)))
        default: throw reader.error("kind", "must be \"sealed\" or \"clear\"")
        }
    }
}
