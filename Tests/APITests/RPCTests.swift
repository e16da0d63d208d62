import HTTP
import JOSE
import Testing

@testable import API

@Suite("JSON-RPC", .timeLimit(.minutes(5)))
struct RPCTests {
    private static let paths = ["/rpc/v0", "/rpc/v1"]

    private static func call(_ method: String, _ params: JSON = .array([]), id: JSON = 1) -> JSON {
        ["jsonrpc": "2.0", "id": id, "method": .string(method), "params": params]
    }

    private func send(
        _ served: ServedMember, _ body: JSON, token: String? = nil, path: String = "/rpc/v1", over channel: ServedMember.Channel = .tls
    ) async throws -> Reception {
        try await served.send("POST", path, body, token: token, over: channel)
    }

    private func code(_ answer: Reception) -> Int64? { answer.json["error"]?["code"]?.integerValue }

    private func made(_ answer: Reception) throws -> String {
        let bytes = try #require(answer.json["result"]?.stringValue.flatMap(Base64.decode), "\(answer)")
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test("AuthNew makes a node's token, which AuthVerify and every other call accept", arguments: paths)
    func authNew(path: String) async throws {
        try await ServedMember.with { served async throws in
            let answer = try await send(served, Self.call("Filecoin.AuthNew", [["read", "write"], 60]), token: served.adminToken, path: path)
            #expect(answer.status == 200 && answer.json["id"] == 1 && answer.json["jsonrpc"] == "2.0", "\(answer)")
            let token = try made(answer)
            let parts = token.split(separator: ".").map { String(decoding: Base64URL.decode(String($0)) ?? [], as: UTF8.self) }
            #expect(parts[0] == #"{"alg":"HS256","typ":"JWT"}"#)
            #expect(try JSON(parsing: parts[1]).objectValue?.names == ["Allow", "exp"])
            let verified = try await send(served, Self.call("Filecoin.AuthVerify", [.string(token)]), path: path)
            #expect(verified.json["result"] == ["read", "write"], "\(verified)")
            let verdict = try await served.operate("POST", "/1.0/tokens/verify", ["token": .string(token)])
            #expect(verdict["method"] == "imported" && verdict["valid"] == true, "\(verdict)")
        }
    }

    @Test("the cluster makes one key for all such tokens, and another when that one was destroyed")
    func oneKey() async throws {
        try await ServedMember.with { served async throws in
            func keys() async throws -> [JSON] {
                (try await served.operate("GET", "/1.0/keys").arrayValue ?? []).filter { $0["state"] == "imported" }
            }
            let ask = Self.call("Filecoin.AuthNew", [["admin"]])
            let first = try made(try await send(served, ask, over: ServedMember.root))
            _ = try made(try await send(served, ask, over: ServedMember.root))
            let own = try await keys()
            #expect(own.count == 1 && own[0]["origin"] == "cluster", "\(own)")
            let path = "/1.0/keys/\(own[0]["id"]?.stringValue ?? "")"
            let refused = try await served.send("DELETE", path, over: ServedMember.root)
            #expect(refused.status == 409 && refused.error.contains("Filecoin.AuthNew"), "\(refused)")
            _ = try await served.operate("DELETE", path + "?force=true")
            #expect(try await send(served, Self.call("Filecoin.Version"), token: first).status == 401)
            let second = try made(try await send(served, ask, over: ServedMember.root))
            #expect(try await send(served, Self.call("Filecoin.Version"), token: second).status == 200)
            #expect(try await keys().first?["id"] != own[0]["id"])
        }
    }

    @Test("AuthVerify lists what a token of ours includes, in a node's words")
    func authVerify() async throws {
        try await ServedMember.with { served async throws in
            let token = try await served.mint("alice", ["sign", "reports"])
            let answer = try await send(served, Self.call("Filecoin.AuthVerify", [.string(token)]))
            #expect(answer.json["result"] == ["read", "write", "sign", "reports"], "\(answer)")
            try await served.revoke(token)
            let stranger = try await send(served, Self.call("Filecoin.AuthVerify", [.string(token)]))
            #expect(code(stranger) == 1 && stranger.text.contains("invalid_token") && !stranger.text.contains("revoked"), "\(stranger)")
            let admin = try await send(served, Self.call("Filecoin.AuthVerify", [.string(token)]), token: served.adminToken)
            #expect(admin.text.contains("token_revoked"), "\(admin)")
        }
    }

    @Test("without a token the permission is read; more takes a token that has it")
    func permissions() async throws {
        try await ServedMember.with { served async throws in
            #expect(try await send(served, Self.call("Filecoin.Version")).json["result"]?["BlockDelay"] == 0)
            let ask = Self.call("Filecoin.AuthNew", [["read"]])
            let reader = try await served.mint("r", ["read"]), signer = try await served.mint("s", ["sign"])
            for token in [nil, reader, signer] {
                let answer = try await send(served, ask, token: token)
                #expect(answer.status == 200)
                #expect(
                    answer.json["error"]?["message"] == "missing permission to invoke 'Filecoin.AuthNew' (need 'admin')", "\(answer)")
            }
            #expect(try await send(served, ask, over: .unix(userID: 7)).json["error"] != nil)
            #expect(try await send(served, ask, over: ServedMember.root).json["result"] != nil)
        }
    }

    @Test("a token that permits nothing permits less than none")
    func emptyAllow() async throws {
        let node = Node(1)
        try await ServedMember.with { served async throws in
            _ = try await served.operate("POST", "/1.0/keys/import", node.importing())
            let empty = node.token(#"{"Allow":[]}"#)
            let answer = try await send(served, Self.call("Filecoin.Version"), token: empty)
            #expect(answer.json["error"]?["message"] == "missing permission to invoke 'Filecoin.Version' (need 'read')", "\(answer)")
            #expect(try await send(served, Self.call("Filecoin.AuthVerify", [.string(empty)])).json["result"] == .array([]))
        }
    }

    @Test("the token comes with Bearer, bare, or in the query")
    func placements() async throws {
        try await ServedMember.with { served async throws in
            let body = Self.call("Filecoin.AuthNew", [["read"]]).encodedString
            let token = served.adminToken
            for fields in [["Authorization: Bearer \(token)"], ["Authorization: bearer \(token)"], ["Authorization: \(token)"]] {
                let answer = try await served.send("POST", "/rpc/v0", body: body, fields: fields)
                #expect(answer.json["result"] != nil, "\(fields) \(answer)")
            }
            #expect(try await served.send("POST", "/rpc/v1?token=\(token)", body: body).json["result"] != nil)
            #expect(!served.log.text.contains(token))
            // Elsewhere neither counts.
            #expect(try await served.send("GET", "/1.0/keys?token=\(token)").status == 403)
            #expect(try await served.send("GET", "/1.0/keys", fields: ["Authorization: \(token)"]).status == 403)
        }
    }

    @Test("a bad token is 401 with nothing in it, even for what needs none")
    func badTokens() async throws {
        let stranger = Node(9)
        try await ServedMember.with { served async throws in
            _ = try await served.operate("POST", "/1.0/keys/import", Node(1).importing())
            let body = Self.call("Filecoin.Version").encodedString
            let revoked = try await served.mint("a", ["admin"])
            try await served.revoke(revoked)
            let values = [
                "Bearer x", "x", "Basic eDp5", "Bearer \(stranger.adminToken)", "Bearer \(revoked)", "Bearer Bearer \(served.adminToken)",
                "Bearer \(served.adminToken) x", "Token \(served.adminToken)",
            ]
            for value in values {
                let answer = try await served.send("POST", "/rpc/v1", body: body, fields: ["Authorization: \(value)"])
                #expect(answer.status == 401 && answer.body.isEmpty, "\(value): \(answer)")
                #expect(answer.challenge?.hasPrefix("Bearer error=\"invalid_token\"") == true)
            }
            for query in ["token=x", "token=\(stranger.adminToken)", "token=\(served.adminToken)&token=\(served.adminToken)"] {
                let answer = try await served.send("POST", "/rpc/v1?\(query)", body: body)
                #expect(answer.status == 401 && answer.body.isEmpty, "\(query): \(answer)")
            }
            let both = try await served.send("POST", "/rpc/v1?token=\(served.adminToken)", body: body, token: "bad")
            #expect(both.status == 401, "the header wins")
        }
    }

    @Test("what is no call is answered with the code that says why", arguments: [
        ("{", -32700), ("", -32700), (#"{"jsonrpc":"2.0","method":"Filecoin.Version","method":"x","id":1}"#, -32700), ("[1,]", -32700),
        ("1", -32600), ("null", -32600), ("[]", -32600), ("{}", -32600), (#"{"jsonrpc":"1.0","method":"Filecoin.Version","id":1}"#, -32600),
        (#"{"jsonrpc":2.0,"method":"Filecoin.Version","id":1}"#, -32600), (#"{"method":"Filecoin.Version","id":1}"#, -32600),
        (#"{"jsonrpc":"2.0","method":1,"id":1}"#, -32600), (#"{"jsonrpc":"2.0","method":"Filecoin.Version","id":{}}"#, -32600),
        (#"{"jsonrpc":"2.0","method":"Filecoin.Version","id":true}"#, -32600), (#"{"jsonrpc":"2.0","method":"Filecoin.Version","id":[1]}"#, -32600),
        (#"{"jsonrpc":"2.0","method":"Filecoin.Version","params":1,"id":1}"#, -32600),
        (#"{"jsonrpc":"2.0","method":"Filecoin.Version","id":1,"surprise":1}"#, -32600),
        (#"{"jsonrpc":"2.0","method":"Filecoin.Nothing","id":1}"#, -32601), (#"{"jsonrpc":"2.0","method":"filecoin.version","id":1}"#, -32601),
        (#"{"jsonrpc":"2.0","method":"","id":1}"#, -32601),
        (#"{"jsonrpc":"2.0","method":"Filecoin.Version","params":{"a":1},"id":1}"#, -32602),
        (#"{"jsonrpc":"2.0","method":"Filecoin.Version","params":[1],"id":1}"#, -32602),
        (#"{"jsonrpc":"2.0","method":"Filecoin.AuthVerify","id":1}"#, -32602),
        (#"{"jsonrpc":"2.0","method":"Filecoin.AuthVerify","params":[1],"id":1}"#, -32602),
        (#"{"jsonrpc":"2.0","method":"Filecoin.AuthVerify","params":["a","b"],"id":1}"#, -32602),
        (#"{"jsonrpc":"2.0","method":"Filecoin.AuthNew","params":["read"],"id":1}"#, -32602),
        (#"{"jsonrpc":"2.0","method":"Filecoin.AuthNew","params":[[]],"id":1}"#, -32602),
        (#"{"jsonrpc":"2.0","method":"Filecoin.AuthNew","params":[["root"]],"id":1}"#, -32602),
        (#"{"jsonrpc":"2.0","method":"Filecoin.AuthNew","params":[["read","read"]],"id":1}"#, -32602),
        (#"{"jsonrpc":"2.0","method":"Filecoin.AuthNew","params":[["read","write","sign","admin","read"]],"id":1}"#, -32602),
        (#"{"jsonrpc":"2.0","method":"Filecoin.AuthNew","params":[[1]],"id":1}"#, -32602),
        (#"{"jsonrpc":"2.0","method":"Filecoin.AuthNew","params":[["read"],0],"id":1}"#, -32602),
        (#"{"jsonrpc":"2.0","method":"Filecoin.AuthNew","params":[["read"],-5],"id":1}"#, -32602),
        (#"{"jsonrpc":"2.0","method":"Filecoin.AuthNew","params":[["read"],"60"],"id":1}"#, -32602),
        (#"{"jsonrpc":"2.0","method":"Filecoin.AuthNew","params":[["read"],1.5],"id":1}"#, -32602),
        (#"{"jsonrpc":"2.0","method":"Filecoin.AuthNew","params":[["read"],9223372036854775807],"id":1}"#, -32602),
        (#"{"jsonrpc":"2.0","method":"Filecoin.AuthNew","params":[["read"],60,1],"id":1}"#, -32602),
    ] as [(String, Int64)])
    func errorCodes(body: String, code: Int64) async throws {
        try await ServedMember.with { served async throws in
            let answer = try await served.send("POST", "/rpc/v1", body: body, over: ServedMember.root)
            #expect(answer.status == 200 && self.code(answer) == code, "\(answer)")
            #expect(answer.json["result"] == nil && answer.json["jsonrpc"] == "2.0")
        }
    }

    @Test("an id comes back as it was sent, whatever it is", arguments: ["1", "\"a\"", "null", "-7", "1.5", "\"\""])
    func ids(id: String) async throws {
        try await ServedMember.with { served async throws in
            let answer = try await served.send("POST", "/rpc/v1", body: #"{"jsonrpc":"2.0","method":"Filecoin.Version","id":\#(id)}"#)
            #expect(try answer.json["id"] == JSON(parsing: id) && answer.json["result"] != nil, "\(answer)")
        }
    }

    @Test("a notification is carried out and not answered; go-jsonrpc's meta is let through")
    func notifications() async throws {
        try await ServedMember.with { served async throws in
            let quiet = try await served.send("POST", "/rpc/v1", body: #"{"jsonrpc":"2.0","method":"Filecoin.Nothing"}"#)
            #expect(quiet.status == 204 && quiet.body.isEmpty)
            let silentBatch = #"[{"jsonrpc":"2.0","method":"Filecoin.Version"},{"jsonrpc":"2.0","method":"x"}]"#
            #expect(try await served.send("POST", "/rpc/v1", body: silentBatch).status == 204)
            let meta = #"{"jsonrpc":"2.0","method":"Filecoin.Version","id":1,"meta":{"SpanContext":"AAAA"}}"#
            #expect(try await served.send("POST", "/rpc/v1", body: meta).json["result"] != nil)
        }
    }

    @Test("a batch is answered call by call, in its order, broken ones among them")
    func batch() async throws {
        try await ServedMember.with { served async throws in
            let body: JSON = [
                Self.call("Filecoin.Version", id: "a"), 1, Self.call("nothing", id: "b"),
                ["jsonrpc": "2.0", "method": "Filecoin.Version"], Self.call("Filecoin.AuthNew", [["admin"]], id: "c"),
            ]
            let answers = try #require(try await send(served, body).json.arrayValue)
            #expect(answers.map { $0["id"] } == ["a", .null, "b", "c"])
            #expect(answers.map { $0["error"]?["code"]?.integerValue } == [nil, -32600, -32601, 1])
        }
    }

    /// Only a release build went on elsewhere than on the request loop, and ended.
    @Test("a batch goes on after a call that the log refused, on the loop whose caches the next one uses")
    func batchAfterRefusal() async throws {
        try await ServedMember.with { served async throws in
            for number in 1...16 { _ = try await served.operate("POST", "/1.0/keys/import", Node(UInt8(number)).importing()) }
            let token = try await served.mint("alice", ["read"])
            let ask = Self.call("Filecoin.AuthNew", [["read"]]), verify = Self.call("Filecoin.AuthVerify", [.string(token)])
            let answers = try await send(served, [ask, verify, ask, verify], token: served.adminToken).json.arrayValue ?? []
            #expect(answers.count == 4)
            for index in [0, 2] { #expect(answers[index]["error"]?["message"]?.stringValue?.contains("imported keys") == true, "\(answers)") }
            for index in [1, 3] { #expect(answers[index]["result"] == ["read"], "\(answers)") }
        }
    }

    @Test("a batch at the bound is answered, one call more is refused as a whole")
    func batchBound() async throws {
        try await ServedMember.with { served async throws in
            let version = Self.call("Filecoin.Version")
            let most = try await send(served, .array(Array(repeating: version, count: RPCEndpoints.batchCallsMax)))
            #expect(most.json.arrayValue?.count == RPCEndpoints.batchCallsMax)
            let more = try await send(served, .array(Array(repeating: version, count: RPCEndpoints.batchCallsMax + 1)))
            #expect(code(more) == -32600 && more.json["id"] == .null, "\(more)")
        }
    }

    @Test("params are bounded")
    func paramsBound() async throws {
        try await ServedMember.with { served async throws in
            func answer(_ count: Int) async throws -> Reception {
                try await send(served, Self.call("Filecoin.Version", .array(Array(repeating: 1, count: count))))
            }
            #expect(code(try await answer(RPCCall.paramsMax)) == -32602)
            #expect(code(try await answer(RPCCall.paramsMax + 1)) == -32600)
        }
    }

    @Test("asking about tokens without a credential is limited, also within one batch")
    func limited() async throws {
        // It refills in days.
        let strangers = RequestRateLimit.Settings(perSecond: 1 / 86_400, burst: Double(RPCEndpoints.batchCallsMax) + 1, sourcesMax: 8)
        try await ServedMember.with(strangers: strangers) { served async throws in
            let batch = JSON.array(Array(repeating: Self.call("Filecoin.AuthVerify", ["x"]), count: RPCEndpoints.batchCallsMax))
            #expect(try await send(served, batch).status == 200)
            #expect(try await send(served, batch).status == 429)
            #expect(try await send(served, batch, token: served.adminToken).status == 200)
        }
    }

    @Test("the interface describes itself, with every method and who may call it")
    func discover() async throws {
        try await ServedMember.with { served async throws in
            let document = try #require(try await send(served, Self.call("rpc.discover")).json["result"])
            let methods = document["methods"]?.arrayValue ?? []
            #expect(methods.map { $0["name"] } == ["Filecoin.AuthNew", "Filecoin.AuthVerify", "Filecoin.Version", "rpc.discover"])
            #expect(methods.first?["x-permission"] == "admin" && document["openrpc"] == "1.2.6")
        }
    }

    @Test("the two paths tell their own version")
    func versions() async throws {
        try await ServedMember.with { served async throws in
            var numbers: [JSON?] = []
            for path in Self.paths {
                numbers.append(try await send(served, Self.call("Filecoin.Version"), path: path).json["result"]?["APIVersion"])
            }
            #expect(numbers == [66_816, 131_840])
        }
    }

    @Test("a page of another site cannot call, a GET or another content type does not either")
    func otherRequests() async throws {
        try await ServedMember.with { served async throws in
            let body = Self.call("Filecoin.Version").encodedString
            #expect(try await served.send("POST", "/rpc/v1", body: body, fields: ["Sec-Fetch-Site: cross-site"]).status == 403)
            #expect(try await served.send("GET", "/rpc/v1").status == 405)
            #expect(try await served.send("POST", "/rpc/v1", body: body, fields: ["Content-Type: text/plain"]).status == 415)
            #expect(try await served.send("POST", "/rpc/v1", body: body, over: .clear).status == 404)
            #expect(try await served.send("POST", "/rpc/v2", body: body).status == 404)
        }
    }
}
