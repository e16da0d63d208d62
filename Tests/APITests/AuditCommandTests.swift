import Cluster
import Crypto
import FoundationEssentials
import JOSE
import Testing
import TrustStore

@testable import credence

@Suite("Exports of the audit record")
struct AuditCommandTests {
    private static func texts(_ count: Int64, after base: Int64 = 0, chain start: [UInt8] = [UInt8](repeating: 0, count: 32)) -> [AuditItemText] {
        var chain = start
        return (1...count).map { number in
            let (index, bytes) = (base + number, Array("entry \(base + number)".utf8))
            var hash = SHA256Stream()
            hash.update(chain)
            for part in [UInt64(index), 3, 2] { hash.update(part) }
            hash.update(bytes)
            let isFirst = number == 1
            let before = chain
            chain = hash.finalize()
            return AuditItemText(
                index: index, term: 3, kind: 2, bytes: bytes, chain: chain, base: isFirst ? .init(index: base, chain: before) : nil)
        }
    }

    private static func export(_ texts: [AuditItemText]) throws -> (path: String, check: AuditCheck) {
        let path = "/tmp/credence-export-\(UInt64.random(in: 0 ... .max))"
        var writer = AuditExportFile.Writer(path: path, descriptor: try #require(Terminal.create(path)))
        var check = AuditCheck()
        for text in texts {
            try text.take(into: &check)
            try writer.write(text)
        }
        try writer.finish(check)
        return (path, check)
    }

    private static func verify(_ path: String) throws -> AuditCheck {
        var check = AuditCheck()
        try AuditCommand.Verify.check(path, into: &check)
        return check
    }

    @Test("what was exported is whole when it is read again, over a gap too")
    func whole() throws {
        let (path, check) = try Self.export(Self.texts(20) + Self.texts(5, after: 40, chain: SHA256.hash([1])))
        defer { TemporaryDirectory.remove(path) }
        #expect(try Self.verify(path) == check)
        #expect(check.stretches.map(\.after) == [0, 40] && check.stretches.map(\.end) == [20, 45] && check.entryCount == 25)
    }

    @Test("a changed bit anywhere is found, and in an entry's line its index is named", arguments: [0, 3, 7])
    func everyByte(bit: Int) throws {
        let (path, _) = try Self.export(Self.texts(4))
        defer { TemporaryDirectory.remove(path) }
        let original = try [UInt8](Data(contentsOf: URL(filePath: path)))
        var line = -1
        for place in original.indices {
            var changed = original
            changed[place] ^= 1 << UInt8(bit)
            try Data(changed).write(to: URL(filePath: path))
            let error = #expect(throws: AuditFault.self, "byte \(place)") { try Self.verify(path) }
            if case .entry(let index, _) = error, (1...4).contains(line) { #expect(index == UInt64(line), "byte \(place)") }
            if original[place] == UInt8(ascii: "\n") { line += 1 }
        }
    }

    @Test("a line that is missing, twice, or cut off is found", arguments: [1, 2, 3, 4, 5])
    func lines(number: Int) throws {
        let (path, _) = try Self.export(Self.texts(4))
        defer { TemporaryDirectory.remove(path) }
        let lines = try String(decoding: Data(contentsOf: URL(filePath: path)), as: UTF8.self).split(separator: "\n").map(String.init)
        var without = lines, twice = lines
        without.remove(at: number)
        twice.insert(lines[number], at: number)
        for changed in [without, twice, Array(lines.prefix(number))] where changed != lines {
            // The base may be said again: it says nothing new.
            if number == 1, changed == twice { continue }
            try Data((changed.joined(separator: "\n") + "\n").utf8).write(to: URL(filePath: path))
            #expect(throws: AuditFault.self, "\(changed)") { try Self.verify(path) }
        }
    }

    @Test("an export never takes the place of a file")
    func noOverwriting() throws {
        let (path, _) = try Self.export(Self.texts(1))
        defer { TemporaryDirectory.remove(path) }
        #expect(Terminal.create(path) == nil)
    }

    @Test("what to keep is all, a number or days", arguments: [("all", AuditRetention.everything), ("1", .entries(1)), ("1000000000", .entries(1_000_000_000)), ("1d", .seconds(86_400)), ("36500d", .seconds(3_153_600_000))])
    func retention(text: String, expected: AuditRetention) throws {
        #expect(try ServeSettings.retention(text) == expected)
    }

    @Test("anything else is usage", arguments: ["0", "-1", "1000000001", "0d", "36501d", "d", "1h", ""])
    func noRetention(text: String) {
        #expect(throws: CommandFailure.self) { try ServeSettings.retention(text) }
    }
}
