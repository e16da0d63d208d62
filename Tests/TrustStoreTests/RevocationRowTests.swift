import JOSE
import Raft
import Testing

@testable import TrustStore

/// Rows of revocations are read in two ways, and must say the same.
@Suite("Reading a stored revocation")
struct RevocationRowTests {
    /// What `JSON` reads from a row, or nil if it is none.
    private func slowly(_ row: [UInt8]) -> RevocationRecord? {
        guard let json = try? JSON(parsing: row) else { return nil }
        return try? RevocationRecord(json: json)
    }

    private func quickly(_ row: [UInt8]) -> RevocationRecord? {
        guard let fields = RevocationRow(row.span) else { return nil }
        func text(_ range: Range<Int>) -> String { String(decoding: row[range], as: UTF8.self) }
        return RevocationRecord(
            tokenID: text(fields.tokenID), reason: fields.reason.map(text), expiresAt: fields.expiresAt, createdAt: fields.createdAt,
            createdBy: text(fields.createdBy), index: LogIndex(UInt64(fields.index)), ordinal: fields.ordinal)
    }

    private func row(_ record: RevocationRecord) -> [UInt8] { record.json.encoded() }

    private func record(_ random: inout SeededRandom) -> RevocationRecord {
        func time() -> Int64 { [0, 1_800_000_000, (1 << 39) - 1, 1 << 39, .random(in: 0..<(1 << 40), using: &random)].randomElement(using: &random) ?? 0 }
        let texts = ["", "lost laptop", "caf\u{E9}", "a \"quote\"", "back\\slash", "tab\t", "uid:0", "{}", "\u{7F}", String(repeating: "x", count: 4_096)]
        func text() -> String { texts.randomElement(using: &random) ?? "" }
        return RevocationRecord(
            tokenID: Base64URL.encode((0..<16).map { _ in UInt8.random(in: 0...255, using: &random) }), reason: Bool.random(using: &random) ? text() : nil,
            expiresAt: Bool.random(using: &random) ? time() : nil, createdAt: time(), createdBy: text(),
            index: LogIndex([0, 7, LogIndex.max.rawValue, .random(in: 0...99_999, using: &random)].randomElement(using: &random) ?? 0),
            ordinal: [0, 1, 9, .max].randomElement(using: &random) ?? 0)
    }

    @Test("the usual row is read quickly, and as JSON reads it")
    func usual() throws {
        var random = SeededRandom(seed: 1)
        var quick = 0
        for _ in 0..<3_000 {
            let one = record(&random)
            let row = row(one)
            #expect(slowly(row) == one)
            if let read = quickly(row) {
                quick += 1
                #expect(read == one)
            }
        }
        #expect(quick > 500)
        let plain = RevocationRecord(tokenID: "j", reason: "lost", expiresAt: 5, createdAt: 4, createdBy: "alice", index: LogIndex(3), ordinal: 2)
        #expect(quickly(row(plain)) == plain)
    }

    @Test("whatever is read quickly of a damaged row is what JSON reads of it", arguments: 0..<UInt64(40))
    func damaged(seed: UInt64) {
        var random = SeededRandom(seed: 1_000 + seed)
        for _ in 0..<200 {
            var row = row(record(&random))
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let place = Int.random(in: row.indices, using: &random)
                switch Int.random(in: 0..<5, using: &random) {
                case 0: row[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
                case 1: row.remove(at: place)
                case 2: row.insert(row[Int.random(in: row.indices, using: &random)], at: place)
                case 3: row.insert(contentsOf: Array(",\"reason\":\"x\"".utf8), at: place)
                default: row[place] = Array("0123456789-.eE\"\\{},: ".utf8).randomElement(using: &random) ?? 0
                }
                if row.isEmpty { break }
            }
            guard let read = quickly(row) else { continue }
            #expect(slowly(row) == read, "\(String(decoding: row, as: UTF8.self))")
        }
    }

    @Test("what is not the usual form is left to JSON")
    func others() {
        let good = #"{"token_id":"j","reason":"r","expires_at":5,"created_at":4,"created_by":"a","index":3,"ordinal":2}"#
        #expect(quickly(Array(good.utf8)) != nil)
        for (part, other) in [
            (#""expires_at":5"#, #""expires_at":05"#), (#""expires_at":5"#, #""expires_at":-5"#), (#""expires_at":5"#, #""expires_at":5.0"#),
            (#""expires_at":5"#, #""expires_at":null"#), (#""expires_at":5"#, #""expires_at":"#), (#""index":3"#, #""index":1234567890123456789"#),
            (#""ordinal":2"#, #""ordinal":0"#), (#""ordinal":2"#, #""ordinal":65536"#), (#"{"token_id""#, #"{ "token_id""#), (#"2}"#, #"2} "#),
            (#"2}"#, #"2,"later":1}"#), (#"2}"#, "2"), (#""r""#, #""\u0072""#), (#""r""#, "\"\u{E9}\""), (#""r""#, "\"\u{7F}\""),
            (#"{"token_id":"j","reason":"r""#, #"{"reason":"r","token_id":"j""#),
        ] {
            let text = good.replacing(part, with: other)
            #expect(text != good && quickly(Array(text.utf8)) == nil, "\(text)")
        }
        #expect(quickly([]) == nil)
    }

    @Test("rows that are read in either way come into one table, the last of an id counting, and a row under another key is refused")
    func loading() throws {
        var random = SeededRandom(seed: 5)
        var records: [String: RevocationRecord] = [:]
        var first: String?
        var loader = RevocationTableLoader()
        for number in 0..<9_000 {
            var one = record(&random)
            if number % 7 == 0, let first { one.tokenID = first }
            first = first ?? one.tokenID
            let row = row(one)
            if !loader.insert(key: one.tokenID.utf8.span, value: row.span) { loader.insert(one) }
            records[one.tokenID] = one
        }
        let table = loader.finish()
        #expect(table.count == records.count)
        let wrong = records.filter { table[$0.key] != $0.value || !table.contains($0.key) }
        #expect(wrong.isEmpty)

        var other = RevocationTableLoader()
        let one = RevocationRecord(tokenID: "AAAAAAAAAAAAAAAAAAAAAA", reason: nil, expiresAt: nil, createdAt: 1, createdBy: "a", index: LogIndex(1))
        let isTaken = other.insert(key: "AAAAAAAAAAAAAAAAAAAAAQ".utf8.span, value: row(one).span)
        #expect(!isTaken)
        #expect(throws: StateLoadError.misplaced(collection: .revokedTokens, key: "AAAAAAAAAAAAAAAAAAAAAQ")) {
            var loader = TrustStateLoader()
            try loader.add(.revokedTokens, key: "AAAAAAAAAAAAAAAAAAAAAQ".utf8.span, value: row(one).span)
        }
    }
}
