import HTTPTypes
import JOSE
import Testing

@testable import API

@Suite("Routing")
struct RoutingTests {
    private func route(_ method: HTTPRequest.Method, _ path: [String], inClear: Bool = false) throws(Problem) -> String {
        try EndpointTable.all.route(method, path: path, inClear: inClear).endpoint.path.template
    }

    @Test("a path of the table is found, its parameters are the decoded segments")
    func parameters() throws {
        let route = try EndpointTable.all.route(.get, path: ["1.0", "tokens", "a b"], inClear: false)
        #expect(route.endpoint.path.template == "/1.0/tokens/{id}")
        #expect(route.parameters == ["id": "a b"])
    }

    @Test("a path written out wins over one with a parameter, for its 405 too")
    func literalWins() throws {
        #expect(try route(.post, ["1.0", "tokens", "verify"]) == "/1.0/tokens/verify")
        let problem = #expect(throws: Problem.self) { try route(.get, ["1.0", "tokens", "verify"]) }
        #expect(problem?.status == .methodNotAllowed)
        #expect(problem?.allow == ["POST"])
    }

    @Test("HEAD is served by GET and named in Allow beside it")
    func head() throws {
        #expect(try route(.head, ["healthz"]) == "/healthz")
        let problem = #expect(throws: Problem.self) { try route(.put, ["1.0", "tokens"]) }
        #expect(problem?.allow == ["GET", "HEAD", "POST"])
    }

    @Test(
        "no prefix, no empty segment and no other case is a path",
        arguments: [
            ["1.0", "tokens", ""], ["1.0", "token"], ["1.0", "tokens", "a", "b"], ["HEALTHZ"], ["2.0"], ["1.0", "event"],
        ])
    func unknown(path: [String]) {
        #expect(throws: Problem.notFound()) { try route(.get, path) }
    }

    @Test("the clear listener knows verification and health, and nothing else", arguments: EndpointTable.all.endpoints)
    func clear(endpoint: Endpoint) {
        let served: Set = ["/auth/verify", "/1.0/tokens/verify", "/healthz", "/readyz", "/.well-known/jwks.json"]
        #expect(endpoint.isServedInClear == served.contains(endpoint.path.template))
    }

    @Test("no two endpoints share method and path")
    func unique() {
        let names = EndpointTable.all.endpoints.map { "\($0.method.rawValue) \($0.path.template)" }
        #expect(Set(names).count == names.count)
    }

    @Test("through the handler: 404 and 405 in the envelope, bad escapes 400, for everybody", .timeLimit(.minutes(5)))
    func handled() async throws {
        try await ServedMember.with { served async throws in
            for target in ["/1.0/nothing", "/nothing", "/1.0/tokens/", "/1.0/event"] {
                let answer = try await served.send("GET", target)
                #expect(answer.status == 404 && answer.json["type"] == "error", "\(answer)")
                #expect(answer.json["error_code"] == 404 && answer.json["status_code"] == 0)
            }
            let wrong = try await served.send("PATCH", "/1.0/cluster/status")
            #expect(wrong.status == 405 && wrong.fields["allow"] == "GET, HEAD", "\(wrong)")
            #expect(try await served.send("GET", "/1.0/tokens/%zz").status == 400)
            #expect(try await served.send("GET", "/1.0/keys?a=%f").status == 400)
            #expect(try await served.send("GET", "/1.0/keys", over: .clear).status == 404)
            #expect(try await served.send("GET", "/healthz", over: .clear).status == 200)
        }
    }
}
