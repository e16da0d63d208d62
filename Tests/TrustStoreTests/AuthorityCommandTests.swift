import HashTreeCollections
import Raft
import Testing
import TrustStore

@Suite("Authorities and their revocation lists")
struct AuthorityCommandTests {
    private let a = Fixtures.fingerprint("a")

    private func logWithAuthority() -> Log {
        var log = Log.founded()
        log.apply(.addAuthority(Fixtures.authority("a")))
        return log
    }

    /// Begins, fills and commits a list of serials of equal length.
    @discardableResult
    private func imported(_ log: inout Log, _ number: String?, at this: Int64 = Fixtures.startSeconds, _ serials: [[UInt8]]) -> Transition {
        let contents = Fixtures.list(number, at: this, count: Int64(serials.count))
        let begun = log.apply(.beginRevocationList(BeginRevocationList(authority: a, contents: contents)))
        guard let id = begun.result?.id else { return begun }
        if !serials.isEmpty { log.apply(.addRevokedSerials(Fixtures.serials(id, serials))) }
        return log.apply(.commitRevocationList(id: id))
    }

    private func isRevoked(_ serial: [UInt8], _ log: Log) -> Bool {
        guard let list = log.state.revocationList(ofAuthority: a) else { return false }
        return log.state.revokedSerials[list.id]?.contains(serial) ?? false
    }

    @Test("the cluster's own CA is no authority for clients: its members, and former ones, would be clients too")
    func ownAuthority() {
        var log = Log.founded()
        var own = Fixtures.authority("a")
        own.certificate = Fixtures.founding().caCertificate
        #expect(log.apply(.addAuthority(own)).refusal == .invalid)
        #expect(log.state.authorities.isEmpty)
    }

    @Test("an authority is trusted once, and goes with all of its lists")
    func addedAndRemoved() throws {
        var log = logWithAuthority()
        #expect(log.state.authorities[a]?.version == LogIndex(2))
        #expect(log.apply(.addAuthority(Fixtures.authority("a"))).refusal == .authorityExists)
        imported(&log, "1", [[1], [2]])
        log.apply(.beginRevocationList(BeginRevocationList(authority: a, contents: Fixtures.list("2"))))
        #expect(log.state.revocationLists.count == 2)
        log.apply(.removeAuthority(fingerprint: a))
        #expect(log.state.authorities.isEmpty && log.state.revocationLists.isEmpty && log.state.revokedSerials.isEmpty)
        #expect(log.rows[.revokedSerials]?.isEmpty ?? true)
        #expect(log.apply(.removeAuthority(fingerprint: a)).refusal == .authorityUnknown)
        #expect(try log.reloaded() == log.state)
    }

    @Test("a change leaves what it does not name; one that changes nothing leaves the version too")
    func changed() throws {
        var log = logWithAuthority()
        #expect(log.apply(.changeAuthority(ChangeAuthority(fingerprint: Fixtures.fingerprint("b")))).refusal == .authorityUnknown)
        log.apply(.changeAuthority(ChangeAuthority(fingerprint: a, listURL: "http://ca.example/a.crl", listRefreshSeconds: 10)))
        let first = try #require(log.state.authorities[a])
        #expect(first.listURL == "http://ca.example/a.crl" && first.listRefreshSeconds == 10 && first.version == LogIndex(log.index))
        #expect(first.name == "CA" && first.overdue == .refuse && !first.isRestricted)
        log.apply(.changeAuthority(ChangeAuthority(fingerprint: a, listRefreshSeconds: 10)))
        #expect(log.state.authorities[a]?.version == first.version)
        log.apply(.changeAuthority(ChangeAuthority(fingerprint: a, name: "n", isRestricted: true, projects: ["p"], overdue: .warn)))
        let second = try #require(log.state.authorities[a])
        #expect(second.name == "n" && second.isRestricted && second.projects == ["p"] && second.overdue == .warn && second.listURL != nil)
        #expect(try log.reloaded() == log.state)
        log.apply(.changeAuthority(ChangeAuthority(fingerprint: a, listURL: "", listRefreshSeconds: 0)))
        #expect(log.state.authorities[a]?.listURL == nil && log.state.authorities[a]?.listRefreshSeconds == nil)
        #expect(try log.reloaded() == log.state)
        for seconds in [Int64(9), 604_801, -1] {
            #expect(log.apply(.changeAuthority(ChangeAuthority(fingerprint: a, listRefreshSeconds: seconds))).refusal == .invalid)
        }
        #expect(log.apply(.changeAuthority(ChangeAuthority(fingerprint: a, listURL: "https://ca.example/a.crl"))).refusal == .invalid)
    }

    @Test("the address of a CRL is http, names a host, and holds nothing that a request line could not")
    func addresses() throws {
        let url = try #require(RevocationListURL("http://ca.example:8080/a%20b/ca.crl?x=1"))
        #expect(url.host == "ca.example" && url.port == 8_080 && url.target == "/a%20b/ca.crl?x=1")
        for (text, host, target) in [("http://h", "h", "/"), ("http://h?x", "h", "/?x"), ("http://[::1]/", "::1", "/"), ("http://[::1]:80", "::1", "/")] {
            let url = RevocationListURL(text)
            #expect(url?.host == host && url?.port == 80 && url?.target == target, "\(text)")
        }
        for text in [
            "", "h", "ftp://h/", "http://", "http:///x", "http://h:0/", "http://h:65536/", "http://h:/", "http://u@h/", "http://u:p@h/", "http://::1/",
            "http://h/a b", "http://h/a\r\nHost: x", "http://h/#x", "http://h/\u{e9}", "http://h\u{0}/", "http://[fe80::1%eth0]/", "http://[/",
            "https://h/", "HTTPS://h/", "HTTP://h/", "http://h/" + String(repeating: "a", count: 1_024),
        ] { #expect(RevocationListURL(text) == nil, "\(text)") }
        #expect(RevocationListURL.flaw(in: "https://h/")?.contains("signature") == true)
    }

    @Test("the bound of authorities holds at one more")
    func bound() {
        var log = Log.founded()
        for number in 0..<StateLimits.authoritiesMax {
            let digits = String(number, radix: 16)
            var new = Fixtures.authority("a")
            new.fingerprint = String(repeating: "0", count: 64 - digits.utf8.count) + digits
            #expect(log.apply(.addAuthority(new)).refusal == nil)
        }
        #expect(log.apply(.addAuthority(Fixtures.authority("b"))).refusal == .limitReached)
    }

    @Test("a list is in force from its last entry on, whole, and the one before it until then")
    func switches() throws {
        var log = logWithAuthority()
        imported(&log, "1", [[1], [5]])
        #expect(isRevoked([1], log) && isRevoked([5], log) && !isRevoked([4], log))
        let begun = log.apply(.beginRevocationList(BeginRevocationList(authority: a, contents: Fixtures.list("2", count: 3))))
        let id = try #require(begun.result?.id)
        log.apply(.addRevokedSerials(Fixtures.serials(id, [[4], [6]])))
        #expect(isRevoked([1], log) && !isRevoked([4], log))
        #expect(log.apply(.commitRevocationList(id: id)).refusal == .invalid, "one is missing")
        log.apply(.addRevokedSerials(Fixtures.serials(id, [[0, 200]], at: 1)))
        #expect(try log.reloaded() == log.state)
        #expect(log.apply(.commitRevocationList(id: id)).result?.id == id)
        #expect(!isRevoked([1], log) && isRevoked([4], log) && isRevoked([0, 200], log) && !isRevoked([200], log))
        #expect(log.state.revocationLists.count == 1 && log.state.revokedSerials.count == 1)
        #expect(try log.reloaded() == log.state)
    }

    @Test("an import that is given up leaves the old list in force, and a new one takes its place")
    func abandoned() throws {
        var log = logWithAuthority()
        imported(&log, "1", [[1], [5]])
        let first = try #require(log.apply(.beginRevocationList(BeginRevocationList(authority: a, contents: Fixtures.list("2")))).result?.id)
        log.apply(.addRevokedSerials(Fixtures.serials(first, [[9]])))
        let second = try #require(log.apply(.beginRevocationList(BeginRevocationList(authority: a, contents: Fixtures.list("2")))).result?.id)
        #expect(log.apply(.addRevokedSerials(Fixtures.serials(first, [[10]], at: 1))).refusal == .revocationListUnknown)
        #expect(log.apply(.commitRevocationList(id: first)).refusal == .revocationListUnknown)
        #expect(log.apply(.removeRevocationList(id: second)).refusal == nil)
        #expect(isRevoked([1], log) && log.state.revocationLists.count == 1)
        let held = try #require(log.state.revocationList(ofAuthority: a)?.id)
        #expect(log.apply(.removeRevocationList(id: held)).refusal == .revocationListUnknown, "what is in force is not given up")
    }

    @Test("an older list never takes the place of a newer one")
    func monotonic() {
        let start = Fixtures.startSeconds
        let cases: [(held: String?, String?, seconds: Int64, Bool)] = [
            ("9", "a", 0, true), ("9", "9", 0, true), ("a", "9", 0, false), ("10", "f", 0, false), ("f", "10", 0, true),
            ("9", "a", -1, false), ("9", nil, 5, false), (nil, nil, 0, true), (nil, "1", 0, true), (nil, nil, -1, false),
        ]
        for (held, number, seconds, isTaken) in cases {
            var log = logWithAuthority()
            imported(&log, held, at: start, [[1]])
            let refusal = imported(&log, number, at: start + seconds, [[2]]).refusal
            #expect(refusal == (isTaken ? nil : .revocationListOlder), "\(held ?? "-") \(number ?? "-") \(seconds)")
            #expect(isRevoked([2], log) == isTaken && isRevoked([1], log) != isTaken)
        }
    }

    @Test("what began before a newer list came is refused when it is to be in force")
    func overtaken() throws {
        var log = logWithAuthority()
        imported(&log, "1", [[1]])
        // As if another authority's import had been renamed: a list begun under number 2 while 3 comes in force is dropped by it.
        let slow = try #require(log.apply(.beginRevocationList(BeginRevocationList(authority: a, contents: Fixtures.list("2", count: 0)))).result?.id)
        imported(&log, "3", [[3]])
        #expect(log.apply(.commitRevocationList(id: slow)).refusal == .revocationListUnknown)
        #expect(isRevoked([3], log))
    }

    @Test("serial numbers come in order, without gaps, and no more than were announced")
    func order() throws {
        var log = logWithAuthority()
        let id = try #require(log.apply(.beginRevocationList(BeginRevocationList(authority: a, contents: Fixtures.list("1", count: 3)))).result?.id)
        #expect(log.apply(.addRevokedSerials(Fixtures.serials(id, [[1]], at: 1))).refusal == .invalid)
        #expect(log.apply(.addRevokedSerials(Fixtures.serials(id, [[2], [1]], at: 0))).refusal == .invalid)
        #expect(log.apply(.addRevokedSerials(Fixtures.serials(id, [[2], [2]], at: 0))).refusal == .invalid)
        #expect(log.apply(.addRevokedSerials(Fixtures.serials(id, [[2], [7]], at: 0))).refusal == nil)
        #expect(log.apply(.addRevokedSerials(Fixtures.serials(id, [[7]], at: 1))).refusal == .invalid)
        #expect(log.apply(.addRevokedSerials(Fixtures.serials(id, [[8], [9]], at: 1))).refusal == .invalid)
        #expect(log.apply(.addRevokedSerials(Fixtures.serials(id, [[0, 1]], at: 1))).refusal == nil)
    }

    @Test("the bounds of lists and chunks hold at one more")
    func listBounds() throws {
        var log = logWithAuthority()
        func begin(_ count: Int64) -> RefusalCode? {
            log.apply(.beginRevocationList(BeginRevocationList(authority: a, contents: Fixtures.list("1", count: count)))).refusal
        }
        #expect(begin(Int64(StateLimits.revokedSerialsMax)) == nil)
        #expect(begin(Int64(StateLimits.revokedSerialsMax) + 1) == .invalid)
        let id = try #require(log.state.revocationLists.values.first?.id)
        for (bytes, expected) in [(StateLimits.revokedSerialsBytesMax, RefusalCode?.none), (StateLimits.revokedSerialsBytesMax + 16, .invalid)] {
            let serials = (0..<bytes / 16).map { number in
                (0..<16).map { UInt8(truncatingIfNeeded: number >> (8 * (15 - $0))) } as [UInt8]
            }
            var copy = log
            #expect(copy.apply(.addRevokedSerials(Fixtures.serials(id, serials))).refusal == expected)
        }
        for digit in ["b", "c", "d"] {
            log.apply(.addAuthority(Fixtures.authority(digit)))
            let contents = Fixtures.list("1", count: Int64(StateLimits.revokedSerialsMax))
            let refusal = log.apply(.beginRevocationList(BeginRevocationList(authority: Fixtures.fingerprint(digit), contents: contents))).refusal
            #expect(refusal == (digit == "d" ? .limitReached : nil))
        }
    }

    @Test("the largest chunk fits into one proposal")
    func proposalSize() throws {
        let chunk = RevokedSerialsRecord(
            list: RevocationListRecord.id(.max), sequence: Int64(StateLimits.revokedSerialsChunksMax - 1), length: 16,
            bytes: Array(repeating: 255, count: StateLimits.revokedSerialsBytesMax))
        let proposal = TrustStore.Proposal(requestID: RequestID(high: 1, low: 1), proposedAfter: .max, actor: Fixtures.actor, body: .addRevokedSerials(chunk))
        #expect(try TrustStore.Proposal(decoding: proposal.encode()) == proposal)
    }

    @Test("look-up finds all that is there and nothing else, over many chunks", arguments: 0..<UInt64(4))
    func lookup(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        var log = logWithAuthority()
        var all: [[UInt8]] = []
        for length in [1, 2, 15, 16] {
            let some = Set((0..<100).map { _ in (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) } as [UInt8] })
            all += some.sorted { $0.lexicographicallyPrecedes($1) }
        }
        let begun = log.apply(.beginRevocationList(BeginRevocationList(authority: a, contents: Fixtures.list("1", count: Int64(all.count)))))
        let id = try #require(begun.result?.id)
        var sequence: Int64 = 0
        var rest = all[...]
        while let first = rest.first {
            let chunk = rest.prefix(Int.random(in: 1...9, using: &random)).prefix { $0.count == first.count }
            #expect(log.apply(.addRevokedSerials(Fixtures.serials(id, Array(chunk), at: sequence))).refusal == nil)
            rest = rest.dropFirst(chunk.count)
            sequence += 1
        }
        log.apply(.commitRevocationList(id: id))
        let known = Set(all)
        for serial in all { #expect(isRevoked(serial, log)) }
        for _ in 0..<500 {
            let serial = (0..<[1, 2, 3, 15, 16, 17].randomElement(using: &random)!).map { _ in UInt8.random(in: 0...255, using: &random) } as [UInt8]
            #expect(isRevoked(serial, log) == known.contains(serial))
        }
        #expect(!isRevoked([], log))
        #expect(try log.reloaded() == log.state)
    }
}
