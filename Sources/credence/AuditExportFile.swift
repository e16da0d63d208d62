import Cluster
import Crypto
import JOSE

/// An exported record: one JSON object a line. A line is only ever what this writes for what it says, so that a byte
/// that differs shows, wherever it stands.
///
///     {"credence_audit":1}
///     {"base":{"index":0,"chain":"00…"}}
///     {"index":1,"term":1,"kind":1,"bytes":"…","chain":"…"}
///     {"end":{"index":1,"chain":"…"}}
enum AuditExportFile {
    static let firstLine = #"{"credence_audit":1}"#
    /// The largest entry in base64, with room to spare.
    static let lineBytesMax = 1 << 20
    private static let chunkBytes = 1 << 16

    static func line(_ text: AuditItemText) -> String {
        JSON.object([
            "index": .integer(text.index), "term": .integer(text.term), "kind": .integer(text.kind),
            "bytes": .string(Base64.encode(text.bytes)), "chain": .string(Hex.encode(text.chain)),
        ]).encodedString
    }

    static func line(_ name: String, _ index: Int64, _ chain: [UInt8]) -> String {
        JSON.object([name: .object(["index": .integer(index), "chain": .string(Hex.encode(chain))])]).encodedString
    }

    static func isOne(_ path: String) throws(AuditFault) -> Bool {
        guard let descriptor = Terminal.openForReading(path) else { throw .unreadable("\(path) cannot be opened") }
        defer { Terminal.dismiss(descriptor) }
        // Nil for a folder.
        return Terminal.read(descriptor, countMax: 1)?.first == UInt8(ascii: "{")
    }

    // MARK: - Reading

    static func check(_ path: String, into check: inout AuditCheck) throws(AuditFault) {
        guard let descriptor = Terminal.openForReading(path) else { throw .unreadable("\(path) cannot be opened") }
        defer { Terminal.dismiss(descriptor) }
        var reader = Reader(check: check)
        var pending: [UInt8] = []
        while true {
            guard let chunk = Terminal.read(descriptor, countMax: chunkBytes) else { throw .unreadable("\(path) cannot be read") }
            if chunk.isEmpty { break }
            pending += chunk
            var lines = pending.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            let rest = lines.removeLast()
            for line in lines { try reader.take(Array(line)) }
            guard rest.count <= lineBytesMax else { throw reader.damaged("its line is too long") }
            pending = Array(rest)
        }
        guard pending.isEmpty, reader.isAtEnd else { throw reader.damaged("the file ends before its record does") }
        check = reader.check
    }

    private struct Reader {
        var check: AuditCheck
        private var hasBegun = false
        private(set) var isAtEnd = false

        init(check: AuditCheck) { self.check = check }

        func damaged(_ what: String) -> AuditFault { .entry(index: UInt64(max(0, check.index) + 1), what: what) }

        mutating func take(_ line: [UInt8]) throws(AuditFault) {
            guard hasBegun else {
                guard line == Array(firstLine.utf8) else { throw .unreadable("the file does not begin as an export of this version does") }
                return hasBegun = true
            }
            guard !isAtEnd else { throw damaged("something follows the end") }
            guard let json = try? JSON(trusting: line) else { throw damaged("its line is damaged") }
            if let base = Self.point(json["base"]), line == Array(AuditExportFile.line("base", base.index, base.chain).utf8) {
                try check.begin(at: base.index, chain: base.chain)
            } else if let end = Self.point(json["end"]), line == Array(AuditExportFile.line("end", end.index, end.chain).utf8) {
                guard end.index == check.index, end.chain == check.chain else { throw damaged("the record ends elsewhere than the file says") }
                isAtEnd = true
            } else if let text = Self.entry(json), line == Array(AuditExportFile.line(text).utf8) {
                try check.take(text)
            } else {
                throw damaged("its line is damaged")
            }
        }

        private static func point(_ json: JSON?) -> AuditItemText.Base? {
            guard let index = json?["index"]?.integerValue, index >= 0, let chain = json?["chain"]?.stringValue.flatMap({ Hex.decode($0) })
            else { return nil }
            return AuditItemText.Base(index: index, chain: chain)
        }

        private static func entry(_ json: JSON) -> AuditItemText? {
            guard let index = json["index"]?.integerValue, let term = json["term"]?.integerValue, let kind = json["kind"]?.integerValue,
                let bytes = json["bytes"]?.stringValue.flatMap({ Base64.decode($0) }),
                let chain = json["chain"]?.stringValue.flatMap({ Hex.decode($0) })
            else { return nil }
            return AuditItemText(index: index, term: term, kind: kind, bytes: bytes, chain: chain)
        }
    }

    // MARK: - Writing

    struct Writer {
        let path: String
        let descriptor: Int32
        private var hasBegun = false
        private var index: Int64 = -1

        init(path: String, descriptor: Int32) {
            self.path = path
            self.descriptor = descriptor
        }

        mutating func write(_ text: AuditItemText) throws(CommandFailure) {
            try begin()
            // A page begins where the one before ended, unless there is a gap.
            if let base = text.base, base.index != index { try put(AuditExportFile.line("base", base.index, base.chain)) }
            try put(AuditExportFile.line(text))
            index = text.index
        }

        mutating func finish(_ check: AuditCheck) throws(CommandFailure) {
            try begin()
            try put(AuditExportFile.line("end", check.index, check.chain))
            guard Terminal.finish(descriptor) else { throw .refused("\(path) could not be written") }
        }

        func abandon() { Terminal.dismiss(descriptor) }

        private mutating func begin() throws(CommandFailure) {
            guard !hasBegun else { return }
            hasBegun = true
            try put(firstLine)
        }

        private func put(_ line: String) throws(CommandFailure) {
            guard Terminal.writeWhole(line + "\n", to: descriptor) else { throw .refused("\(path) could not be written") }
        }
    }
}
