import Crypto
import EventLoop
import HTTPTypes
import JOSE
import Testing

@testable import API

@Suite("Trusted certificates", .timeLimit(.minutes(5)))
struct CertificateTests {
    private func path(_ client: TestClient) -> String { "/1.0/certificates/\(client.fingerprint)" }

    private func add(_ client: TestClient, _ served: ServedMember, _ more: JSONObject = [:]) async throws {
        var body: JSONObject = ["type": "client", "certificate": .string(client.certificate.pem)]
        for member in more.members { body[member.name] = member.value }
        let answer = try await served.send("POST", "/1.0/certificates", .object(body), over: ServedMember.root)
        try #require(answer.status == 201, "\(answer)")
        #expect(answer.fields["location"] == path(client) && answer.metadata == .null)
    }

    @Test("a trusted client certificate is an administrator's, and a stranger's is nobody's")
    func whoIsWho() async throws {
        try await ServedMember.with { served async throws in
            let (friend, metrics, stranger, expired) = try (
                TestClient(), TestClient("metrics"), TestClient("stranger"), TestClient("old", from: -100, through: -50)
            )
            try await add(friend, served)
            try await add(metrics, served, ["type": "metrics"])
            let whoAmI = try await served.send("GET", "/1.0", over: .tlsWith(friend.certificate)).metadata
            #expect(whoAmI["auth"] == "trusted" && whoAmI["auth_user_method"] == "tls")
            #expect(whoAmI["auth_user_name"] == .string(friend.fingerprint))
            #expect(try await served.send("POST", "/1.0/keys", ["algorithm": "EdDSA"], over: .tlsWith(friend.certificate)).status == 201)
            for other in [metrics, stranger, expired] {
                let answer = try await served.send("GET", "/1.0", over: .tlsWith(other.certificate))
                #expect(answer.metadata["auth"] == "untrusted")
                let refused = try await served.send("GET", "/1.0/certificates", over: .tlsWith(other.certificate))
                #expect(refused.status == 403 && refused.error == "not authorized", "\(refused)")
            }
            _ = try await served.operate("DELETE", path(friend))
            #expect(try await served.send("GET", "/1.0", over: .tlsWith(friend.certificate)).metadata["auth"] == "untrusted")
        }
    }

    @Test("the reference tool's own suite: header and query, good, nonsense, too early and expired")
    func referenceSuite() async throws {
        try await ServedMember.with { served async throws in
            let client = try TestClient()
            try await add(client, served)
            let cases: [(String, Int)] = [
                ("1234567", 403), (try client.token(), 200), (try client.token(from: 2_000_000_000 - WallClock.nowSeconds()), 403),
                (try client.token(seconds: -60), 403),
            ]
            for (token, status) in cases {
                let byHeader = try await served.send("GET", "/1.0/certificates", token: token)
                let byQuery = try await served.send("GET", "/1.0/certificates?access_token=\(token)")
                for answer in [byHeader, byQuery] {
                    #expect(answer.status == status, "\(answer)")
                    #expect(answer.json[status == 200 ? "status_code" : "error_code"] == .integer(Int64(status)))
                }
            }
            let server = try await served.send("GET", "/1.0", token: client.token()).metadata
            #expect(server["auth"] == "trusted" && server["auth_user_method"] == "tls" && server["auth_user_name"] == .string(client.fingerprint))
            let verdict = try await served.operate("POST", "/1.0/tokens/verify", ["token": .string(client.token(["role": "x"]))])
            #expect(verdict["valid"] == true && verdict["method"] == "certificate" && verdict["subject"] == .string(client.fingerprint))
            #expect(try await served.send("GET", "/auth/verify?scope=admin", token: client.token()).fields["x-auth-method"] == "certificate")
            let log = served.log.text
            #expect(!log.contains("access_token=eyJ"), "a token in the log")
        }
    }

    @Test("a refused token is no credential under /1.0, where the certificate still counts, and an answer elsewhere")
    func refusedTokenAndCertificate() async throws {
        try await ServedMember.with { served async throws in
            let client = try TestClient()
            try await add(client, served)
            let channel = ServedMember.Channel.tlsWith(client.certificate)
            #expect(try await served.send("GET", "/1.0/certificates", token: "nonsense", over: channel).status == 200)
            #expect(try await served.send("POST", "/oauth2/introspect", body: "token=x", token: "nonsense",
                fields: ["Content-Type: application/x-www-form-urlencoded"], over: channel).status == 401)
            #expect(try await served.send("GET", "/auth/verify", over: channel).status == 401, "no token is no token for a proxy")
        }
    }

    @Test("a fingerprint may be shortened while it names one; nothing in it is a wildcard")
    func prefixes() async throws {
        try await ServedMember.with { served async throws in
            let client = try TestClient()
            try await add(client, served)
            let short = String(client.fingerprint.prefix(16))
            #expect(try await served.operate("GET", "/1.0/certificates/\(short)")["fingerprint"] == .string(client.fingerprint))
            #expect(try await served.operate("GET", "/1.0/certificates/\(short.uppercased())")["fingerprint"] == .string(client.fingerprint))
            for wrong in ["%25", "_", short + "%25", "zz", client.fingerprint + "0"] {
                let answer = try await served.send("GET", "/1.0/certificates/\(wrong)", over: ServedMember.root)
                #expect(answer.status == 404 && answer.error == "Certificate not found", "\(wrong): \(answer)")
            }
            let all = try await served.operate("GET", "/1.0/certificates?recursion=1").arrayValue ?? []
            #expect(all.count == 2, "the client's and the member's")
            var seen: [Character: Int] = [:]
            // With some seventeen entries two begin alike.
            for _ in 0..<17 {
                let more = try TestClient()
                try await add(more, served)
                seen[more.fingerprint.first ?? "x", default: 0] += 1
            }
            let twice = try #require(seen.first { $0.value > 1 }?.key)
            let answer = try await served.send("GET", "/1.0/certificates/\(twice)", over: ServedMember.root)
            #expect(answer.status == 400 && answer.error == "More than one certificate matches")
        }
    }

    @Test("lists are URLs or objects, and filters of Incus narrow them")
    func listing() async throws {
        try await ServedMember.with { served async throws in
            let client = try TestClient("name of the subject")
            try await add(client, served, ["description": "d", "restricted": true, "projects": ["p1"]])
            let urls = try await served.operate("GET", "/1.0/certificates?filter=&project=default").arrayValue ?? []
            #expect(urls.contains(.string(path(client))) && urls.count == 2)
            let found = try await served.operate("GET", "/1.0/certificates?recursion=1&filter=type+eq+client+and+name+eq+name+of+the+subject")
            let only = try #require(found.arrayValue?.first)
            #expect(found.arrayValue?.count == 1)
            #expect(only["name"] == "name of the subject" && only["restricted"] == true && only["projects"] == ["p1"] && only["description"] == "d")
            #expect(only["certificate"]?.stringValue == client.certificate.pem && only["type"] == "client")
            let servers = try await served.operate("GET", "/1.0/certificates?recursion=1&filter=type+eq+server").arrayValue ?? []
            #expect(servers.count == 1 && servers[0]["name"] == "n1")
            #expect(try await served.send("GET", "/1.0/certificates?filter=type+like+c", over: ServedMember.root).status == 400)
        }
    }

    @Test("what Incus refuses is refused in its words")
    func refusals() async throws {
        try await ServedMember.with { served async throws in
            let (client, early, late) = try (TestClient(), TestClient(from: 1000, through: 2000), TestClient(from: -2000, through: -1000))
            try await add(client, served)
            func pem(_ client: TestClient) -> JSON { .string(client.certificate.pem) }
            let cases: [(JSONObject, Int, String)] = [
                (["type": "client", "token": true, "name": "x", "certificate": pem(client)], 400, "Can't use certificate if token is requested"),
                (["type": "metrics", "token": true, "name": "x"], 400, "Tokens can only be issued for client certificates"),
                (["type": "server", "certificate": pem(client)], 400, "Invalid certificate type"),
                (["certificate": pem(client)], 400, "Invalid certificate type"),
                (["type": "client", "certificate": "AAAA"], 400, "Invalid certificate material: "),
                (["type": "client", "certificate": .string(client.certificate.pem + client.certificate.pem)], 400, "Invalid certificate material: "),
                (["type": "client", "certificate": pem(early)], 400, "The provided certificate isn't valid yet"),
                (["type": "client", "certificate": pem(late)], 400, "The provided certificate is expired"),
                (["type": "client", "certificate": .string(WeakCertificate.pem)], 400, "RSA key is too weak (minimum of 2048bit)"),
                (["type": "client"], 400, "No client certificate provided"),
                (["type": "client", "certificate": pem(client)], 409, "Certificate already in trust store"),
                (["type": "client", "certificate": 5], 400, "field \"certificate\" must be a string"),
            ]
            for (body, status, message) in cases {
                let answer = try await served.send("POST", "/1.0/certificates", .object(body), over: ServedMember.root)
                #expect(answer.status == status && answer.error.hasPrefix(message), "\(answer)")
            }
            let again = try await served.send("POST", "/1.0/certificates", ["type": "client"], over: .tlsWith(client.certificate))
            #expect(again.status == 400 && again.error == "Client is already trusted")
            let anonymous = try await served.send("POST", "/1.0/certificates", ["type": "client", "certificate": pem(try TestClient())])
            #expect(anonymous.status == 403 && anonymous.error == "not authorized")
        }
    }

    @Test("a certificate may come as base64 of its DER, and nulls and unknown members are ignored")
    func formsOfBody() async throws {
        try await ServedMember.with { served async throws in
            let client = try TestClient("cn")
            let body: JSONObject = [
                "name": "", "type": "client", "restricted": false, "projects": .null, "password": "", "token": false, "unknown": 1,
                "certificate": .string(Base64.encode(client.certificate.der)),
            ]
            #expect(try await served.send("POST", "/1.0/certificates", .object(body), over: ServedMember.root).status == 201)
            #expect(try await served.operate("GET", path(client))["name"] == "cn", "the common name is the default")
        }
    }

    @Test("PUT replaces all but certificate and name, PATCH what it names; the type never changes")
    func changes() async throws {
        try await ServedMember.with { served async throws in
            let client = try TestClient()
            try await add(client, served, ["name": "one", "description": "d", "restricted": true, "projects": ["p"]])
            _ = try await served.operate("PATCH", path(client), ["name": "two"])
            var now = try await served.operate("GET", path(client))
            #expect(now["name"] == "two" && now["description"] == "d" && now["restricted"] == true)
            _ = try await served.operate("PUT", path(client), ["name": "three", "type": "client"])
            now = try await served.operate("GET", path(client))
            #expect(now["name"] == "three" && now["description"] == "" && now["restricted"] == false && now["projects"] == [])
            #expect(now["certificate"]?.stringValue == client.certificate.pem)
            for body in [["name": "x"], ["name": "x", "type": "metrics"]] as [JSON] {
                let answer = try await served.send("PUT", path(client), body, over: ServedMember.root)
                #expect(answer.status == 400 && answer.error == "The certificate type cannot be changed")
            }
            let member = try await served.operate("GET", "/1.0/certificates?recursion=1&filter=type+eq+server").arrayValue?.first
            let fingerprint = try #require(member?["fingerprint"]?.stringValue)
            #expect(try await served.send("DELETE", "/1.0/certificates/\(fingerprint)", over: ServedMember.root).status == 400)
        }
    }

    @Test("a stale ETag loses, on PUT, PATCH and DELETE, and a change in between is what makes it stale")
    func entityTags() async throws {
        try await ServedMember.with { served async throws in
            let client = try TestClient()
            try await add(client, served)
            let tag = try #require(try await served.send("GET", path(client), over: ServedMember.root).fields["etag"])
            func change(_ method: String, _ body: JSON?, _ tag: String) async throws -> Reception {
                try await served.send(method, path(client), body: body?.encodedString, fields: ["If-Match: \(tag)"], over: ServedMember.root)
            }
            #expect(try await change("PATCH", ["name": "first"], tag).status == 200)
            for (method, body) in [("PATCH", ["name": "second"]), ("PUT", ["type": "client", "name": "second"]), ("DELETE", nil)] as [(String, JSON?)] {
                let answer = try await change(method, body, tag)
                #expect(answer.status == 412 && answer.error.hasPrefix("ETag doesn't match: "), "\(method): \(answer)")
            }
            #expect(try await change("PATCH", ["name": "third"], "nonsense").status == 412)
            #expect(try await served.operate("GET", path(client))["name"] == "first")
            let current = try #require(try await served.send("GET", path(client), over: ServedMember.root).fields["etag"])
            #expect(try await change("PATCH", ["name": "third"], current.filter { $0 != "\"" }).status == 200, "quotes do not matter")
            #expect(try await change("DELETE", nil, "*").status == 200)
        }
    }

    @Test("a new certificate takes the entry over at once")
    func replacement() async throws {
        try await ServedMember.with { served async throws in
            let (old, new) = try (TestClient(), TestClient())
            try await add(old, served, ["name": "kept"])
            _ = try await served.operate("PATCH", path(old), ["certificate": .string(new.certificate.pem)])
            #expect(try await served.send("GET", path(old), over: ServedMember.root).status == 404)
            #expect(try await served.operate("GET", path(new))["name"] == "kept")
            #expect(try await served.send("GET", "/1.0", over: .tlsWith(old.certificate)).metadata["auth"] == "untrusted")
            #expect(try await served.send("GET", "/1.0", token: old.token()).metadata["auth"] == "untrusted")
            #expect(try await served.send("GET", "/1.0", over: .tlsWith(new.certificate)).metadata["auth"] == "trusted")
        }
    }

    @Test("a restricted client renews its own certificate with the old one on the connection, and does nothing else")
    func selfRenewal() async throws {
        try await ServedMember.with { served async throws in
            let (client, next, other) = try (TestClient(), TestClient(), TestClient())
            try await add(client, served, ["name": "me", "restricted": true, "projects": ["p"]])
            try await add(other, served)
            let own = ServedMember.Channel.tlsWith(client.certificate)
            let renewal: JSON = ["certificate": .string(next.certificate.pem)]
            let cases: [(String, JSON, String?, ServedMember.Channel, String)] = [
                (path(other), renewal, nil, own, "Certificate is restricted"),
                (path(client), ["name": "boss"], nil, own, "Only the certificate can be changed"),
                (path(client), ["restricted": false], nil, own, "Only the certificate can be changed"),
                (path(client), ["projects": ["p", "q"]], nil, own, "Only the certificate can be changed"),
                (path(client), renewal, try client.token(), .tls, "Certificate cannot be changed"),
            ]
            for (target, body, token, channel, message) in cases {
                let answer = try await served.send("PATCH", target, body: body.encodedString, token: token, over: channel)
                #expect(answer.status == 403 && answer.error == message, "\(answer)")
            }
            #expect(try await served.send("PATCH", path(client), renewal, over: own).status == 200)
            #expect(try await served.operate("GET", path(next))["restricted"] == true)
            #expect(try await served.send("DELETE", path(next), over: .tlsWith(next.certificate)).status == 403)
        }
    }

    @Test("a restricted client sees certificates, cluster and members; every other guarded route says that it is restricted")
    func restrictedRoutes() async throws {
        try await ServedMember.with { served async throws in
            let client = try TestClient()
            try await add(client, served, ["restricted": true])
            for endpoint in EndpointTable.all.endpoints where endpoint.access != .open {
                let target = endpoint.path.parameterNames.reduce(endpoint.path.template) { $0.replacing("{\($1)}", with: "nobody") }
                let body = endpoint.method == .get || endpoint.method == .delete ? nil : "{}"
                for (token, channel) in [(nil, .tlsWith(client.certificate)), (try client.token(), .tls)] as [(String?, ServedMember.Channel)] {
                    let answer = try await served.send(endpoint.method.rawValue, target, body: body, token: token, over: channel)
                    if case .scopeOrRestricted = endpoint.access {
                        #expect(answer.error != "Certificate is restricted" || endpoint.method != .get, "\(target): \(answer)")
                    } else {
                        #expect(answer.status == 403 && answer.error == "Certificate is restricted", "\(endpoint.method) \(target): \(answer)")
                    }
                }
            }
        }
    }
}

// MARK: - Add tokens

extension CertificateTests {
    private func addToken(_ served: ServedMember, _ more: JSONObject = [:]) async throws -> (operation: JSON, text: String) {
        var body: JSONObject = [
            "name": "guest", "type": "client", "restricted": false, "projects": .null, "certificate": "", "password": "", "token": true,
        ]
        for member in more.members { body[member.name] = member.value }
        let answer = try await served.send("POST", "/1.0/certificates", .object(body), over: ServedMember.root)
        try #require(answer.status == 202, "\(answer)")
        return (answer.metadata, try text(answer.metadata))
    }

    /// As the client of LXD puts it together.
    private func text(_ operation: JSON) throws -> String {
        let metadata = try #require(operation["metadata"])
        let token: JSONObject = [
            "client_name": try #require(metadata["request"]?["name"]), "fingerprint": try #require(metadata["fingerprint"]),
            "addresses": try #require(metadata["addresses"]), "secret": try #require(metadata["secret"]), "expires_at": "0001-01-01T00:00:00Z",
        ]
        return Base64.encode(JSON.object(token).encoded())
    }

    private func redeem(_ text: String, _ client: TestClient?, _ served: ServedMember, by name: String = "password") async throws -> Reception {
        let body: JSONObject = [
            "name": "boss", "type": "", "restricted": false, "projects": .null, "certificate": "", name: .string(text), "token": false,
        ]
        return try await served.send("POST", "/1.0/certificates", .object(body), over: client.map { .tlsWith($0.certificate) } ?? .tls)
    }

    @Test("an add token is redeemed once, by password or trust_token, and its own conditions count", arguments: ["password", "trust_token"])
    func redeemed(member: String) async throws {
        try await ServedMember.with { served async throws in
            let (client, thief) = try (TestClient(), TestClient())
            let (operation, text) = try await addToken(served, ["restricted": true, "projects": ["p1"]])
            #expect(operation["class"] == "token" && operation["status_code"] == 103 && operation["metadata"]?["expiresAt"] == nil)
            #expect(operation["metadata"]?["secret"]?.stringValue?.count == 64)
            let none = try await redeem(text, nil, served, by: member)
            #expect(none.status == 400 && none.error == "No client certificate provided")
            let done = try await redeem(text, client, served, by: member)
            #expect(done.status == 201 && done.fields["location"] == path(client), "\(done)")
            let entry = try await served.operate("GET", path(client))
            #expect(entry["name"] == "guest" && entry["restricted"] == true && entry["projects"] == ["p1"])
            #expect(try await redeem(text, client, served, by: member).status == 201, "the same client asks again: its answer was lost")
            let late = try await redeem(text, thief, served, by: member)
            #expect(late.status == 403 && late.error == "No matching certificate add operation found")
        }
    }

    @Test("listed as running without its secret, revoked by its operation, and refused from then on")
    func listedAndRevoked() async throws {
        try await ServedMember.with { served async throws in
            let (operation, text) = try await addToken(served)
            let id = try #require(operation["id"]?.stringValue)
            let running = try await served.operate("GET", "/1.0/operations?recursion=1&project=default")["running"]?.arrayValue ?? []
            #expect(running.count == 1 && running[0]["id"] == .string(id) && running[0]["metadata"]?["secret"] == "")
            _ = try await served.operate("DELETE", "/1.0/operations/\(id)")
            #expect(try await served.operate("GET", "/1.0/operations") == .object([:]))
            #expect(try await served.send("DELETE", "/1.0/operations/\(id)", over: ServedMember.root).status == 404)
            #expect(try await redeem(text, TestClient(), served).status == 403)
        }
    }

    @Test("what is no token is not authorized, and one kind never serves as the other")
    func notTokens() async throws {
        try await ServedMember.with { served async throws in
            let (_, text) = try await addToken(served)
            let good = try #require(Base64.decode(text).flatMap { try? JSON(parsing: $0) })
            for name in ["client_name", "fingerprint", "addresses", "secret"] {
                let lacking = JSON.object(JSONObject((good.objectValue?.members ?? []).filter { $0.name != name }.map { ($0.name, $0.value) }))
                let answer = try await redeem(Base64.encode(lacking.encoded()), TestClient(), served)
                #expect(answer.status == 403 && answer.error == "not authorized", "without \(name): \(answer)")
            }
            for nonsense in ["x", "e30=", Base64.encode(Array("[]".utf8)), String(repeating: "A", count: 10_000)] {
                #expect(try await redeem(nonsense, TestClient(), served).status == 403)
            }
            let join = try await served.send("POST", "/1.0/cluster/members", ["server_name": "n2"], over: ServedMember.root).metadata
            let metadata = try #require(join["metadata"])
            let disguised: JSONObject = [
                "client_name": "n2", "fingerprint": try #require(metadata["fingerprint"]), "addresses": try #require(metadata["addresses"]),
                "secret": try #require(metadata["secret"]),
            ]
            #expect(try await redeem(Base64.encode(JSON.object(disguised).encoded()), TestClient(), served).status == 403)
            // Order, spaces and further members do not matter.
            let odd = #"{ "x":1, "secret":\#(good["secret"]!.encodedString), "addresses":["a"],"fingerprint":"f" ,"client_name":"c" }"#
            #expect(try await redeem(Base64.encode(Array(odd.utf8)), TestClient(), served).status == 201)
        }
    }

    @Test("a token's lifetime is a setting of the cluster")
    func lifetime() async throws {
        try await ServedMember.with { served async throws in
            _ = try await served.operate("PATCH", "/1.0/cluster/settings", ["add_token_seconds": 600])
            let (operation, _) = try await addToken(served)
            let expiresAt = try #require(operation["metadata"]?["expiresAt"]?.stringValue.flatMap(RFC3339.seconds))
            #expect((590...610).contains(expiresAt - WallClock.nowSeconds()))
        }
    }
}
