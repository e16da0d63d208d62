import HashTreeCollections
import Raft
import Testing
import TrustStore

@Suite("Imported keys")
struct ImportedKeyTests {
    @Test("a key is kept as it came, with who brought it and the entry that did")
    func kept() {
        var log = Log.founded()
        #expect(log.apply(.importKey(Fixtures.imported("i1", .lotus)), after: 2_000).result == CommandResult(id: "i1", index: LogIndex(2)))
        let record = ImportedKeyRecord(
            id: "i1", origin: .lotus, name: "node of i1", sealedSecret: [12, 13], createdAt: Fixtures.startSeconds + 2,
            createdBy: "alice", version: LogIndex(2))
        #expect(log.state.importedKeys["i1"] == record)
    }

    @Test("the same secret again is answered with the entry that brought it first, and changes nothing")
    func importedTwice() {
        var log = Log.founded()
        log.apply(.importKey(Fixtures.imported("i1", .forest)))
        let before = log.state.importedKeys
        #expect(log.apply(.importKey(Fixtures.imported("i1", .lotus))).result == CommandResult(id: "i1", index: LogIndex(2)))
        #expect(log.state.importedKeys == before)
    }

    @Test("two members that make the cluster's own key at once end up with the first")
    func oneOwnKey() {
        var log = Log.founded()
        log.apply(.importKey(Fixtures.imported("c1", .cluster)))
        #expect(log.apply(.importKey(Fixtures.imported("c2", .cluster))).result == CommandResult(id: "c1", index: LogIndex(2)))
        #expect(log.state.importedKeys.count == 1 && log.state.clusterImportedKey?.id == "c1")
        log.apply(.removeImportedKey(id: "c1"))
        #expect(log.apply(.importKey(Fixtures.imported("c2", .cluster))).result?.id == "c2")
    }

    @Test("a removed key is gone; brought back, it is another version of itself")
    func removed() throws {
        var log = Log.founded()
        log.apply(.importKey(Fixtures.imported("i1")))
        #expect(log.apply(.removeImportedKey(id: "i1")).result?.id == "i1")
        #expect(log.state.importedKeys.isEmpty)
        #expect(log.apply(.removeImportedKey(id: "i1")).refusal == .importedKeyUnknown)
        log.apply(.importKey(Fixtures.imported("i1")))
        #expect(log.state.importedKeys["i1"]?.version == LogIndex(5))
    }

    @Test("there is a small bound on them; a known one is still answered when they are all taken")
    func bound() {
        var log = Log.founded()
        for number in 1...StateLimits.importedKeysMax {
            #expect(log.apply(.importKey(Fixtures.imported("i\(number)"))).result != nil)
        }
        #expect(log.apply(.importKey(Fixtures.imported("one-more"))).refusal == .limitReached)
        #expect(log.apply(.importKey(Fixtures.imported("i1"))).result?.index == LogIndex(2))
        log.apply(.removeImportedKey(id: "i1"))
        #expect(log.apply(.importKey(Fixtures.imported("one-more"))).result != nil)
    }

    @Test("ids, names and sealed secrets are bounded")
    func fields() {
        var log = Log.founded()
        for spoil in [
            { (key: inout ImportKey) in key.id = "" },
            { $0.id = "a b" },
            { $0.id = String(repeating: "i", count: StateLimits.tokenIDBytesMax + 1) },
            { $0.name = "" },
            { $0.name = "a\nb" },
            { $0.name = String(repeating: "n", count: StateLimits.textBytesMax + 1) },
            { $0.sealedSecret = [] },
            { $0.sealedSecret = [UInt8](repeating: 0, count: StateLimits.blobBytesMax + 1) },
        ] as [(inout ImportKey) -> Void] {
            var key = Fixtures.imported("i1")
            spoil(&key)
            #expect(log.apply(.importKey(key)).refusal == .invalid, "\(key)")
        }
        #expect(log.apply(.removeImportedKey(id: "")).refusal == .invalid)
        #expect(log.state.importedKeys.isEmpty)
    }
}
