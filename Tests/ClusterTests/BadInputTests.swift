import JOSE
import Testing

extension ClusterTests {
    /// Each attack is followed by an ordinary request: the process must have survived it.
    @Suite("Bad input over the network")
    struct BadInputTests {
        @Test("what is wrong with a request is said by status and name, and the next request is served")
        func refusals() async throws {
            try await withCluster(["m1"]) { cluster in
                let member = await cluster[0], admin = await cluster.adminToken
                for request in BadRequest.all {
                    var options = request.options
                    if request.isAdmin { options += ["--header", "Authorization: Bearer \(admin)"] }
                    let url = "https://\(member.address)\(request.path)"
                    let answer = try await Member.curl(["--insecure"] + options + [url], input: request.body)
                    #expect(answer.status == request.status, "\(request.name): \(answer.summary)")
                    for word in request.words {
                        #expect(answer.body.contains(word), "\(request.name) must name \(word): \(answer.summary)")
                    }
                    if let (field, value) = request.field {
                        #expect(answer.fields[field]?.contains(value) == true, "\(request.name): \(answer.fields)")
                    }
                }
                try await expectServes(member)
            }
        }

        @Test("bytes that are no TLS end the connection and nothing else")
        func garbageOnTheTLSPort() async throws {
            try await withCluster(["m1"]) { cluster in
                let member = await cluster[0]
                let attacks = [
                    "head -c 100000 /dev/urandom", "printf '\\026\\003\\001\\377\\377'; head -c 70000 /dev/zero",
                    "printf 'GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n'", "printf '\\026\\003\\001\\000\\005\\001\\000\\000\\001\\003'", ":",
                ]
                for attack in attacks {
                    for _ in 0..<5 {
                        let script = "{ \(attack); } > /dev/tcp/127.0.0.1/\(member.port)"
                        _ = try await Command.run("bash", ["-c", script])
                    }
                }
                try await expectServes(member)
            }
        }

        @Test("a client whose RSA key has an exponent that takes long is refused in the handshake, one with an ordinary key is served")
        func slowExponent() async throws {
            try await withCluster(["m1"]) { cluster in
                let member = await cluster[0], directory = cluster.directory
                let long = "0x100000000000000000000000000000061"
                let cases = [
                    ("usual", "RSA", "0x10001", true), ("long", "RSA", long, false),
                    ("usual-pss", "RSA-PSS", "0x10001", true), ("long-pss", "RSA-PSS", long, false),
                ]
                for (name, algorithm, exponent, isServed) in cases {
                    let key = "\(directory)/\(name).pem"
                    let made = try await Command.run(
                        "openssl", ["genpkey", "-algorithm", algorithm, "-pkeyopt", "rsa_keygen_bits:2048", "-pkeyopt", "rsa_keygen_pubexp:\(exponent)", "-out", key])
                    try #require(made.exitCode == 0, "\(made.transcript)")
                    let text = try await Command.run("cat", [key])
                    let client = try await OpenSSLClient(in: directory, name: name, privateKey: text.output)
                    let asked = try await Command.run("curl", ["--silent", "--insecure"] + client.curlOptions + ["https://\(member.address)/healthz"])
                    #expect((asked.exitCode == 0) == isServed, "\(name): \(asked.transcript)")
                }
                try await expectServes(member)
            }
        }

        @Test("a client that never finishes its head is answered 408, and others are served meanwhile")
        func slowHead() async throws {
            try await withCluster(["m1"]) { cluster in
                let member = await cluster[0]
                async let slow = speakTLS("GET /healthz HTTP/1.1\r\nHos", to: member)
                try await expectServes(member)
                let answer = try await slow
                #expect(answer.output.hasPrefix("HTTP/1.1 408 "), "\(answer.transcript)")
                try await expectServes(member)
            }
        }

        @Test(
            "a request that two parsers could read differently is refused and its connection closed",
            arguments: [
                "POST /1.0/tokens/verify HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\n{}{}",
                "POST /1.0/tokens/verify HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                "GET /healthz HTTP/1.1\nHost: x\n\n",
                "GET /healthz HTTP/1.1\r\nHost: x\r\n folded: yes\r\n\r\n",
                "GET /healthz HTTP/1.1\r\nHost: x\r\nBad Name: y\r\n\r\n",
                "GET /healthz HTTP/1.1\r\n\r\n",
            ])
        func ambiguousRequests(request: String) async throws {
            try await withCluster(["m1"]) { cluster in
                let member = await cluster[0]
                // A second request on the same connection must get no answer: its start is a matter of opinion.
                let smuggled = request + "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
                let answer = try await speakTLS(smuggled, to: member)
                #expect(answer.output.hasPrefix("HTTP/1.1 400 "), "\(answer.transcript)")
                #expect(answer.output.components(of: "HTTP/1.1 ") == 1, "\(answer.transcript)")
                try await expectServes(member)
            }
        }

        @Test("a body that is one byte too long is refused, one that just fits is read")
        func bodyLimit() async throws {
            try await withCluster(["m1"]) { cluster in
                let member = await cluster[0]
                let limit = 1 << 20
                // A body that fits is read, and then refused for the token in it.
                for (size, status) in [(limit, 400), (limit + 1, 413)] {
                    let frame = #"{"token":""}"#
                    let body = #"{"token":""# + String(repeating: "x", count: size - frame.utf8.count) + #""}"#
                    let options = ["--insecure", "--header", "Content-Type: application/json", "--data-binary", "@-"]
                    let answer = try await Member.curl(options + ["https://\(member.address)/1.0/tokens/verify"], input: body)
                    #expect(answer.status == status, "\(size) bytes: \(answer.summary)")
                }
                try await expectServes(member)
            }
        }

        @Test("a token in a request never reaches the log")
        func tokensStayOutOfLogs() async throws {
            try await withCluster(["m1"]) { cluster in
                let member = await cluster[0], admin = await cluster.adminToken
                let token = try await member.mint("alice", by: admin)
                let signature = try #require(token.split(separator: ".").last)
                for path in ["/1.0?access_token=\(token)", "/1.0/keys?access_token=\(token)x", "/nowhere?access_token=\(token)"] {
                    _ = try await member.call("GET", path)
                }
                _ = try await member.call("GET", "/auth/verify", token: token + "x")
                _ = try await member.callLocally("POST", "/1.0/tokens/explain", ["token": .string(token + "x")])
                _ = try await member.callLocally("POST", "/1.0/tokens/verify", ["token": .string(token), "surprise": .string(token)])
                let adminSignature = try #require(admin.split(separator: ".").last)
                // Searched before the expectation, which would print what it looks at.
                let log = Files.text(member.log)
                let isRequestLogged = log.contains("/nowhere"), holdsToken = log.contains(signature)
                let holdsAdminToken = log.contains(adminSignature)
                #expect(isRequestLogged, "the log must show these requests, or the search says nothing")
                #expect(!holdsToken, "the log holds a token's signature")
                #expect(!holdsAdminToken, "the log holds the admin token's signature")
            }
        }

        private func expectServes(_ member: Member) async throws {
            let answer = try await member.call("GET", "/healthz")
            #expect(answer.status == 200, "the member must still serve: \(answer.summary)")
        }

        /// Sends bytes inside TLS and keeps the connection until the server closes it.
        private func speakTLS(_ text: String, to member: Member) async throws -> Command {
            try await Command.run("openssl", ["s_client", "-quiet", "-connect", member.address], input: text)
        }
    }
}

extension String {
    /// How often a text occurs.
    fileprivate func components(of part: String) -> Int {
        var count = 0
        var rest = self[...]
        while let range = rest.firstRange(of: part) {
            count += 1
            rest = rest[range.upperBound...]
        }
        return count
    }
}

/// One request that must be refused, and how.
struct BadRequest: Sendable {
    var name: String
    var path: String
    var options: [String] = []
    var body: String?
    var isAdmin = true
    var status: Int
    var words: [String] = []
    var field: (name: String, value: String)?

    private static let json = ["--header", "Content-Type: application/json"]
    private static let send = json + ["--data-binary", "@-"]

    static let all: [BadRequest] = [
        BadRequest(name: "half a JSON object", path: "/1.0/tokens", options: send, body: #"{"subject":"a","#, status: 400, words: ["JSON"]),
        BadRequest(
            name: "a name given twice", path: "/1.0/tokens/verify", options: send, body: #"{"token":"a","token":"b"}"#, status: 400),
        BadRequest(name: "nesting without end", path: "/1.0/tokens/verify", options: send, body: String(repeating: "[", count: 100_000), status: 400),
        BadRequest(
            name: "an unknown field", path: "/1.0/tokens", options: send,
            body: #"{"subject":"a","scopes":["read"],"colour":"red"}"#, status: 400, words: ["colour"]),
        BadRequest(name: "a missing field", path: "/1.0/tokens", options: send, body: #"{"scopes":["read"]}"#, status: 400, words: ["subject"]),
        BadRequest(
            name: "a field of the wrong type", path: "/1.0/tokens", options: send, body: #"{"subject":7,"scopes":["read"]}"#, status: 400,
            words: ["subject"]),
        BadRequest(
            name: "a number that overflows", path: "/1.0/tokens", options: send,
            body: #"{"subject":"a","scopes":["read"],"expires_in":1e300}"#, status: 400, words: ["expires_in"]),
        BadRequest(
            name: "the wrong content type", path: "/1.0/tokens", options: ["--header", "Content-Type: text/plain", "--data-binary", "@-"],
            body: "{}", status: 415),
        BadRequest(name: "no such path", path: "/1.0/nothing", status: 404),
        BadRequest(name: "no such method", path: "/1.0/tokens/verify", options: ["--request", "PUT"], status: 405, field: ("allow", "POST")),
        BadRequest(
            name: "a head that is too long", path: "/healthz", options: ["--header", "X-Long: " + String(repeating: "x", count: 33_000)],
            status: 431),
        BadRequest(name: "a path that is too long", path: "/" + String(repeating: "x", count: 9_000), status: 414),
        BadRequest(name: "a version that is none", path: "/1.0", options: ["--header", "Expect: something"], status: 417),
        BadRequest(name: "minting without a credential", path: "/1.0/tokens", options: send, body: "{}", isAdmin: false, status: 403),
        BadRequest(
            name: "a join without a good token", path: "/1.0/cluster/join", options: send, body: "{}", isAdmin: false, status: 400),
        BadRequest(name: "an index that will not come", path: "/1.0", options: ["--header", "Credence-Min-Index: 999999999", "--header", "Credence-Timeout: 1"], status: 503, field: ("retry-after", "")),
        BadRequest(name: "an index that is none", path: "/1.0", options: ["--header", "Credence-Min-Index: many"], status: 400, words: ["Credence-Min-Index"]),
    ]
}
