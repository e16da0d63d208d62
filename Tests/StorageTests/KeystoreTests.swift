import Crypto
import JOSE
import Raft
import Storage
import Testing

@Suite("The keystore")
struct KeystoreTests {
    private let scratch = Scratch()
    private var path: String { scratch.file("keystore.json") }
    private var keyPath: String { scratch.file("keystore.key") }
    private let member = Samples.member(1)
    private let memberKey = SecretBytes(Array("the member's own private key, PKCS #8".utf8))
    private let dataKey = SecretBytes(Array("0123456789abcdefFEDCBA9876543210".utf8))
    private let cluster = Samples.identity.clusterID
    private let passphrase = SecretBytes(Array("correct horse battery staple".utf8))
    /// As cheap as scrypt gets: what it costs is not under test here.
    private let cheap = Scrypt.Parameters(logN: 1, r: 1, p: 1)

    private var membership: Keystore.Membership { Keystore.Membership(clusterID: cluster, dataKey: dataKey) }

    @discardableResult
    private func create(_ lock: KeystoreLock, joined: Bool = true) throws(KeystoreError) -> Keystore {
        try Keystore.create(
            path: path, memberID: member, memberKey: memberKey, membership: joined ? membership : nil, lock: lock,
            scrypt: cheap)
    }

    private func wrong(_ text: String) -> KeystoreLock { .passphrase(SecretBytes(Array(text.utf8))) }

    @Test("the right passphrase gives back what was put in")
    func passphraseOpens() throws {
        try create(.passphrase(passphrase))
        let opened = try Keystore.open(path: path, lock: .passphrase(passphrase))
        #expect(opened.memberID == member && opened.memberKey == memberKey)
        #expect(opened.membership?.clusterID == cluster && opened.membership?.dataKey == dataKey)
        #expect(try Keystore.isEncrypted(path: path))
    }

    @Test("a wrong passphrase is told, and nothing is touched", arguments: ["correct horse battery stapl", "Correct horse battery staple", "x"])
    func wrongPassphrase(text: String) throws {
        try create(.passphrase(passphrase))
        let before = scratch.read("keystore.json")
        #expect(throws: KeystoreError.wrongPassphrase(file: path)) { try Keystore.open(path: path, lock: wrong(text)) }
        #expect(throws: KeystoreError.wrongPassphrase(file: path)) {
            try Keystore.completeJoin(path: path, lock: wrong(text), membership: membership)
        }
        #expect(scratch.read("keystore.json") == before)
        #expect(scratch.names() == ["keystore.json"])
    }

    @Test("an empty passphrase is refused")
    func emptyPassphrase() {
        #expect(throws: KeystoreError.self) { try create(wrong("")) }
        #expect(!Keystore.exists(path: path))
    }

    @Test("a key file opens what was made with it")
    func keyFileOpens() throws {
        try create(.keyFile(path: keyPath))
        #expect(try Keystore.open(path: path, lock: .keyFile(path: keyPath)).memberKey == memberKey)
        #expect(try !Keystore.isEncrypted(path: path))
        #expect(scratch.mode("keystore.key") == 0o600 && scratch.mode("keystore.json") == 0o600)
    }

    @Test("a key file that others may read is refused", arguments: [0o640, 0o604, 0o620, 0o666] as [UInt32])
    func exposedKeyFile(mode: UInt32) throws {
        try create(.keyFile(path: keyPath))
        scratch.setMode("keystore.key", mode)
        #expect(throws: KeystoreError.keyFileExposed(file: keyPath, mode: mode)) {
            try Keystore.open(path: path, lock: .keyFile(path: keyPath))
        }
    }

    @Test("a missing, wrong or cut key file is named as that")
    func otherKeyFiles() throws {
        try create(.keyFile(path: keyPath))
        let lock = KeystoreLock.keyFile(path: scratch.file("other"))
        #expect(throws: KeystoreError.keyFileMissing(file: scratch.file("other"))) { try Keystore.open(path: path, lock: lock) }
        scratch.write("other", Array(repeating: 0, count: 32))
        #expect(throws: KeystoreError.wrongKeyFile(file: scratch.file("other"))) { try Keystore.open(path: path, lock: lock) }
        for count in [31, 33] {
            scratch.write("other", Array(repeating: 0, count: count))
            #expect(throws: KeystoreError.self) { try Keystore.open(path: path, lock: lock) }
        }
    }

    @Test("one kind of lock does not open the other kind of keystore")
    func lockMismatch() throws {
        try create(.passphrase(passphrase))
        #expect(throws: KeystoreError.passphraseRequired(file: path)) {
            try Keystore.open(path: path, lock: .keyFile(path: keyPath))
        }
        let other = scratch.file("other.json")
        _ = try Keystore.create(
            path: other, memberID: member, memberKey: memberKey, membership: membership, lock: .keyFile(path: keyPath))
        #expect(throws: KeystoreError.notEncrypted(file: other)) {
            try Keystore.open(path: other, lock: .passphrase(passphrase))
        }
    }

    @Test("a joiner's key is there before its cluster, and stays the same when the join is done")
    func joining() throws {
        try create(.passphrase(passphrase), joined: false)
        let before = try Keystore.open(path: path, lock: .passphrase(passphrase))
        #expect(before.membership == nil && before.memberKey == memberKey)
        _ = try Keystore.completeJoin(path: path, lock: .passphrase(passphrase), membership: membership)
        let after = try Keystore.open(path: path, lock: .passphrase(passphrase))
        #expect(after.membership?.dataKey == dataKey && after.memberKey == memberKey)
        #expect(throws: KeystoreError.alreadyMember(file: path)) {
            try Keystore.completeJoin(path: path, lock: .passphrase(passphrase), membership: membership)
        }
        #expect(scratch.names() == ["keystore.json"])
    }

    @Test("an existing keystore is never overwritten")
    func existing() throws {
        try create(.passphrase(passphrase))
        let before = scratch.read("keystore.json")
        #expect(throws: KeystoreError.alreadyExists(file: path)) { try create(.passphrase(passphrase)) }
        #expect(scratch.read("keystore.json") == before)
    }

    @Test("what an interrupted writing left does not stop the next")
    func leftover() throws {
        scratch.write("keystore.json.new", [1, 2, 3])
        try create(.passphrase(passphrase))
        #expect(scratch.names() == ["keystore.json"])
    }

    @Test("no secret is in any file, in any usual spelling", arguments: [true, false])
    func noSecretsInClear(encrypted: Bool) throws {
        try create(encrypted ? .passphrase(passphrase) : .keyFile(path: keyPath), joined: false)
        _ = try Keystore.completeJoin(
            path: path, lock: encrypted ? .passphrase(passphrase) : .keyFile(path: keyPath), membership: membership)
        for name in scratch.names() {
            let bytes = scratch.read(name)
            for secret in [memberKey, dataKey, passphrase] {
                for spelling in spellings(of: secret) {
                    #expect(!bytes.indices.contains { bytes[$0...].starts(with: spelling) }, "\(name)")
                }
            }
        }
    }

    /// The first half is enough to find, and does not depend on how the end is padded.
    private func spellings(of secret: SecretBytes) -> [[UInt8]] {
        let bytes = secret.withSpan { span in span.indices.map { span[$0] } }
        return [bytes, Array(Hex.encode(bytes).utf8), Array(Base64URL.encode(bytes).utf8)].map { Array($0.prefix($0.count / 2)) }
    }

    @Test("damage is told from a wrong passphrase", arguments: 0..<UInt64(40))
    func damaged(seed: UInt64) throws {
        try create(.passphrase(passphrase))
        var bytes = scratch.read("keystore.json")
        var random = SeededRandom(seed: seed)
        bytes[Int.random(in: 0..<bytes.count - 1, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        scratch.write("keystore.json", bytes)
        let error = try #require(throws: KeystoreError.self) { try Keystore.open(path: path, lock: .passphrase(passphrase)) }
        switch error {
        case .damaged, .unsupportedVersion: break
        default: Issue.record("\(error)")
        }
    }

    @Test("sealed keys cannot be moved to another member's keystore, whoever repairs the checksum")
    func transplant() throws {
        try create(.passphrase(passphrase))
        var json = try JSON(parsing: scratch.read("keystore.json").dropLast())
        var object = try #require(json.objectValue)
        object["member_id"] = .string(Samples.member(2).description)
        object["checksum"] = nil
        object["checksum"] = .string(Hex.encode(SHA256.hash(JSON.object(object).encoded())))
        json = .object(object)
        scratch.write("keystore.json", json.encoded())
        #expect(throws: KeystoreError.wrongPassphrase(file: path)) {
            try Keystore.open(path: path, lock: .passphrase(passphrase))
        }
    }

    @Test("a keystore that asks for more memory than is reasonable is refused, not obeyed")
    func expensiveParameters() throws {
        try create(.passphrase(passphrase))
        var object = try #require(JSON(parsing: scratch.read("keystore.json").dropLast()).objectValue)
        var unlock = try #require(object["unlock"]?.objectValue)
        unlock["log_n"] = 40
        object["unlock"] = .object(unlock)
        object["checksum"] = nil
        object["checksum"] = .string(Hex.encode(SHA256.hash(JSON.object(object).encoded())))
        scratch.write("keystore.json", JSON.object(object).encoded())
        let error = try #require(throws: KeystoreError.self) { try Keystore.open(path: path, lock: .passphrase(passphrase)) }
        guard case .crypto = error else {
            Issue.record("\(error)")
            return
        }
    }

    @Test("missing and too large are told apart from damaged")
    func otherFiles() {
        #expect(throws: KeystoreError.missing(file: path)) { try Keystore.open(path: path, lock: .passphrase(passphrase)) }
        scratch.write("keystore.json", Array(repeating: UInt8(ascii: " "), count: 70_000))
        #expect(throws: KeystoreError.self) { try Keystore.open(path: path, lock: .passphrase(passphrase)) }
    }
}
