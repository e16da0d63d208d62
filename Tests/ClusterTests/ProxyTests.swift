import JOSE
import Testing

extension ClusterTests {
    /// The examples under `cluster/proxies`, run as they are by the programs that they are for.
    @Suite("Pages guarded by other people's proxies")
    struct ProxyTests {
        @Test(
            "nginx lets through whom a member vouches for, tells the application who it is, and refuses all others",
            .enabled("no nginx: see cluster/test") { GuardProgram.path("nginx") != nil }, arguments: [Guard.nginx, .nginxTLS])
        func nginx(_ kind: Guard) async throws { try await expectGuards(kind) }

        @Test(
            "HAProxy lets through whom a member vouches for, or whom its key proves, and refuses all others",
            .enabled("no haproxy: see cluster/test") { GuardProgram.path("haproxy") != nil }, arguments: [Guard.haproxy, .haproxyJWT])
        func haproxy(_ kind: Guard) async throws { try await expectGuards(kind) }

        @Test(
            "Caddy lets through whom a member vouches for, tells the application who it is, and refuses all others",
            .enabled("no caddy: see cluster/test") { GuardProgram.path("caddy") != nil })
        func caddy() async throws { try await expectGuards(.caddy) }

        @Test(
            "Apache lets through whom a member vouches for, or whom its keys prove, and refuses all others",
            .enabled("no apache2 with mod_auth_openidc: see cluster/test") { GuardProgram.hasApacheModule },
            arguments: [Guard.apache, .apacheJWKS])
        func apache(_ kind: Guard) async throws { try await expectGuards(kind) }

        @Test(
            "behind nginx nobody comes in while no member vouches, stale or gone",
            .enabled("no nginx: see cluster/test") { GuardProgram.path("nginx") != nil }, arguments: [Guard.nginx, .nginxTLS])
        func nginxFailsClosed(_ kind: Guard) async throws { try await expectFailsClosed(kind) }

        @Test(
            "behind HAProxy nobody comes in while no member vouches, stale or gone",
            .enabled("no haproxy: see cluster/test") { GuardProgram.path("haproxy") != nil })
        func haproxyFailsClosed() async throws { try await expectFailsClosed(.haproxy) }

        @Test(
            "behind Caddy nobody comes in while no member vouches, stale or gone",
            .enabled("no caddy: see cluster/test") { GuardProgram.path("caddy") != nil })
        func caddyFailsClosed() async throws { try await expectFailsClosed(.caddy) }

        @Test(
            "behind Apache that introspects nobody comes in while no member vouches, stale or gone",
            .enabled("no apache2 with mod_auth_openidc: see cluster/test") { GuardProgram.hasApacheModule })
        func apacheFailsClosed() async throws { try await expectFailsClosed(.apache) }

        @Test(
            "nginx asks another member when one is gone, so that the loss of one is nobody's loss",
            .enabled("no nginx: see cluster/test") { GuardProgram.path("nginx") != nil })
        func nginxAsksAnother() async throws {
            try await withGuardedPages(.nginxTLS, members: ["m1", "m2", "m3"]) { pages in
                let members = await pages.cluster.members
                let token = try await pages.goodToken()
                try await pages.cluster.kill(members[2])
                for _ in 0..<6 {
                    let answer = try await pages.ask(token)
                    #expect(answer.status == 200, "\(answer.summary)\n\(Files.tail(pages.log))")
                }
            }
        }

        @Test("a proxy of HTTP/1.0, as nginx is unless told otherwise, gets its answer and the end of the connection")
        func http10() async throws {
            let loopback = try await FreePorts.take()
            try await withCluster(["m1"], firstArguments: ["--listen-loopback", "\(loopback)"]) { cluster in
                let member = await cluster[0], admin = await cluster.adminToken
                let token = try await member.mint("alice", by: admin)
                for (authorization, status) in [("Bearer \(token)", 200), ("bearer \(token)", 200), ("Bearer x", 401), ("Basic eDp5", 401)] {
                    let options = ["--http1.0", "--header", "Connection:", "--header", "Authorization: \(authorization)"]
                    let answer = try await Member.curl(options + ["http://127.0.0.1:\(loopback)/auth/verify?scope=read"])
                    #expect(answer.status == status && answer.fields["connection"] == "close", "\(answer.summary) \(answer.fields)")
                    #expect((answer.fields["www-authenticate"] != nil) == (status == 401))
                }
            }
        }

        @Test("a proxy that announces a body and sends none, or sends one, is answered at once", arguments: ["http", "https"])
        func announcedBody(scheme: String) async throws {
            let loopback = try await FreePorts.take()
            try await withCluster(["m1"], firstArguments: ["--listen-loopback", "\(loopback)"]) { cluster in
                let member = await cluster[0], admin = await cluster.adminToken
                let token = try await member.mint("alice", by: admin)
                let address = scheme == "http" ? "127.0.0.1:\(loopback)" : member.address
                for body in [["--header", "Content-Length: 3000000"], ["--data-binary", "x=1"], ["--data-binary", "@/proc/self/exe"]] {
                    let options = ["--insecure", "--max-time", "5", "--header", "Authorization: Bearer \(token)"] + body
                    let answer = try await Member.curl(options + ["\(scheme)://\(address)/auth/verify?scope=read"])
                    #expect(answer.status == 200 && answer.fields["x-auth-subject"] == "alice", "\(body): \(answer.summary)")
                }
            }
        }
    }
}

extension ClusterTests.ProxyTests {
    private func expectGuards(_ kind: Guard) async throws {
        try await withGuardedPages(kind) { pages in
            let member = await pages.cluster[0], admin = await pages.cluster.adminToken
            let token = try await pages.goodToken()
            try await expectPasses(token, pages)
            try await expectRefusals(kind, pages)

            // For one second good, and in the end refused: waited for, not slept through.
            let short = try await pages.goodToken(["expires_in": 1])
            _ = try await eventually("a token that has expired is refused") {
                try await pages.ask(short).status == 401 ? true : nil
            }

            try #require(try await member.revoke(token, by: admin) != nil)
            let revoked = try await pages.ask(token)
            if kind.asks {
                #expect(revoked.status == 401, "\(revoked.summary)")
            } else {
                // As the example says at its top: whoever asks no member has no way to know. This is no wish but a warning.
                #expect(revoked.status == 200, "\(kind.rawValue) says that it cannot know, and knew: \(revoked.summary)")
            }
        }
    }

    private func expectPasses(_ token: String, _ pages: GuardedPages) async throws {
        for (method, body) in [("GET", nil), ("POST", "some=thing")] {
            let answer = try await pages.ask(token, method: method, body: body)
            let seen = SeenRequest(answer)
            #expect(answer.status == 200, "\(method): \(answer.summary)\n\(Files.tail(pages.log))")
            #expect(seen.method == method && seen.target == "/page?x=1" && seen.body == body ?? "", "\(answer.body)")
            #expect(seen["x-auth-subject"] == ["alice"], "the client's own word must not arrive: \(answer.body)")
            #expect(seen["x-auth-scopes"] == ["reports"], "\(answer.body)")
            #expect(seen["x-auth-token-id"].count == 1 && seen["x-auth-token-id"] != ["mallory"], "\(answer.body)")
            #expect(seen["x-auth-method"] == ["cluster"] || seen["x-auth-method"] == [], "\(answer.body)")
            #expect(seen["authorization"] == [], "the application needs no token: \(answer.body)")
            #expect(!answer.body.contains(token), "not under another name either")
        }
        #expect(try await pages.ask(token, method: "HEAD").status == 200)
    }

    private func expectRefusals(_ kind: Guard, _ pages: GuardedPages) async throws {
        let member = await pages.cluster[0], admin = await pages.cluster.adminToken
        let good = try await pages.goodToken()
        let parts = good.split(separator: ".")
        let bad: [(what: String, token: String?)] = [
            ("no token", nil), ("garbage", "garbage"), ("three parts of garbage", "a.b.c"), ("an empty one", ""),
            ("a forged signature", "\(parts[0]).\(parts[1]).\(String(repeating: "A", count: parts[2].utf8.count))"),
            ("no signature", "\(parts[0]).\(parts[1])."), ("alg none", "eyJhbGciOiJub25lIn0.\(parts[1])."),
            ("other claims under a good signature", "\(parts[0]).\(try await member.mint("alice", by: admin).split(separator: ".")[1]).\(parts[2])"),
        ]
        for (what, token) in bad {
            let answer = try await pages.ask(token)
            #expect(answer.status == 401, "\(what): \(answer.summary)")
            #expect(answer.fields["www-authenticate"]?.hasPrefix("Bearer") == true, "\(what): \(answer.fields)")
        }
        let insufficient: [(what: String, token: String)] = [
            ("too little scope", try await member.mint("alice", by: admin, ["audience": "reports.example"])),
            ("a scope that begins alike", try await member.mint("alice", scopes: ["reports2"], by: admin, ["audience": "reports.example"])),
            ("another audience", try await pages.goodToken(["audience": "elsewhere.example"])),
            ("no audience", try await member.mint("alice", scopes: ["reports"], by: admin)),
        ]
        for (what, token) in insufficient {
            let answer = try await pages.ask(token)
            #expect(answer.status == 403, "\(what): \(answer.summary)")
        }
        let fingerprint = String(repeating: "ab", count: 32)
        let bound = try await pages.ask(pages.goodToken(["certificate_fingerprint": .string(fingerprint)]))
        #expect([401, 403].contains(bound.status), "a token that is bound to a certificate nobody showed: \(bound.summary)")
    }

    private func expectFailsClosed(_ kind: Guard) async throws {
        try await withGuardedPages(kind, members: ["m1", "m2", "m3"]) { pages in
            let members = await pages.cluster.members
            let token = try await pages.goodToken()
            let expected = kind.statusWhenNobodyVouches
            #expect(try await pages.ask(token).status == 200)

            // Of three, two hang: the third cannot prove that it is current, and says so when its time is up.
            for member in members.dropFirst() { try await pages.cluster.suspend(member) }
            let stale = try await eventually("the page is closed") {
                let answer = try await pages.ask(token)
                return answer.status == 200 ? nil : answer
            }
            #expect(stale.status == expected, "stale: \(stale.summary)\n\(Files.tail(pages.log))")
            for _ in 0..<3 { #expect(try await pages.ask(token).status != 200, "and it stays closed") }
            for member in members.dropFirst() { try await pages.cluster.resume(member) }
            _ = try await eventually("the page is open again") { try await pages.ask(token).status == 200 ? true : nil }

            // One that takes the question and never answers is as good as none.
            for member in members { try await pages.cluster.suspend(member) }
            let hung = try await pages.ask(token)
            #expect(hung.status == expected, "hung: \(hung.summary)\n\(Files.tail(pages.log))")
            for member in members { try await pages.cluster.resume(member) }
            _ = try await eventually("the page is open once more") { try await pages.ask(token).status == 200 ? true : nil }

            for member in members { try await pages.cluster.kill(member) }
            let gone = try await pages.ask(token)
            #expect(gone.status == expected, "gone: \(gone.summary)\n\(Files.tail(pages.log))")
        }
    }
}

extension GuardedPages {
    /// One that the examples let in.
    func goodToken(_ more: JSONObject = [:]) async throws -> String {
        let member = await cluster[0], admin = await cluster.adminToken
        var fields: JSONObject = ["audience": .string(Self.audience)]
        for field in more.members { fields[field.name] = field.value }
        return try await member.mint("alice", scopes: [Self.scope], by: admin, fields)
    }
}
