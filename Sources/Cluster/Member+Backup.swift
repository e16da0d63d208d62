package import Crypto
import EventLoop
import JOSE
import Logging
import Raft
import Storage
import Synchronization
import TrustStore

/// How the cluster's data key goes into a backup.
package enum BackupSealing: Sendable {
    /// As this member's keystore holds it, under the passphrase of that keystore.
    case keystore
    case passphrase(SecretBytes)
    case inClear
}

/// Why there is no backup; nothing was made.
package enum BackupFailure: Error, Equatable, Sendable {
    /// One at a time, because each is a copy of the whole state on this member's disk.
    case busy
    /// The keystore has no passphrase that could seal the data key.
    case passphraseRequired
    case passphraseUnusable
    case notFounded
    /// This member's state is not, or may not be, that of the cluster.
    case outOfService(String)
    case unavailable(String)
    case stopping
}

extension Member {
    /// A consistent copy of all that this member has applied, at its index.
    ///
    /// The copy lies on this member's disk until the stream is dropped. Takes as long as the state is large, on threads that
    /// hold up nobody.
    ///
    /// - Parameter caller: for the log: whoever has a backup and its passphrase has every key.
    package func backup(sealing: BackupSealing, by caller: String) async throws(BackupFailure) -> BackupStream {
        if let reason = node.quarantine { throw .outOfService(reason) }
        let view = view
        guard let cluster = view.state.cluster else { throw .notFounded }
        guard let place = BackupPlace.take(from: backupsRunning) else { throw .busy }
        let key = try await key(sealing)
        let copy: BackupCopy
        switch await storage.makeBackup(atLeast: view.index) {
        case .success(let made)?: copy = made
        case .failure(let error)?: throw .unavailable(error.description)
        case nil: throw .stopping
        }
        // The copy may already hold what was sealed under a data key that came after the one taken here.
        guard await isDataKey(cluster.dataKeyID, stillInUseAt: copy.point.position.index) else {
            copy.remove()
            throw .unavailable("the cluster's data key was changed at the same moment; try again")
        }
        let manifest = BackupManifest(
            clusterID: clusterID, clusterName: cluster.name, memberName: name, copy: copy, featureLevel: view.state.featureLevel,
            madeAt: WallClock.nowSeconds(), isCurrent: freshness(of: view).isFresh, key: key)
        let isInClear = if case .inClear = sealing { true } else { false }
        node.logger.notice(
            "a backup is sent",
            metadata: ["caller": "\(caller)", "index": "\(copy.point.position.index)", "data_key": isInClear ? "in clear" : "sealed"])
        return BackupStream(copy, manifest, loop: loop, place, node.logger)
    }

    private func isDataKey(_ id: [UInt8], stillInUseAt index: LogIndex) async -> Bool {
        do throws(ProposeError) { try await waitUntilApplied(index, timeout: Self.defaultTimeout) } catch { return false }
        return view.state.cluster?.dataKeyID == id && node.identity.custody.dataKey.id == id
    }

    private func key(_ sealing: BackupSealing) async throws(BackupFailure) -> BackupKey {
        do {
            switch sealing {
            case .inClear: return .inClear(node.identity.custody.shared)
            case .keystore:
                let path = directory.keystorePath
                let successor = try node.identity.custody.successorForBackup()
                guard let key = try await loop.runBlocking({ try BackupKey.ofKeystore(path: path, successor: successor) }) else {
                    throw BackupFailure.passphraseRequired
                }
                return key
            case .passphrase(let passphrase):
                let (dataKey, id, clusterID) = (node.identity.custody.shared, id, clusterID)
                return try await loop.runBlocking {
                    try BackupKey.sealing(dataKey, member: id, clusterID: clusterID, passphrase: passphrase)
                }
            }
        } catch let failure as BackupFailure {
            throw failure
        } catch KeystoreError.crypto(.outOfBounds) {
            throw .passphraseUnusable
        } catch let error as KeystoreError {
            throw .unavailable(error.description)
        } catch {
            throw .unavailable("too much is under way here at the moment")
        }
    }
}

/// Held while a backup is made and sent; the next one may begin when it is dropped.
final class BackupPlace: Sendable {
    final class Register: Sendable {
        fileprivate let isTaken = Mutex(false)
    }

    private let register: Register

    static func take(from register: Register) -> BackupPlace? {
        let isFree = register.isTaken.withLock { taken in
            defer { taken = true }
            return !taken
        }
        return isFree ? BackupPlace(register) : nil
    }

    private init(_ register: Register) { self.register = register }

    deinit { register.isTaken.withLock { $0 = false } }
}

/// A backup on its way out, as `BackupFile` lays it down. Its copy of the state goes when this is dropped.
package final class BackupStream: Sendable {
    private static let pieceBytes = 256 << 10

    /// For the name of a file.
    package let index: UInt64
    package let byteCount: UInt64
    private let copy: BackupCopy
    private let head: [UInt8]
    private let tail: [UInt8]
    private let loop: EventLoop
    private let place: BackupPlace
    private let logger: Logger
    private let offset = Mutex<UInt64>(0)

    init(_ copy: BackupCopy, _ manifest: BackupManifest, loop: EventLoop, _ place: BackupPlace, _ logger: Logger) {
        self.logger = logger
        self.copy = copy
        self.loop = loop
        self.place = place
        (head, tail) = BackupFile.frame(manifest)
        byteCount = BackupFile.byteCount(manifest)
        index = manifest.position.index.rawValue
    }

    deinit {
        copy.remove()
        let sent = offset.withLock { $0 }
        guard sent < byteCount else { return }
        logger.warning(
            "a backup was not sent to its end: its client went away, was too slow, or the copy could not be read; the next one may begin",
            metadata: ["index": "\(index)", "sent_bytes": "\(sent)", "of_bytes": "\(byteCount)"])
    }

    /// The next bytes, in order; nil when they cannot be read, and at the end.
    package func next() async -> [UInt8]? {
        let start = offset.withLock { $0 }
        let stateEnd = UInt64(head.count) + copy.byteCount
        let piece: [UInt8]?
        if start < UInt64(head.count) {
            piece = Array(head[Int(start)...])
        } else if start < stateEnd {
            let (copy, from) = (copy, start - UInt64(head.count))
            // The file may have been damaged since it was looked through; the hash in front tells whoever reads it.
            let countMax = Int(min(UInt64(Self.pieceBytes), stateEnd - start))
            piece = try? await loop.runBlocking { try copy.read(from: from, countMax: countMax) }
        } else {
            piece = start == stateEnd ? tail : nil
        }
        offset.withLock { $0 += UInt64(piece?.count ?? 0) }
        return piece
    }
}
