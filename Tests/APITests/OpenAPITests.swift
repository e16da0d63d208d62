import FoundationEssentials
import HTTPTypes
import JOSE
import Testing

@testable import API

@Suite("The OpenAPI document")
struct OpenAPITests {
    private static let file = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../docs/openapi.yaml").standardized

    /// Set `CREDENCE_WRITE_OPENAPI=1` to write the file anew after a change of the endpoint table.
    @Test("docs/openapi.yaml says what the server serves, to the letter")
    func fileAgrees() throws {
        let expected = YAMLText.of(OpenAPIDocument.document)
        if ProcessInfo.processInfo.environment["CREDENCE_WRITE_OPENAPI"] != nil {
            try Data(expected.utf8).write(to: Self.file)
        }
        let found = try String(decoding: Data(contentsOf: Self.file), as: UTF8.self)
        #expect(found == expected, "run this test with CREDENCE_WRITE_OPENAPI=1 and read the difference")
    }

    /// Reads the file by itself, so that a mistake in writing it cannot hide one in the table.
    @Test("the paths and methods in the file are those of the endpoint table, with their scopes, both ways")
    func pathsAgree() throws {
        var inFile: Set<String> = []
        var path = ""
        var method = ""
        for line in try String(decoding: Data(contentsOf: Self.file), as: UTF8.self).split(separator: "\n") {
            if line == "components:" { break }
            if line.hasPrefix("  \"/") { path = String(line.dropFirst(3).dropLast(2)) }
            if line.hasPrefix("    "), !line.hasPrefix("     ") { method = line.dropFirst(4).dropLast().uppercased() }
            if let scope = line.split(separator: "      x-credence-scope: ").first, line.hasPrefix("      x-credence-scope: ") {
                inFile.insert("\(method) \(path) \(scope.filter { $0 != "\"" })")
            }
        }
        let inTable = EndpointTable.all.endpoints.map { "\($0.method.rawValue) \($0.path.template) \($0.access.documented)" }
        #expect(inFile == Set(inTable))
    }

    @Test("the document is served as JSON", .timeLimit(.minutes(5)))
    func served() async throws {
        try await ServedMember.with { served async throws in
            let answer = try await served.send("GET", "/openapi.json")
            #expect(answer.status == 200 && answer.json == OpenAPIDocument.document)
        }
    }
}

/// JSON as YAML in block style; every text that is more than a plain word is quoted as in JSON,
/// which YAML 1.2 reads the same way.
enum YAMLText {
    static func of(_ value: JSON) -> String {
        var text = ""
        append(value, indent: 0, to: &text)
        return text
    }

    private static func append(_ value: JSON, indent: Int, to text: inout String) {
        let margin = String(repeating: " ", count: indent)
        switch value {
        case .object(let object):
            for member in object.members {
                text += "\(margin)\(scalar(.string(member.name))):"
                appendNested(member.value, indent: indent + 2, to: &text)
            }
        case .array(let elements):
            for element in elements {
                text += "\(margin)-"
                appendNested(element, indent: indent + 2, to: &text)
            }
        default: text += "\(margin)\(scalar(value))\n"
        }
    }

    private static func appendNested(_ value: JSON, indent: Int, to text: inout String) {
        switch value {
        case .object(let object) where !object.isEmpty:
            text += "\n"
            append(value, indent: indent, to: &text)
        case .array(let elements) where !elements.isEmpty:
            text += "\n"
            append(value, indent: indent, to: &text)
        default: text += " \(scalar(value))\n"
        }
    }

    private static func scalar(_ value: JSON) -> String {
        guard case .string(let text) = value else { return value.encodedString }
        let isPlain =
            text.first?.isLetter == true && !["true", "false", "null", "yes", "no", "on", "off"].contains(text)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                    true
                default: false
                }
            }
        return isPlain ? text : value.encodedString
    }
}
