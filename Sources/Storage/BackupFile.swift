import Crypto
package import TrustStore

/// A backup of one member's applied state, as one file:
///
///     credence-snapshot 1\n
///     {what it says of itself: BackupManifest, with the SHA-256 and the length of what follows}\n
///     the bytes of a copy of state.db
///     32 bytes: SHA-256 of both lines
///
/// So the length says whether the end is missing, the manifest's hash speaks for every byte of the state, and the last hash for
/// every byte of the manifest.
package enum BackupFile {
    private static let magic = "credence-snapshot "
    static let firstLine = "\(magic)\(BackupManifest.version)\n"
    private static let firstLineBytesMax = 64

    /// The bytes in front of the state, and those behind it.
    package static func frame(_ manifest: BackupManifest) -> (head: [UInt8], tail: [UInt8]) {
        let head = Array(firstLine.utf8) + manifest.encoded() + [UInt8(ascii: "\n")]
        return (head, SHA256.hash(head))
    }

    package static func byteCount(_ manifest: BackupManifest) -> UInt64 {
        let (head, tail) = frame(manifest)
        return UInt64(head.count) + manifest.stateByteCount + UInt64(tail.count)
    }

    /// Once that much of a file is there, how long the whole will be; nil before, or when it is no backup.
    package static func expectedByteCount(beginning bytes: [UInt8]) -> UInt64? {
        guard let (manifest, headCount) = try? head(of: bytes[...], file: "") else { return nil }
        return UInt64(headCount) + manifest.stateByteCount + UInt64(SHA256.byteCount)
    }

    /// Reads all of it and believes none of it before the hashes agree.
    package static func check(_ path: String) throws(BackupError) -> BackupManifest {
        let (manifest, offset) = try readHead(path)
        var hash = SHA256Stream()
        var done: UInt64 = 0
        while done < manifest.stateByteCount {
            let piece = try read(path, from: offset + done, countMax: Int(min(1 << 20, manifest.stateByteCount - done)))
            guard !piece.isEmpty else { throw .truncated(file: path, byteCount: offset + done, expected: byteCount(manifest)) }
            hash.update(piece)
            done += UInt64(piece.count)
        }
        guard hash.finalize() == manifest.stateHash else { throw stateIsDamaged(path) }
        return manifest
    }

    /// Copies the state out into a new file, checked on the way. Nothing is left of one that does not fit.
    package static func extractState(_ path: String, to statePath: String) throws(BackupError) -> BackupManifest {
        let (manifest, offset) = try readHead(path)
        var hash = SHA256Stream()
        do throws(PrivateFile.Failure) {
            try PrivateFile.copy(path, from: offset, byteCount: manifest.stateByteCount, toNew: statePath) { hash.update($0) }
        } catch {
            try? PrivateFile.remove(path: statePath)
            throw error.isDiskFull ? .diskFull(file: statePath) : .unreadable(file: path, what: error.description)
        }
        guard hash.finalize() == manifest.stateHash else {
            try? PrivateFile.remove(path: statePath)
            throw stateIsDamaged(path)
        }
        return manifest
    }

    /// The state that was copied out: every page and row, and that it stands where the backup says.
    package static func openState(_ statePath: String, _ manifest: BackupManifest, file: String) throws(BackupError) -> (StateStore, TrustState) {
        do throws(StorageError) {
            let store = try StateStore.open(path: statePath, clusterID: manifest.clusterID)
            guard store.applied.position == manifest.position, store.applied.chain == manifest.chain else {
                throw StorageError.corrupt(file: file, index: nil, what: "the state inside stands elsewhere than the backup says")
            }
            return (store, try store.loadState())
        } catch {
            if case .corrupt(_, _, let what) = error { throw .damaged(file: file, what: what) }
            throw .storage(error)
        }
    }

    /// By its first bytes.
    package static func isOne(_ path: String) -> Bool {
        (try? read(path, from: 0, countMax: magic.utf8.count))?.elementsEqual(magic.utf8) ?? false
    }

    // MARK: -

    private static func stateIsDamaged(_ path: String) -> BackupError {
        .damaged(file: path, what: "the state inside does not fit its SHA-256")
    }

    private static func readHead(_ path: String) throws(BackupError) -> (BackupManifest, UInt64) {
        let beginning = try read(path, from: 0, countMax: firstLineBytesMax + BackupManifest.bytesMax)
        let (manifest, headCount) = try head(of: beginning[...], file: path)
        let found: UInt64
        do throws(PrivateFile.Failure) {
            found = try PrivateFile.size(path: path)
        } catch {
            throw .unreadable(file: path, what: error.description)
        }
        let expected = UInt64(headCount) + manifest.stateByteCount + UInt64(SHA256.byteCount)
        let sum = try read(path, from: expected - UInt64(SHA256.byteCount), countMax: SHA256.byteCount)
        let isHeadWhole = sum == SHA256.hash(beginning[..<headCount])
        // Of a damaged length nothing follows.
        guard found == expected, isHeadWhole else {
            if found < expected { throw .truncated(file: path, byteCount: found, expected: expected) }
            if found > expected, isHeadWhole { throw .damaged(file: path, what: "\(found - expected) bytes follow its end") }
            throw .damaged(file: path, what: "what it says of itself does not fit its SHA-256")
        }
        return (manifest, UInt64(headCount))
    }

    private static func head(of bytes: ArraySlice<UInt8>, file: String) throws(BackupError) -> (BackupManifest, Int) {
        guard bytes.starts(with: magic.utf8), let firstEnd = bytes.firstIndex(of: UInt8(ascii: "\n")), firstEnd < firstLineBytesMax else {
            throw .unknown(file: file)
        }
        let version = String(decoding: bytes[magic.utf8.count..<firstEnd], as: UTF8.self)
        guard version == String(BackupManifest.version) else { throw .unsupportedVersion(file: file, found: version) }
        let rest = bytes[(firstEnd + 1)...]
        guard let end = rest.firstIndex(of: UInt8(ascii: "\n")) else {
            throw .damaged(file: file, what: "it ends, or is unreadable, before the state begins")
        }
        return (try BackupManifest(decoding: rest[..<end], file: file), end + 1)
    }

    private static func read(_ path: String, from offset: UInt64, countMax: Int) throws(BackupError) -> [UInt8] {
        do throws(PrivateFile.Failure) {
            return try PrivateFile.read(path: path, from: offset, countMax: countMax)
        } catch {
            throw .unreadable(file: path, what: error.isMissing ? "there is no such file" : error.description)
        }
    }
}
