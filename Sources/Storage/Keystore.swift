package import Crypto
package import Raft

/// The secrets a member keeps for itself, opened: its private key and, once it belongs to a cluster,
/// the data key under which the cluster's secrets in log and state are sealed.
///
/// On disk (`keystore.json`, mode 0600) both are sealed with AES-256-GCM under a key that comes from
/// the operator's passphrase by scrypt, or from a key file.
package struct Keystore: Sendable {
    package struct Membership: Sendable {
        /// 32 lower hexadecimal digits.
        package let clusterID: String
        /// 32 bytes, the same on every member.
        package let dataKey: SecretBytes

        package init(clusterID: String, dataKey: SecretBytes) {
            self.clusterID = clusterID
            self.dataKey = dataKey
        }
    }

    package let memberID: MemberID
    /// PKCS #8.
    package let memberKey: SecretBytes
    /// Nil while a join has not been answered: the key exists before, so that a repeated join is
    /// recognised by it.
    package let membership: Membership?

    package static func exists(path: String) -> Bool {
        PrivateFile.exists(path: path)
    }

    /// Whether opening takes a passphrase; asks nothing secret.
    package static func isEncrypted(path: String) throws(KeystoreError) -> Bool {
        try load(path).unlocking != .keyFile
    }

    /// - Parameter membership: a founder's; nil for a joiner.
    package static func create(
        path: String, memberID: MemberID, memberKey: SecretBytes, membership: Membership?, lock: KeystoreLock,
        scrypt: Scrypt.Parameters = .standard
    ) throws(KeystoreError) -> Keystore {
        let unlocking: KeystoreFile.Unlocking
        switch lock {
        case .passphrase: unlocking = .scrypt(salt: SecureRandom.bytes(16), scrypt)
        case .keyFile(let keyPath):
            unlocking = .keyFile
            try KeyFile.createIfMissing(path: keyPath)
        }
        let key = try unlockingKey(unlocking, lock, path: path)
        var file = KeystoreFile(
            memberID: memberID, unlocking: unlocking,
            sealedMemberKey: try seal(memberKey, .memberKey(memberID), key), cluster: nil)
        if let membership { file.cluster = try seal(membership, for: memberID, key) }
        do throws(PrivateFile.Failure) {
            try PrivateFile.create(path: path, bytes: file.encoded())
        } catch {
            throw .from(error, file: path)
        }
        return Keystore(memberID: memberID, memberKey: memberKey, membership: membership)
    }

    package static func open(path: String, lock: KeystoreLock) throws(KeystoreError) -> Keystore {
        let file = try load(path)
        return try open(file, key: try unlockingKey(file.unlocking, lock, path: path), lock, path: path)
    }

    /// Records the answer to a join. The file is replaced as a whole, so a crash leaves it joined or not.
    package static func completeJoin(
        path: String, lock: KeystoreLock, membership: Membership
    ) throws(KeystoreError) -> Keystore {
        var file = try load(path)
        let key = try unlockingKey(file.unlocking, lock, path: path)
        let opened = try open(file, key: key, lock, path: path)
        guard opened.membership == nil else { throw .alreadyMember(file: path) }
        file.cluster = try seal(membership, for: file.memberID, key)
        do throws(PrivateFile.Failure) {
            try PrivateFile.replace(path: path, bytes: file.encoded())
        } catch {
            throw .from(error, file: path)
        }
        return Keystore(memberID: opened.memberID, memberKey: opened.memberKey, membership: membership)
    }
}

// MARK: - Sealing

extension Keystore {
    /// What a sealed value is for, bound to it as associated data: one cannot be put in the other's place,
    /// nor into another member's or cluster's file.
    enum Purpose {
        case memberKey(MemberID)
        case dataKey(MemberID, clusterID: String)

        var associatedData: [UInt8] {
            switch self {
            case .memberKey(let member): Array("credence keystore 1 member-key \(member)".utf8)
            case .dataKey(let member, let cluster): Array("credence keystore 1 data-key \(member) \(cluster)".utf8)
            }
        }
    }

    static func load(_ path: String) throws(KeystoreError) -> KeystoreFile {
        let bytes: [UInt8]
        do throws(PrivateFile.Failure) {
            bytes = try PrivateFile.read(path: path, bytesMax: KeystoreFile.bytesMax)
        } catch {
            throw .from(error, file: path)
        }
        return try KeystoreFile(decoding: bytes, path: path)
    }

    static func unlockingKey(
        _ unlocking: KeystoreFile.Unlocking, _ lock: KeystoreLock, path: String
    ) throws(KeystoreError) -> SecretBytes {
        switch (unlocking, lock) {
        case (.keyFile, .keyFile(let keyPath)): return try KeyFile.read(path: keyPath)
        case (.keyFile, .passphrase): throw .notEncrypted(file: path)
        case (.scrypt, .keyFile): throw .passphraseRequired(file: path)
        case (.scrypt(let salt, let parameters), .passphrase(let passphrase)):
            do throws(CryptoError) {
                return try Scrypt.derive(
                    passphrase: passphrase, salt: salt, parameters: parameters, count: AESGCM.keyByteCount)
            } catch {
                throw .crypto(error)
            }
        }
    }

    static func open(
        _ file: KeystoreFile, key: SecretBytes, _ lock: KeystoreLock, path: String
    ) throws(KeystoreError) -> Keystore {
        do throws(CryptoError) {
            let memberKey = try AESGCM.open(
                file.sealedMemberKey, key: key, associatedData: Purpose.memberKey(file.memberID).associatedData)
            guard let cluster = file.cluster else {
                return Keystore(memberID: file.memberID, memberKey: memberKey, membership: nil)
            }
            let dataKey = try AESGCM.open(
                cluster.sealedDataKey, key: key,
                associatedData: Purpose.dataKey(file.memberID, clusterID: cluster.id).associatedData)
            return Keystore(
                memberID: file.memberID, memberKey: memberKey,
                membership: Membership(clusterID: cluster.id, dataKey: dataKey))
        } catch {
            guard error == .authenticationFailed else { throw .crypto(error) }
            switch lock {
            case .passphrase: throw .wrongPassphrase(file: path)
            case .keyFile(let keyPath): throw .wrongKeyFile(file: keyPath)
            }
        }
    }

    static func seal(
        _ membership: Membership, for member: MemberID, _ key: SecretBytes
    ) throws(KeystoreError) -> KeystoreFile.Cluster {
        let purpose = Purpose.dataKey(member, clusterID: membership.clusterID)
        return KeystoreFile.Cluster(
            id: membership.clusterID, sealedDataKey: try seal(membership.dataKey, purpose, key))
    }

    static func seal(
        _ secret: SecretBytes, _ purpose: Purpose, _ key: SecretBytes
    ) throws(KeystoreError) -> [UInt8] {
        do throws(CryptoError) {
            return try secret.withSpan { plaintext throws(CryptoError) in
                try AESGCM.seal(plaintext, key: key, associatedData: purpose.associatedData)
            }
        } catch {
            throw .crypto(error)
        }
    }
}
