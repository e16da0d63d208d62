import HTTP

/// The query of a request. Unknown parameters are nobody's error: clients of Incus send `project`,
/// `target`, `filter` and others on every request.
struct QueryParameters: Sendable {
    private let items: QueryItems?

    static let none = QueryParameters(items: nil)

    private init(items: QueryItems?) {
        self.items = items
    }

    init(_ head: HTTPHead) throws(Problem) {
        do throws(QueryItems.Failure) {
            items = try QueryItems(head)
        } catch {
            throw .badRequest("the query \(error.words)")
        }
    }

    /// For a route where an unknown or empty parameter would leave out a check.
    func requireOnly(_ known: Set<String>) throws(Problem) {
        for item in items?.items ?? [] {
            guard known.contains(item.name) else { throw .badRequest("unknown query parameter \"\(item.name)\"") }
            guard !item.value.isEmpty else { throw .badRequest("query parameter \(item.name) must not be empty") }
        }
    }

    /// The value of `name`; nil when absent or empty. Given twice is refused: which of two
    /// `audience`s was checked must not depend on who reads the URL.
    func value(_ name: String) throws(Problem) -> String? {
        guard let values = items?.values(name), let first = values.first else { return nil }
        guard values.count == 1 else { throw .badRequest("query parameter \(name) is given more than once") }
        return first.isEmpty ? nil : first
    }
}

/// A request target fit for a log line.
enum LoggedTarget {
    static let bytesMax = 512

    private static let secretNames: Set = ["access_token", "token", "secret"]

    /// Secret parameters are blanked and the whole is shortened. Works on the raw bytes, since a
    /// target that does not parse is logged too.
    static func redacted(_ target: ArraySlice<UInt8>) -> String {
        guard let mark = target.firstIndex(of: UInt8(ascii: "?")) else { return shortened(target) }
        var output = Array(target[...mark])
        let pieces = target[(mark + 1)...].split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false)
        for (position, piece) in pieces.enumerated() {
            if position > 0 { output.append(UInt8(ascii: "&")) }
            let name = piece.prefix { $0 != UInt8(ascii: "=") }
            if isSecret(name) {
                output += name
                output += "=REDACTED".utf8
            } else {
                output += piece
            }
        }
        return shortened(output[...])
    }

    /// A name may itself be escaped (`acces%73_token`), and the server would honour it. One that
    /// cannot be decoded is not honoured, and its value may still be a token that somebody mistyped.
    private static func isSecret(_ name: ArraySlice<UInt8>) -> Bool {
        guard let plain = try? PercentEncoding.decode(name, plusIsSpace: true) else { return true }
        return secretNames.contains(plain.lowercased())
    }

    private static func shortened(_ bytes: ArraySlice<UInt8>) -> String {
        let text = String(decoding: withoutTokens(bytes).prefix(bytesMax), as: UTF8.self)
        return bytes.count > bytesMax ? text + "..." : text
    }

    /// Every JWS begins with a JSON object in base64url, and so with `eyJ`. Wherever somebody pasted
    /// one, the rest of that word is dropped.
    static func withoutTokens(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var output: [UInt8] = []
        var rest = bytes
        while let first = rest.first {
            if rest.starts(with: "eyJ".utf8) {
                output += "REDACTED".utf8
                rest = rest.drop { isTokenByte($0) }
            } else {
                output.append(first)
                rest = rest.dropFirst()
            }
        }
        return output
    }

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."): true
        default: false
        }
    }
}
