import Cluster
import EventLoop
import HTTP
import HTTPTypes
import JOSE
import Testing

@testable import API

@Suite("Bad input", .timeLimit(.minutes(5)))
struct BadInputTests {
    private static let withBody = EndpointTable.all.endpoints.filter { !($0.document.body ?? []).isEmpty && $0.document.bodyType == .json }

    /// Not required of every body, but of those made here.
    private static let needed: Set = ["token_id", "nbf_leeway_seconds", "private_key"]

    private static func target(_ endpoint: Endpoint) -> String {
        endpoint.path.parameterNames.reduce(endpoint.path.template) { path, name in
            path.split(separator: "{\(name)}", omittingEmptySubsequences: false).joined(separator: "x")
        }
    }

    /// A body that has everything required, each of its type, and one member where at least one is.
    private static func example(_ endpoint: Endpoint) -> JSONObject {
        var body = JSONObject()
        for field in endpoint.document.body ?? [] where field.isRequired || needed.contains(field.name) {
            body[field.name] = good(field)
        }
        return body
    }

    private static func good(_ field: EndpointDocument.Field) -> JSON {
        switch field.kind {
        case .string:
            switch field.name {
            case "algorithm": "ES256"
            case "kind": "forest"
            case "private_key": .string(Base64.encode([UInt8](repeating: 7, count: 32)))
            default: "x"
            }
        case .integer: 1
        case .boolean: true
        case .strings: ["read"]
        case .object: .object([:])
        }
    }

    @Test("an unknown member is refused by its name, and nothing is done", arguments: withBody)
    func unknownMember(endpoint: Endpoint) async throws {
        try await ServedMember.with { served async throws in
            var body = Self.example(endpoint)
            body["surprise"] = 1
            let before = served.member.view.index
            let answer = try await served.send(endpoint.method.rawValue, Self.target(endpoint), .object(body), over: ServedMember.root)
            switch endpoint.document.unknownMembers {
            case .refused:
                #expect(answer.status == 400 && answer.error.contains(#""surprise""#), "\(answer)")
                #expect(served.member.view.index == before)
            case .ignored: #expect(!answer.text.contains("surprise"), "\(answer)")
            }
        }
    }

    @Test("a member of the wrong type is refused by its name, null is the same as absent", arguments: withBody)
    func wrongType(endpoint: Endpoint) async throws {
        try await ServedMember.with { served async throws in
            for field in endpoint.document.body ?? [] {
                var body = Self.example(endpoint)
                body[field.name] = field.kind == .boolean ? 1 : true
                let wrong = try await served.send(endpoint.method.rawValue, Self.target(endpoint), .object(body), over: ServedMember.root)
                #expect(wrong.status == 400 && wrong.error.contains(field.name), "\(field.name): \(wrong)")
                guard !field.isRequired, !Self.needed.contains(field.name) else { continue }
                body[field.name] = .null
                let null = try await served.send(endpoint.method.rawValue, Self.target(endpoint), .object(body), over: ServedMember.root)
                #expect(null.status != 400 || !null.error.hasPrefix("field \"\(field.name)\""), "\(field.name): \(null)")
            }
        }
    }

    @Test("a required member that is missing is named", arguments: withBody)
    func missing(endpoint: Endpoint) async throws {
        try await ServedMember.with { served async throws in
            for field in endpoint.document.body ?? [] where field.isRequired {
                var body = Self.example(endpoint)
                body[field.name] = nil
                let answer = try await served.send(endpoint.method.rawValue, Self.target(endpoint), .object(body), over: ServedMember.root)
                #expect(answer.status == 400 && answer.error.contains(field.name), "\(field.name): \(answer)")
            }
        }
    }

    @Test(
        "what is no JSON object is refused with what is wrong about it",
        arguments: [
            "{", "[]", "null", "1", #"{"token":"a"} x"#, #"{"token":"a","token":"b"}"#, "\u{FEFF}{}", "{'token':1}",
            #"{"token":"\ud800"}"#,
        ])
    func malformed(body: String) async throws {
        try await ServedMember.with { served async throws in
            let answer = try await served.send("POST", "/1.0/tokens/verify", body: body)
            #expect(answer.status == 400 && answer.json["type"] == "error" && !answer.error.isEmpty, "\(answer)")
        }
    }

    @Test("nesting beyond the bound is refused, not recursed into")
    func deep() async throws {
        try await ServedMember.with { served async throws in
            let body = #"{"token":"# + String(repeating: "[", count: 100_000)
            #expect(try await served.send("POST", "/1.0/tokens/verify", body: body).status == 400)
        }
    }

    @Test("the content type must be JSON where a body is read, and is nobody's matter elsewhere")
    func contentType() async throws {
        try await ServedMember.with { served async throws in
            let body = #"{"token":"x"}"#
            for type in ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""] {
                let answer = try await served.send("POST", "/1.0/tokens/verify", body: body, fields: ["Content-Type: \(type)"])
                #expect(answer.status == 415, "\(type): \(answer)")
            }
            for type in ["application/json", "Application/JSON", "application/json; charset=utf-8", "application/json ;x=y"] {
                let answer = try await served.send("POST", "/1.0/tokens/verify", body: body, fields: ["Content-Type: \(type)"])
                #expect(answer.status == 200, "\(type): \(answer)")
            }
            // The client of LXD sends a body with every GET.
            #expect(try await served.send("GET", "/1.0", body: #""""#).status == 200)
            #expect(try await served.send("GET", "/1.0", body: "junk", fields: ["Content-Type: text/plain"]).status == 200)
            #expect(
                try await served.send(
                    "POST", "/auth/verify", body: "a=b", token: served.adminToken, fields: ["Content-Type: text/plain"]
                ).status == 200)
        }
    }

    @Test("a stranger is refused before the body is looked at")
    func authorisationFirst() async throws {
        try await ServedMember.with { served async throws in
            #expect(try await served.send("POST", "/1.0/tokens", body: "{").status == 403)
        }
    }

    @Test("a token that is too long is refused, one at the bound is judged")
    func tokenLength() async throws {
        try await ServedMember.with { served async throws in
            for (length, status) in [(64 * 1024, 200), (64 * 1024 + 1, 400)] {
                let body: JSON = ["token": .string(String(repeating: "x", count: length))]
                #expect(try await served.send("POST", "/1.0/tokens/verify", body).status == status)
            }
        }
    }

    @Test("bytes that are no request get the status that names why, in the envelope")
    func refusal() async throws {
        try await ServedMember.with { served async throws in
            let (loop, handler) = (served.loop, served.handler)
            for error in [HTTPParseError.bodyTooLarge, .headerTooLarge, .timedOut, .bareLineFeed] {
                let answer = await withCheckedContinuation { continuation in
                    loop.execute { continuation.resume(returning: Reception(handler.refusal(error))) }
                }
                #expect(answer.status == error.status.code && answer.json["error_code"]?.integerValue == Int64(answer.status))
                #expect(answer.fields["credence-member"] == "n1" && answer.fields["x-request-id"] != nil)
            }
        }
    }
}
