import JOSE
import Raft
import Testing

@testable import TrustStore

@Suite("The table of revoked tokens")
struct RevocationTableTests {
    private func record(
        _ tokenID: String, reason: String? = "lost", expiresAt: Int64? = 2_000_000_000, createdAt: Int64 = 1_700_000_000, by: String = "alice",
        index: UInt64 = 7
    ) -> RevocationRecord {
        RevocationRecord(
            tokenID: tokenID, reason: reason, expiresAt: expiresAt, createdAt: createdAt, createdBy: by, index: LogIndex(index))
    }

    private func id(_ random: inout SeededRandom) -> String { Base64URL.encode((0..<16).map { _ in UInt8.random(in: 0...255, using: &random) }) }

    @Test("an id of the cluster's form survives its 128 bits, and no other text has them")
    func compactIDs() throws {
        var random = SeededRandom(seed: 1)
        for _ in 0..<2_000 {
            let text = id(&random)
            #expect(try #require(CompactTokenID(text)).text == text)
        }
        for edge in [[UInt8](repeating: 0, count: 16), [UInt8](repeating: 0xFF, count: 16)] {
            let text = Base64URL.encode(edge)
            #expect(try #require(CompactTokenID(text)).text == text)
        }
        let good = id(&random)
        for wrong in ["", "x", String(good.dropLast()), good + "A", String(good.dropLast()) + "B", String(good.dropLast()) + "=", "é" + good.dropFirst(2)] {
            #expect(CompactTokenID(wrong) == nil, "\(wrong)")
        }
    }

    @Test("every record comes back as it went in, whatever its form")
    func roundTrip() {
        var random = SeededRandom(seed: 2)
        var table = RevocationTable()
        let records = [
            record(id(&random)), record(id(&random), reason: nil), record(id(&random), expiresAt: nil), record(id(&random), expiresAt: 0, createdAt: 0),
            record(id(&random), expiresAt: (1 << 39) - 1), record(id(&random), expiresAt: 1 << 39), record(id(&random), expiresAt: -1),
            record(id(&random), expiresAt: .max), record(id(&random), createdAt: 253_402_300_799), record(id(&random), reason: "caf\u{E9}"),
            record(id(&random), reason: "cafe\u{301}"), record(id(&random), index: UInt64(Int64.max)), record("ci-token"), record("x", expiresAt: nil),
            record(Base64URL.encode([UInt8](repeating: 1, count: 32))),
        ]
        for record in records { table.insert(record) }
        #expect(table.count == records.count && !table.isEmpty)
        for record in records {
            #expect(table[record.tokenID] == record)
            #expect(table[record.tokenID]?.reason?.utf8.elementsEqual(record.reason?.utf8 ?? "".utf8) ?? (record.reason == nil))
            #expect(table.contains(record.tokenID))
        }
        for record in records { table.remove(record.tokenID) }
        #expect(table.isEmpty && table == RevocationTable())
    }

    @Test("a table is equal to one filled in another order, and not to one that differs in a cause")
    func equality() {
        var random = SeededRandom(seed: 3)
        let records = (0..<100).map { record(id(&random), reason: "r\($0 % 7)", by: "b\($0 % 3)", index: UInt64($0)) }
        var first = RevocationTable(), second = RevocationTable()
        for record in records { first.insert(record) }
        for record in records.reversed() { second.insert(record) }
        #expect(first == second && first.sorted() == records)
        var changed = records[50]
        changed.reason = "other"
        second.insert(changed)
        #expect(first != second)
    }

    @Test("more causes than are numbered are kept whole")
    func manyCauses() {
        var random = SeededRandom(seed: 4)
        var table = RevocationTable()
        let count = 65_538
        var last = record(id(&random))
        for number in 0..<count {
            last = record(id(&random), reason: "reason \(number)", index: UInt64(number))
            table.insert(last)
        }
        #expect(table.count == count && table[last.tokenID] == last)
    }

    @Test("pages are the oldest after a place, whatever the form of the record")
    func pages() {
        var random = SeededRandom(seed: 6)
        var table = RevocationTable()
        var records: [RevocationRecord] = []
        for position in 0..<500 {
            var one = record(position % 5 == 0 ? "form \(position)" : id(&random), index: UInt64(1 + position / 3))
            one.ordinal = UInt16(position % 3)
            records.append(one)
        }
        for record in records.shuffled(using: &random) { table.insert(record) }
        var seen: [RevocationRecord] = []
        while case let page = table.oldest(7, after: seen.last?.place), !page.isEmpty { seen += page }
        #expect(seen == records)
        #expect(table.oldest(1_000, after: nil) == records && table.oldest(3, after: records[499].place).isEmpty)
        #expect(RevocationPlace("17.2") == RevocationPlace(index: LogIndex(17), ordinal: 2) && RevocationPlace("17")?.id == "17")
        for wrong in ["", "x", "17.", ".1", "17.0", "017", "+17", "17.1.1", "17.65536", "-1", "99999999999999999999"] { #expect(RevocationPlace(wrong) == nil, "\(wrong)") }
    }

    @Test("what has ended is found, oldest revocation first, and no more than asked for")
    func ended() {
        var random = SeededRandom(seed: 5)
        var table = RevocationTable()
        let old = (0..<5).map { record($0 == 2 ? "other form" : id(&random), expiresAt: 100, index: UInt64(10 - $0)) }
        for record in old { table.insert(record) }
        table.insert(record(id(&random), expiresAt: 101))
        table.insert(record(id(&random), expiresAt: nil))
        #expect(table.ended(before: 101, max: 10) == old.reversed().map(\.tokenID))
        #expect(table.ended(before: 101, max: 2) == old.reversed().prefix(2).map(\.tokenID))
        #expect(table.ended(before: 100, max: 10).isEmpty)
    }

    /// Ids of both forms.
    private func ids(_ count: Int, _ random: inout SeededRandom) -> [String] {
        (0..<count).map { $0 % 10 == 0 ? "form \($0) \(UInt32.random(in: 0...UInt32.max, using: &random))" : id(&random) }
    }

    @Test("every id that was put in is found: after growth, in any order, after removals and putting in again, and in copies", arguments: 0..<UInt64(4))
    func nothingIsMissed(seed: UInt64) {
        var random = SeededRandom(seed: 100 + seed)
        let all = ids(20_000, &random)
        var table = RevocationTable()
        var kept: [(table: RevocationTable, ids: Set<String>)] = []
        var present: Set<String> = []
        for round in 0..<6 {
            for id in all.shuffled(using: &random).prefix(6_000) {
                if round > 1, Bool.random(using: &random) {
                    table.remove(id)
                    present.remove(id)
                } else {
                    table.insert(record(id, index: UInt64(round)))
                    present.insert(id)
                }
            }
            kept.append((table, present))
        }
        for (table, present) in kept {
            #expect(table.count == present.count)
            let wrong = all.filter { id in
                table.contains(id) != present.contains(id) || table.contains(RevocationKey(id)) != present.contains(id) || (table[id] != nil) != present.contains(id)
            }
            #expect(wrong.isEmpty, "seed \(seed)")
        }
    }

    @Test("a filter never misses what was put in, fills up, and takes few others for its own")
    func filter() {
        var random = SeededRandom(seed: 7)
        #expect(!RevocationFilter().mayContain(0) && !RevocationFilter().mayContain(.max) && RevocationFilter().room == 0)
        for count in [1, 31, 32, 33, 1_000, 5_000] {
            var filter = RevocationFilter(twice: count)
            #expect(filter.room >= 2 * count)
            var put: [UInt64] = []
            while filter.room > 0 {
                put.append(.random(in: 0...UInt64.max, using: &random))
                filter.insert(put[put.count - 1])
                filter.insert(put[put.count - 1])
            }
            #expect(put.allSatisfy(filter.mayContain))
            let others = (0..<20_000).count { _ in filter.mayContain(.random(in: 0...UInt64.max, using: &random)) }
            #expect(others < 400, "of 20,000, with \(put.count) in it")
        }
        // Hashes that share their word fill it up, which costs time and misses nothing.
        var crowded = RevocationFilter(twice: 100)
        let same = (0..<100).map { UInt64($0) << 40 | 5 }
        for hash in same { crowded.insert(hash) }
        #expect(same.allSatisfy(crowded.mayContain))
    }

    @Test("ids that differ in their case, their last digit or one bit are different ids")
    func neighbours() {
        var random = SeededRandom(seed: 8)
        var table = RevocationTable()
        let bytes = (0..<16).map { _ in UInt8.random(in: 0...255, using: &random) }
        table.insert(record(Base64URL.encode(bytes)))
        table.insert(record("K"))
        for bit in 0..<128 {
            var other = bytes
            other[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(!table.contains(Base64URL.encode(other)))
        }
        #expect(!table.contains("k") && table.contains("K"))
    }
}
