import Crypto
import Raft
import Storage
import Testing

@Suite("Rekeying a keystore")
struct RekeyingTests {
    private let scratch = Scratch()
    private var path: String { scratch.file("keystore.json") }
    private var keyPath: String { scratch.file("keystore.key") }
    private let memberKey = SecretBytes(Array("the member's own private key, PKCS #8".utf8))
    private let dataKey = SecretBytes(Array("0123456789abcdefFEDCBA9876543210".utf8))
    private let cheap = Scrypt.Parameters(logN: 1, r: 1, p: 1)

    private func phrase(_ text: String) -> KeystoreLock { .passphrase(SecretBytes(Array(text.utf8))) }

    private func create(_ lock: KeystoreLock) throws {
        _ = try Keystore.create(
            path: path, memberID: Samples.member(1), memberKey: memberKey,
            membership: Keystore.Membership(clusterID: Samples.identity.clusterID, dataKey: dataKey), lock: lock, scrypt: cheap)
    }

    private func expectOpens(_ lock: KeystoreLock, _ comment: Comment? = nil) throws {
        let opened = try Keystore.open(path: path, lock: lock)
        #expect(opened.memberKey == memberKey && opened.membership?.dataKey == dataKey, comment)
    }

    @Test("the new passphrase opens it and the old one does not")
    func passphrase() throws {
        try create(phrase("old"))
        try Keystore.rekey(path: path, keyFilePath: keyPath, from: phrase("old"), to: phrase("new"), scrypt: cheap)
        try expectOpens(phrase("new"))
        #expect(throws: KeystoreError.wrongPassphrase(file: path)) { try Keystore.open(path: path, lock: phrase("old")) }
        #expect(scratch.names() == ["keystore.json"] && scratch.mode("keystore.json") == 0o600)
    }

    @Test("a wrong passphrase changes nothing")
    func wrong() throws {
        try create(phrase("old"))
        let before = scratch.read("keystore.json")
        #expect(throws: KeystoreError.wrongPassphrase(file: path)) {
            try Keystore.rekey(path: path, keyFilePath: keyPath, from: phrase("oLd"), to: phrase("new"), scrypt: cheap)
        }
        #expect(throws: KeystoreError.wrongPassphrase(file: path)) { try Keystore.rekey(path: path, keyFilePath: keyPath, from: phrase("x"), to: .keyFile(path: keyPath)) }
        #expect(scratch.read("keystore.json") == before && scratch.names() == ["keystore.json"])
    }

    @Test("a keystore gets a passphrase, and its key file goes")
    func encrypts() throws {
        try create(.keyFile(path: keyPath))
        try Keystore.rekey(path: path, keyFilePath: keyPath, from: .keyFile(path: keyPath), to: phrase("new"), scrypt: cheap)
        try expectOpens(phrase("new"))
        #expect(scratch.names() == ["keystore.json"])
    }

    @Test("a keystore loses its passphrase, and gets a key file that never was another's")
    func decrypts() throws {
        try create(phrase("old"))
        scratch.write("keystore.key", [UInt8](repeating: 7, count: 32))
        try Keystore.rekey(path: path, keyFilePath: keyPath, from: phrase("old"), to: .keyFile(path: keyPath))
        try expectOpens(.keyFile(path: keyPath))
        #expect(scratch.read("keystore.key") != [UInt8](repeating: 7, count: 32) && scratch.mode("keystore.key") == 0o600)
    }

    @Test("a kill between the two files of a change leaves a keystore that opens, by the old means or the new")
    func killed() throws {
        // To a key file: the key file is there, the keystore is not replaced yet.
        try create(phrase("old"))
        scratch.write("keystore.key", [UInt8](repeating: 9, count: 32))
        try expectOpens(phrase("old"))
        try Keystore.rekey(path: path, keyFilePath: keyPath, from: phrase("old"), to: .keyFile(path: keyPath))
        // To a passphrase: the keystore is replaced, the key file is not gone yet.
        let key = scratch.read("keystore.key")
        try Keystore.rekey(path: path, keyFilePath: keyPath, from: .keyFile(path: keyPath), to: phrase("new"), scrypt: cheap)
        scratch.write("keystore.key", key)
        try expectOpens(phrase("new"))
        try Keystore.rekey(path: path, keyFilePath: keyPath, from: phrase("new"), to: phrase("newer"), scrypt: cheap)
        try expectOpens(phrase("newer"))
        #expect(scratch.names() == ["keystore.json"], "the key file opens copies of what the keystore was")
    }

    @Test("copies of the keystore or its key that a kill has left go with the next change", arguments: [true, false])
    func temporaries(isEncrypted: Bool) throws {
        try create(isEncrypted ? phrase("old") : .keyFile(path: keyPath))
        scratch.write("keystore.json.new", scratch.read("keystore.json"))
        scratch.write("keystore.key.new", [UInt8](repeating: 9, count: 32))
        try Keystore.rekey(path: path, keyFilePath: keyPath, from: isEncrypted ? phrase("old") : .keyFile(path: keyPath), to: phrase("new"), scrypt: cheap)
        try expectOpens(phrase("new"))
        #expect(scratch.names() == ["keystore.json"])
    }
}
