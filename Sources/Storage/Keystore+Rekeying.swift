package import Crypto

extension Keystore {
    /// Seals the same secrets anew under another passphrase, or without one, or with one for the first time. The file is
    /// replaced as a whole: a crash leaves it under the old passphrase or the new one.
    ///
    /// What an earlier change left behind when it was cut short goes with it: no key file stays beside an encrypted keystore,
    /// and no half-named copy of either. Both open copies of an old keystore that somebody may have.
    ///
    /// - Parameter keyFilePath: where a key file lies or would lie, whether one is in use or not.
    /// - Throws: `wrongPassphrase` and the like; nothing has been changed then.
    package static func rekey(
        path: String, keyFilePath: String, from old: KeystoreLock, to new: KeystoreLock, scrypt: Scrypt.Parameters = .standard
    ) throws(KeystoreError) {
        let file = try load(path)
        let opened = try open(file, key: try unlockingKey(file.unlocking, old, path: path), old, path: path)
        for temporary in temporaries(path: path, keyFilePath: keyFilePath) { try remove(temporary) }
        let unlocking: KeystoreFile.Unlocking
        switch new {
        case .passphrase: unlocking = .scrypt(salt: SecureRandom.bytes(16), scrypt)
        case .keyFile(let keyPath):
            // A key file that lies beside an encrypted keystore opens nothing; it is left from an earlier change.
            guard file.unlocking != .keyFile else { return }
            try remove(keyPath)
            unlocking = .keyFile
            try KeyFile.createIfMissing(path: keyPath)
        }
        let key = try unlockingKey(unlocking, new, path: path)
        var changed = KeystoreFile(
            memberID: file.memberID, unlocking: unlocking,
            sealedMemberKey: try seal(opened.memberKey, .memberKey(file.memberID), key), cluster: nil)
        if let membership = opened.membership { changed.cluster = try seal(membership, for: file.memberID, key) }
        try onDisk(path) { () throws(PrivateFile.Failure) in try PrivateFile.replace(path: path, bytes: changed.encoded()) }
        guard case .passphrase = new else { return }
        try remove(keyFilePath)
        try onDisk(keyFilePath) { () throws(PrivateFile.Failure) in try PrivateFile.syncDirectory(of: keyFilePath) }
    }

    /// What keeping the two files may have left behind when it was cut short; the keys may be in them.
    package static func temporaries(path: String, keyFilePath: String) -> [String] {
        [PrivateFile.temporary(of: path), PrivateFile.temporary(of: keyFilePath)]
    }

    private static func remove(_ path: String) throws(KeystoreError) {
        try onDisk(path) { () throws(PrivateFile.Failure) in try PrivateFile.remove(path: path) }
    }

    private static func onDisk(
        _ path: String, _ work: () throws(PrivateFile.Failure) -> Void
    ) throws(KeystoreError) {
        do throws(PrivateFile.Failure) { try work() } catch { throw .from(error, file: path) }
    }
}
