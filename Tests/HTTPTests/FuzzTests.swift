import HTTP
import Testing

/// Mutated requests against a reference reader that was written for being obviously right, not for being fast: it
/// splits strings, and knows only messages that are whole.
@Suite struct FuzzTests {
    static let seeds = 0..<40
    private static let corpus = RequestParserTests.wellFormed + Smuggling.refused.map(\.text)
        + Malformed.chunks.map(\.text) + Malformed.lengths.map(\.text)

    @Test("no mutation traps, depends on the cut of reads, or frames otherwise than the reference", arguments: seeds)
    func mutations(seed: Int) {
        var dice = Dice(seed: UInt64(seed))
        for round in 0..<250 {
            let bytes = Self.mutated(&dice)
            let outcome = parse(bytes)
            let name: Comment = "seed \(seed), round \(round): \(String(decoding: bytes, as: UTF8.self).debugDescription)"
            #expect(parse(bytes, pieceBytes: 1 + dice.roll(9)) == outcome, name)
            guard case .complete(_, _, _, let body, let taken) = outcome else { continue }
            let reference = ReferenceReader.read(bytes)
            #expect(reference?.body == body, name)
            #expect(reference?.taken == taken, name)
        }
    }

    @Test("the reference agrees with the parser on what is well formed", arguments: RequestParserTests.wellFormed)
    func referenceReads(text: String) {
        let bytes = Array(text.utf8)
        #expect(ReferenceReader.read(bytes)?.taken == bytes.count)
    }

    @Test("noise never traps and never makes a request", arguments: seeds)
    func noise(seed: Int) {
        var dice = Dice(seed: UInt64(seed) + 1000)
        for _ in 0..<100 {
            let bytes = (0..<dice.roll(300)).map { _ in UInt8(dice.roll(256)) }
            if case .complete = parse(bytes) { Issue.record("seed \(seed) made a request") }
        }
    }

    private static func mutated(_ dice: inout Dice) -> [UInt8] {
        var bytes = Array(corpus[dice.roll(corpus.count)].utf8)
        for _ in 0...dice.roll(3) { mutate(&bytes, &dice) }
        return bytes
    }

    private static let interesting = Array("\r\n\t :;,0159aAfF-+%?#/*\u{0}\u{B}\u{7F}".utf8)

    private static func mutate(_ bytes: inout [UInt8], _ dice: inout Dice) {
        guard !bytes.isEmpty else { return }
        let at = dice.roll(bytes.count)
        let length = min(1 + dice.roll(12), bytes.count - at)
        switch dice.roll(7) {
        case 0: bytes[at] = interesting[dice.roll(interesting.count)]
        case 1: bytes.insert(interesting[dice.roll(interesting.count)], at: at)
        case 2: bytes.remove(at: at)
        case 3: bytes.removeSubrange(at..<at + length)
        case 4: bytes.insert(contentsOf: bytes[at..<at + length], at: dice.roll(bytes.count))
        case 5: bytes[at] ^= 1 << UInt8(dice.roll(8))
        default: duplicateLine(&bytes, &dice)
        }
    }

    private static func duplicateLine(_ bytes: inout [UInt8], _ dice: inout Dice) {
        let ends = bytes.indices.filter { bytes[$0] == 0x0A }
        guard ends.count > 1 else { return }
        let line = dice.roll(ends.count - 1)
        bytes.insert(contentsOf: bytes[ends[line] + 1...ends[line + 1]], at: ends[dice.roll(ends.count)] + 1)
    }
}

/// Reads one whole request by splitting at CRLF. `nil` means that the framing is not beyond doubt.
enum ReferenceReader {
    static func read(_ bytes: [UInt8]) -> (body: [UInt8], taken: Int)? {
        var rest = bytes[...]
        if rest.starts(with: [13, 10]) { rest = rest.dropFirst(2) }
        guard let headEnd = find([13, 10, 13, 10], in: rest) else { return nil }
        let lines = split(rest[..<headEnd])
        var codings: [String] = []
        var lengths: [String] = []
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: 58) else { return nil }
            let value = String(decoding: line[(colon + 1)...], as: UTF8.self).trimmed
            switch String(decoding: line[..<colon], as: UTF8.self).lowercased() {
            case "transfer-encoding": codings.append(value.lowercased())
            case "content-length": lengths.append(value)
            default: break
            }
        }
        let body = rest[(headEnd + 4)...]
        switch (codings, lengths) {
        case ([], []): return ([], headEnd + 4)
        case ([], _) where lengths.count == 1:
            guard let length = Int(lengths[0]), lengths[0].allSatisfy(\.isNumber), length <= body.count else { return nil }
            return (Array(body.prefix(length)), body.startIndex + length)
        case (["chunked"], []): return chunks(body)
        default: return nil
        }
    }

    private static func chunks(_ body: ArraySlice<UInt8>) -> (body: [UInt8], taken: Int)? {
        var rest = body
        var decoded: [UInt8] = []
        while let lineEnd = find([13, 10], in: rest) {
            let size = rest[..<lineEnd].prefix { $0 != UInt8(ascii: ";") }
            guard let count = Int(String(decoding: size, as: UTF8.self), radix: 16), count >= 0 else { return nil }
            rest = rest[(lineEnd + 2)...]
            if count == 0 { return trailers(rest).map { (decoded, $0) } }
            guard rest.count >= count + 2 else { return nil }
            decoded += rest.prefix(count)
            rest = rest.dropFirst(count)
            guard rest.starts(with: [13, 10]) else { return nil }
            rest = rest.dropFirst(2)
        }
        return nil
    }

    private static func trailers(_ bytes: ArraySlice<UInt8>) -> Int? {
        if bytes.starts(with: [13, 10]) { return bytes.startIndex + 2 }
        return find([13, 10, 13, 10], in: bytes).map { $0 + 4 }
    }

    private static func find(_ pattern: [UInt8], in bytes: ArraySlice<UInt8>) -> Int? {
        guard bytes.count >= pattern.count else { return nil }
        return (bytes.startIndex...bytes.endIndex - pattern.count).first { bytes[$0...].starts(with: pattern) }
    }

    private static func split(_ head: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
        var lines: [ArraySlice<UInt8>] = []
        var rest = head
        while let end = find([13, 10], in: rest) {
            lines.append(rest[..<end])
            rest = rest[(end + 2)...]
        }
        return lines + [rest]
    }
}

extension String {
    fileprivate var trimmed: String {
        var view = self[...]
        while view.first == " " || view.first == "\t" { view = view.dropFirst() }
        while view.last == " " || view.last == "\t" { view = view.dropLast() }
        return String(view)
    }
}
