import JOSE
import Raft
import Testing
import TrustStore

@Suite("Loading stored rows")
struct LoadingTests {
    private typealias Row = (collection: String, key: String, value: [UInt8])

    /// Rows of every collection.
    private static let rows: [Row] = {
        var log = Log.founded()
        log.apply(.addJoinToken(Fixtures.joinToken()))
        log.apply(.joinMember(Fixtures.join()))
        log.remove(2)
        log.apply(.addJoinToken(Fixtures.joinToken("t3", for: "m3")))
        log.apply(.recordToken(Fixtures.named("j1")))
        log.apply(.revoke(Revoke(.subject("bob", before: nil), reason: nil)))
        log.apply(.addCertificate(Fixtures.certificate()))
        log.apply(.addAddToken(Fixtures.addToken()))
        log.apply(.revokeToken(RevokeToken(tokenID: "j2", expiresAt: nil, reason: nil)))
        log.apply(.importKey(Fixtures.imported("i1")))
        log.apply(.addAuthority(Fixtures.authority()))
        log.apply(.issueCertificate(Fixtures.issued("f")))
        log.apply(.publishClusterList(Fixtures.clusterList(1)))
        let begun = log.apply(.beginRevocationList(BeginRevocationList(authority: Fixtures.fingerprint("a"), contents: Fixtures.list("1"))))
        log.apply(.addRevokedSerials(Fixtures.serials(begun.result?.id ?? "", [[1], [2]])))
        return log.rows.flatMap { collection, rows in
            rows.map { (collection: collection.rawValue, key: $0.key, value: $0.value) }
        }
    }()

    @Test("no rows are the empty state; rows without the meta row are none")
    func empty() throws {
        #expect(try TrustState.load([] as [Row]) == TrustState())
        let rows = Self.rows.filter { $0.collection != "meta" }
        #expect(throws: StateLoadError.missingMeta) { try TrustState.load(rows) }
    }

    @Test("a collection of a later binary is named, not skipped")
    func unknownCollection() {
        let rows = Self.rows + [(collection: "future_things", key: "x", value: Array("{}".utf8))]
        #expect(throws: StateLoadError.unknownCollection("future_things")) { try TrustState.load(rows) }
    }

    @Test("a member that this binary does not know stops the load", arguments: StateCollection.allCases)
    func unknownField(collection: StateCollection) throws {
        let position = try #require(Self.rows.firstIndex { $0.collection == collection.rawValue })
        var rows = Self.rows
        rows[position].value = Array("{\"later\":1,".utf8) + rows[position].value.dropFirst()
        let error = try #require(throws: StateLoadError.self) { try TrustState.load(rows) }
        guard case .malformed(collection, _, _) = error else {
            Issue.record("\(error)")
            return
        }
    }

    @Test("a named token of an early version, which does not say what it is bound to, is read, and written as it was")
    func earlyNamedToken() throws {
        let row = try #require(Self.rows.first { $0.collection == StateCollection.namedTokens.rawValue })
        let text = String(decoding: row.value, as: UTF8.self)
        #expect(!text.contains("certificate_fingerprint"))
        var bound = Fixtures.named("j9")
        bound.certificateFingerprint = Fixtures.fingerprint("a")
        var log = Log.founded()
        log.apply(.recordToken(bound))
        let written = try #require(log.rows[.namedTokens]?["j9"])
        #expect(String(decoding: written, as: UTF8.self).contains(Fixtures.fingerprint("a")))
        bound.certificateFingerprint = "x"
        #expect(log.apply(.recordToken(bound)).refusal == .invalid)
    }

    @Test("a row under another key than its own is refused", arguments: StateCollection.allCases)
    func misplaced(collection: StateCollection) throws {
        let position = try #require(Self.rows.firstIndex { $0.collection == collection.rawValue })
        var rows = Self.rows
        rows[position].key += "x"
        let key = rows[position].key
        #expect(throws: StateLoadError.misplaced(collection: collection, key: key)) { try TrustState.load(rows) }
    }

    @Test("damaged rows give an error, never a trap", arguments: 0..<UInt64(30))
    func damaged(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        for position in Self.rows.indices {
            var rows = Self.rows
            let byte = Int.random(in: rows[position].value.indices, using: &random)
            rows[position].value[byte] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            _ = try? TrustState.load(rows)
        }
    }
}
