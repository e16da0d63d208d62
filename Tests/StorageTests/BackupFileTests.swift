import Crypto
import JOSE
import Raft
import Storage
import Testing
import TrustStore

@Suite("Backup files")
struct BackupFileTests {
    private let scratch = Scratch()
    private let other = Scratch()
    private let passphrase = SecretBytes(Array("of the backup".utf8))
    private let dataKey = SecretBytes(Array("0123456789abcdefFEDCBA9876543210".utf8))
    private let cheap = Scrypt.Parameters(logN: 1, r: 1, p: 1)
    private var clusterID: String { Samples.identity.clusterID }
    private var path: String { scratch.file("backup") }

    /// A backup of a state without rows, as it would arrive in a file.
    @discardableResult
    private func save(index: UInt64 = 7, _ key: BackupKey? = nil) throws -> BackupManifest {
        let store = try StateStore.create(path: scratch.file("state.db"), clusterID: clusterID)
        try store.apply([], through: .at(index, term: 2))
        let files = try SnapshotFiles(directory: scratch.file("snapshots"), statePath: scratch.file("state.db"), clusterID: clusterID)
        let copy = try files.makeBackup()
        // The member goes on meanwhile.
        try store.apply([], through: .at(index + 1, term: 2))
        let sealed = try key ?? .sealing(dataKey, member: Samples.member(1), clusterID: clusterID, passphrase: passphrase, scrypt: cheap)
        let manifest = BackupManifest(
            clusterID: clusterID, clusterName: "test", memberName: "m1", copy: copy, featureLevel: 1, madeAt: 1_700_000_000, isCurrent: true,
            key: sealed)
        let (head, tail) = BackupFile.frame(manifest)
        scratch.write("backup", head + (try copy.read(from: 0, countMax: Int(copy.byteCount))) + tail)
        #expect(BackupFile.expectedByteCount(beginning: head) == BackupFile.byteCount(manifest))
        #expect(UInt64(scratch.read("backup").count) == BackupFile.byteCount(manifest))
        copy.remove()
        #expect(scratch.names(in: "snapshots").isEmpty)
        return manifest
    }

    @Test("what is saved says of itself what it is, and gives the state back as it stood then")
    func roundTrip() throws {
        let made = try save()
        let read = try BackupFile.check(path)
        #expect(read == made && read.position.index == LogIndex(7) && read.count(of: "certificates") == 0)
        let extracted = other.file("state.db")
        #expect(try BackupFile.extractState(path, to: extracted) == made)
        #expect(other.mode("state.db") == 0o600)
        let (store, state) = try BackupFile.openState(extracted, read, file: path)
        #expect(store.applied == .at(7, term: 2) && state == TrustState())
        try store.close()
    }

    @Test("a changed byte is found, wherever it is, and nothing is taken out")
    func flippedByte() throws {
        try save()
        let whole = scratch.read("backup")
        var random = SeededRandom(seed: 41)
        let headCount = whole.count - 4096
        let places = Array(0..<min(600, headCount)) + (0..<300).map { _ in Int.random(in: 0..<whole.count, using: &random) } + Array((whole.count - 40)..<whole.count)
        for place in places {
            var damaged = whole
            damaged[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            scratch.write("backup", damaged)
            #expect(throws: BackupError.self, "byte \(place)") { try BackupFile.check(path) }
            #expect(throws: BackupError.self, "byte \(place)") { try BackupFile.extractState(path, to: other.file("state.db")) }
            #expect(other.names().isEmpty, "byte \(place)")
        }
    }

    @Test("a file that is cut short is found at every length, and so is one that goes on")
    func truncated() throws {
        try save()
        let whole = scratch.read("backup")
        for count in Array(stride(from: 0, to: whole.count, by: 211)) + Array((whole.count - 40)..<whole.count) {
            scratch.write("backup", Array(whole[..<count]))
            #expect(throws: BackupError.self, "\(count) bytes") { try BackupFile.check(path) }
        }
        scratch.write("backup", Array(whole.dropLast()))
        #expect(throws: BackupError.truncated(file: path, byteCount: UInt64(whole.count - 1), expected: UInt64(whole.count))) { try BackupFile.check(path) }
        scratch.write("backup", whole + [0])
        #expect(throws: BackupError.damaged(file: path, what: "1 bytes follow its end")) { try BackupFile.check(path) }
    }

    @Test("a backup that claims to stand further than anything counts is refused, though its hashes are right")
    func craftedPosition() throws {
        try save()
        let whole = scratch.read("backup")
        let headCount = try #require(whole.indices.filter { whole[$0] == UInt8(ascii: "\n") }.dropFirst().first) + 1
        let head = String(decoding: whole[..<headCount], as: UTF8.self)
        let most = AppliedPoint.positionMax
        for (field, was, number, isTaken) in [
            ("index", 7, most.index.rawValue, true), ("index", 7, most.index.rawValue + 1, false), ("index", 7, UInt64(Int64.max), false),
            ("term", 2, most.term.rawValue, true), ("term", 2, most.term.rawValue + 1, false), ("term", 2, UInt64(Int64.max), false),
        ] {
            let crafted = Array(head.replacing("\"\(field)\":\(was),", with: "\"\(field)\":\(number),").utf8)
            #expect(crafted.count > headCount, "there is such a field")
            scratch.write("backup", crafted + whole[headCount..<(whole.count - SHA256.byteCount)] + SHA256.hash(crafted))
            #expect(((try? BackupFile.check(path)) != nil) == isTaken, "\(field) \(number)")
        }
    }

    @Test("other files are refused by name, and newer formats too")
    func unknown() throws {
        for content in ["", "{}", "SQLite format 3\0", String(repeating: "x", count: 100_000)] {
            scratch.write("backup", Array(content.utf8))
            #expect(throws: BackupError.unknown(file: path)) { try BackupFile.check(path) }
            #expect(!BackupFile.isOne(path))
        }
        scratch.write("backup", Array("credence-snapshot 2\n{}\n".utf8))
        #expect(throws: BackupError.unsupportedVersion(file: path, found: "2")) { try BackupFile.check(path) }
        #expect(BackupFile.isOne(path))
        #expect(throws: BackupError.self) { try BackupFile.check(scratch.file("missing")) }
    }

    @Test("only its passphrase opens the data key, and only in this cluster's backup")
    func passphrases() throws {
        let key = try save().key
        #expect(try key.open(clusterID: clusterID, passphrase: passphrase, file: "f") == dataKey)
        #expect(throws: BackupError.wrongPassphrase(file: "f")) {
            try key.open(clusterID: clusterID, passphrase: SecretBytes(Array("of the backuP".utf8)), file: "f")
        }
        #expect(throws: BackupError.wrongPassphrase(file: "f")) {
            try key.open(clusterID: String(repeating: "d", count: 32), passphrase: passphrase, file: "f")
        }
        #expect(throws: BackupError.passphraseRequired(file: "f")) { try key.open(clusterID: clusterID, passphrase: nil, file: "f") }
    }

    @Test("a sealed backup shows the data key in no form, and what is shown to people never does")
    func sealed() throws {
        let manifest = try save()
        let hex = dataKey.withSpan { Hex.encode($0.indices.map { index in manifestByte(index) }) }
        let text = String(decoding: scratch.read("backup"), as: UTF8.self)
        #expect(!text.contains("0123456789abcdefFEDC") && !text.contains(hex))
        let clear = try BackupManifest(
            clusterID: clusterID, clusterName: "test", memberName: "m1", copy: copyForManifest(), featureLevel: 1, madeAt: 1, isCurrent: true,
            key: .inClear(dataKey))
        let encoded = dataKey.withSpan { Base64URL.encode($0) }
        #expect(!clear.publicJSON.encodedString.contains(encoded) && clear.publicJSON["data_key"] == "in clear")
        #expect(manifest.publicJSON["data_key"] == "sealed under a passphrase")
    }

    private func manifestByte(_ index: Int) -> UInt8 { dataKey.withSpan { $0[index] } }

    private func copyForManifest() throws -> BackupCopy {
        let store = try StateStore.create(path: other.file("state.db"), clusterID: clusterID)
        try store.apply([], through: .at(3, term: 1))
        return try SnapshotFiles(directory: other.file("snapshots"), statePath: other.file("state.db"), clusterID: clusterID).makeBackup()
    }

    @Test("the data key of a keystore goes into a backup under that keystore's passphrase; one without a passphrase gives none")
    func ofKeystore() throws {
        let keystore = scratch.file("keystore.json")
        let membership = Keystore.Membership(clusterID: clusterID, dataKey: dataKey)
        _ = try Keystore.create(
            path: keystore, memberID: Samples.member(1), memberKey: SecretBytes([1, 2, 3]), membership: membership, lock: .passphrase(passphrase),
            scrypt: cheap)
        let key = try #require(try BackupKey.ofKeystore(path: keystore, successor: nil))
        #expect(try key.open(clusterID: clusterID, passphrase: passphrase, file: "f") == dataKey)
        _ = try Keystore.create(
            path: other.file("keystore.json"), memberID: Samples.member(1), memberKey: SecretBytes([1, 2, 3]), membership: membership,
            lock: .keyFile(path: other.file("keystore.key")))
        #expect(try BackupKey.ofKeystore(path: other.file("keystore.json"), successor: nil) == nil)
    }

    @Test("a state with a damaged row is not backed up")
    func damagedState() throws {
        let path = scratch.file("state.db")
        let store = try StateStore.create(path: path, clusterID: clusterID)
        let needle = "certificate-that-is-trusted"
        try store.apply([StateChange(collection: .certificates, key: needle, value: Array(#"{"a":"needle"}"#.utf8))], through: .at(7, term: 2))
        try store.close()
        var bytes = scratch.read("state.db")
        let place = try #require(bytes.indices.last { bytes[$0...].starts(with: "needle".utf8) })
        bytes[place] ^= 1
        scratch.write("state.db", bytes)
        let files = try SnapshotFiles(directory: scratch.file("snapshots"), statePath: path, clusterID: clusterID)
        #expect(throws: StorageError.self) { try files.makeBackup() }
        #expect(scratch.names(in: "snapshots").isEmpty)
    }
}
