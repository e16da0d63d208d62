package import Crypto
import EventLoop
import Raft
import Storage
import Tokens
import TrustStore

/// Makes a new cluster of one member in an empty directory from a backup.
package struct Restoring: Sendable {
    /// Of the backup file.
    package var path: String
    package var dataDirectory: String
    /// The new member's.
    package var name: String
    package var advertise: [String]
    package var encryptsKeystore: Bool
    /// Of the new keystore.
    package var passphrase: SecretBytes?
    /// Opens the data key inside the backup.
    package var backupPassphrase: SecretBytes?
    /// Unix seconds; tokens issued then or earlier are revoked.
    package var revokeBefore: Int64?

    package init(
        path: String, dataDirectory: String, name: String, advertise: [String], encryptsKeystore: Bool, passphrase: SecretBytes?,
        backupPassphrase: SecretBytes?, revokeBefore: Int64?
    ) {
        self.path = path
        self.dataDirectory = dataDirectory
        self.name = name
        self.advertise = advertise
        self.encryptsKeystore = encryptsKeystore
        self.passphrase = passphrase
        self.backupPassphrase = backupPassphrase
        self.revokeBefore = revokeBefore
    }

    /// Blocks. Until everything has been checked that can be without a copy of the state, nothing is written; from then on a
    /// crash leaves a directory that serves nothing until this is run again, which begins anew.
    package func run() throws(StartError) {
        guard MemberName.isValid(name) else { throw .nameInvalid(name) }
        guard !advertise.isEmpty else { throw .addressInvalid("") }
        for address in advertise where !MemberAddress.isValid(address) { throw .addressInvalid(address) }
        let keystoreLock = try newKeystoreLock
        do {
            let manifest = try BackupFile.check(path)
            let dataKey = try manifest.key.open(clusterID: manifest.clusterID, passphrase: backupPassphrase, file: path)
            let directory = try DataDirectory(opening: dataDirectory)
            defer { directory.release() }
            try Self.checkIsUnused(directory)
            do {
                try build(in: directory, manifest, dataKey, keystoreLock(directory))
            } catch {
                try? directory.clear()
                throw error
            }
        } catch {
            throw StartError(error, doing: "the backup could not be restored")
        }
    }

    private var newKeystoreLock: (DataDirectory) -> KeystoreLock {
        get throws(StartError) {
            guard encryptsKeystore else { return { .keyFile(path: $0.keyFilePath) } }
            guard let passphrase else { throw .passphraseRequired }
            return { _ in .passphrase(passphrase) }
        }
    }

    private static func checkIsUnused(_ directory: DataDirectory) throws(StartError) {
        switch try directory.readMemberFile()?.phase {
        case nil, .restoring: return
        case .founding, .joining, .ready, .recovering, .wiping: throw .notEmpty(path: directory.path)
        }
    }

    private func build(
        in directory: DataDirectory, _ manifest: BackupManifest, _ dataKey: SecretBytes, _ lock: KeystoreLock
    ) throws {
        try directory.clear()
        let id = MemberStart.newMemberID()
        var file = MemberFile(
            phase: .restoring, clusterID: manifest.clusterID, memberID: id, name: name, certificate: nil, caCertificate: nil, peers: [])
        try directory.write(file)
        _ = try BackupFile.extractState(path, to: directory.statePath)
        let (store, state) = try BackupFile.openState(directory.statePath, manifest, file: path)
        guard let cluster = state.cluster, cluster.id == manifest.clusterID else {
            throw BackupError.damaged(file: path, what: "the state inside is that of no cluster")
        }
        let authority = try Certificate(der: cluster.caCertificate)
        let authorityKey = try Self.authorityKey(of: state, cluster, dataKey, file: path)
        let key = try PrivateKey.generate(.p256)
        let certificate = try Founding.makeMemberCertificate(
            key.publicKey, clusterID: cluster.id, member: id, authority: authority, authorityKey, now: WallClock.nowSeconds())
        let rebuilding = Rebuilding(
            after: store.applied.position, hardState: HardState(),
            RebuildCluster(
                origin: .backup,
                member: NewMember(
                    id: id, name: name, addresses: advertise, publicKey: key.publicKey.spki, certificate: certificate.der),
                revokeBefore: revokeBefore))
        let identity = StoreIdentity(clusterID: cluster.id, memberID: id)
        let log = try LogStore.create(
            path: directory.logPath, identity: identity, after: store.applied, entries: rebuilding.entries,
            hardState: rebuilding.hardState)
        var replay = Replay(state, in: store)
        try Rebuilding.check(try replay.run(through: log))
        try log.close()
        try store.close()
        _ = try Keystore.create(
            path: directory.keystorePath, memberID: id, memberKey: key.pkcs8(),
            membership: Keystore.Membership(clusterID: cluster.id, dataKey: dataKey), lock: lock)
        file.certificate = certificate.der
        file.caCertificate = authority.der
        file.phase = .ready
        try directory.write(file)
    }

    /// The data key may open and still not be the one under which this state was sealed.
    private static func authorityKey(
        of state: TrustState, _ cluster: ClusterRecord, _ dataKey: SecretBytes, file: String
    ) throws -> PrivateKey {
        let custody = KeyCustody(dataKey: dataKey, clusterID: cluster.id)
        do {
            _ = try custody.follow(state, as: MemberID(high: 0, low: 0), nil)
            return try PrivateKey(pkcs8: custody.open(cluster.sealedCAKey, for: .authorityKey))
        } catch {
            throw BackupError.damaged(file: file, what: "its data key does not open the cluster's keys")
        }
    }
}
