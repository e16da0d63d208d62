import Crypto
import EventLoop
import JOSE
import Testing

@testable import API

@Suite("The audit record", .timeLimit(.minutes(5)))
struct AuditTests {
    private func page(_ served: ServedMember, _ query: String = "") async throws -> JSON {
        try await served.operate("GET", "/1.0/audit" + query)
    }

    private func entries(_ page: JSON) -> [JSON] { page["entries"]?.arrayValue ?? [] }

    @Test("a change is on the record with who made it, how, from where, when and with what result")
    func recorded() async throws {
        try await ServedMember.with { served async throws in
            let admin = served.adminToken
            let made = try await served.send("POST", "/1.0/revocations", ["subject": "bob", "reason": "left"], token: admin)
            let index = try #require(made.metadata["index"]?.integerValue)
            let id = try #require(made.metadata["id"]?.stringValue)
            let found = entries(try await page(served, "?after=\(index - 1)&limit=1"))
            let entry = try #require(found.first)
            #expect(found.count == 1 && entry["index"] == .integer(index) && entry["kind"] == "revoke")
            #expect(entry["actor"] == ["id": "admin", "method": "token", "address": "127.0.0.1:50000"])
            #expect(entry["summary"]?["subject"] == "bob" && entry["summary"]?["reason"] == "left")
            #expect(entry["outcome"] == "done" && entry["code"] == .null)
            let time = try #require(entry["time"]?.stringValue.flatMap { RFC3339.seconds($0) })
            #expect(abs(time - WallClock.nowSeconds()) < 60)
            #expect(entry["request_id"]?.stringValue?.count == 32 && entry["chain"]?.stringValue?.count == 64)
            #expect(entry["raw"] == nil)

            // A change that was refused when it was applied is on the record too, with the reason.
            let before = try await served.operate("GET", "/1.0/audit/head")["index"]?.integerValue ?? 0
            #expect(try await served.send("DELETE", "/1.0/revocations/nothing", token: admin).status == 404)
            let refused = entries(try await page(served, "?after=\(before)"))
            #expect(refused.last?["outcome"] == "refused" && refused.last?["code"] == "revocation_unknown")
            _ = id
        }
    }

    @Test("pages follow each other without a gap or a repeat, and the chain computed from their bytes ends at the head")
    func pages() async throws {
        try await ServedMember.with { served async throws in
            for number in 0..<7 { _ = try await served.mint("s\(number)", ["read"], ["name": .string("n\(number)")]) }
            let head = try await served.operate("GET", "/1.0/audit/head")
            #expect(head["from_index"] == 1 && head["trouble"] == .null)
            var after: Int64 = 0
            var chain = [UInt8](repeating: 0, count: 32)
            var ended = false
            while !ended {
                let page = try await page(served, "?raw=1&limit=3&after=\(after)")
                let found = entries(page)
                #expect(found.count <= 3)
                #expect(page["base"]?["index"] == .integer(after) && page["base"]?["chain"]?.stringValue == Hex.encode(chain))
                for entry in found {
                    #expect(entry["index"] == .integer(after + 1))
                    after += 1
                    var hash = SHA256Stream()
                    hash.update(chain)
                    hash.update(UInt64(after))
                    hash.update(UInt64(try #require(entry["term"]?.integerValue)))
                    hash.update(UInt64(try #require(entry["raw"]?["kind"]?.integerValue)))
                    hash.update(try #require(entry["raw"]?["bytes"]?.stringValue.flatMap { Base64.decode($0) }))
                    chain = hash.finalize()
                    #expect(entry["chain"]?.stringValue == Hex.encode(chain))
                    if head["index"]?.integerValue == after { #expect(head["chain"] == entry["chain"]) }
                }
                ended = page["next_after"] == .null
                if !ended { #expect(page["next_after"] == .integer(after) && page["through"] == .integer(after)) }
            }
            #expect(after >= head["index"]?.integerValue ?? .max)
        }
    }

    @Test("a filter passes what it names and nothing else, and none passes a misspelt one")
    func filters() async throws {
        try await ServedMember.with { served async throws in
            _ = try await served.mint("a", ["read"], ["name": "a"])
            _ = try await served.send("POST", "/1.0/revocations", ["subject": "bob"], token: served.adminToken)
            let byKind = entries(try await page(served, "?kind=record_token"))
            #expect(byKind.count == 1 && byKind[0]["summary"]?["name"] == "a" && byKind[0]["actor"]?["method"] == "unix")
            let byActor = entries(try await page(served, "?actor=admin"))
            #expect(byActor.count == 1 && byActor[0]["kind"] == "revoke")
            #expect(entries(try await page(served, "?since=\(WallClock.nowSeconds() + 1000)")).isEmpty)
            #expect(entries(try await page(served, "?since=2020-01-01T00:00:00Z&kind=revoke")).count == 1)
            _ = try await served.mint("b", ["read"], ["name": "b"])
            for limit in 1...2 {
                let page = try await page(served, "?kind=record_token&limit=\(limit)")
                #expect(entries(page).compactMap { $0["summary"]?["name"]?.stringValue } == Array(["a", "b"].prefix(limit)))
                if limit == 1 { #expect(page["next_after"] == entries(page)[0]["index"]) }
            }
            #expect(entries(try await page(served, "?kind=voters_changed")).count >= 1)
            for wrong in ["?kinds=revoke", "?limit=0", "?limit=\(AuditQuery.limitMax + 1)", "?after=-1", "?since=soon", "?raw=2", "?wait=\(AuditQuery.waitSecondsMax + 1)", "?kind="] {
                #expect(try await served.send("GET", "/1.0/audit" + wrong, over: ServedMember.root).status == 400, "\(wrong)")
            }
            #expect(try await served.send("GET", "/1.0/audit?limit=\(AuditQuery.limitMax)", over: ServedMember.root).status == 200)
        }
    }

    @Test("only an administrator reads it, and who was refused is counted, not replicated")
    func access() async throws {
        try await ServedMember.with { served async throws in
            let reader = try await served.mint("reader", ["read", "write", "sign"])
            let before = try await served.operate("GET", "/1.0/audit/head")
            #expect(before["refused_calls"] == 0)
            for path in ["/1.0/audit", "/1.0/audit?raw=1", "/1.0/audit/head"] {
                #expect(try await served.send("GET", path, token: reader).status == 403)
                #expect(try await served.send("GET", path).status == 403)
            }
            let after = try await served.operate("GET", "/1.0/audit/head")
            #expect(after["refused_calls"] == 6)
            #expect(after["index"] == before["index"])
        }
    }

    @Test("a summary shows no sealed key, no hash of a secret and no token")
    func noSecrets() async throws {
        try await ServedMember.with { served async throws in
            let token = try await served.mint("a", ["read"], ["name": "a"])
            _ = try await served.operate("POST", "/1.0/keys", ["algorithm": "ES256"])
            _ = try await served.operate("POST", "/1.0/cluster/members", ["server_name": "n2"])
            let shown = try await page(served).encodedString
            for secret in ["sealed", "secret_hash", "private_key", token, served.adminToken] { #expect(!shown.contains(secret)) }
            let kinds = Set(entries(try await page(served)).compactMap { $0["kind"]?.stringValue })
            #expect(kinds.isSuperset(of: ["found_cluster", "record_token", "add_signing_key", "add_join_token", "leader_began", "voters_changed"]))
            // The true bytes have the sealed keys, which is said where they are asked for.
            #expect(try await page(served, "?raw=1").encodedString.contains("bytes"))
        }
    }

    @Test("whoever waits is answered by the next change, and by its own time when there is none")
    func waits() async throws {
        try await ServedMember.with { served async throws in
            var head = try #require(try await served.operate("GET", "/1.0/audit/head")["index"]?.integerValue)
            #expect(entries(try await page(served, "?after=\(head)&wait=1")).isEmpty)
            head = try #require(try await served.operate("GET", "/1.0/audit/head")["index"]?.integerValue)
            async let waiting = page(served, "?after=\(head)&wait=20")
            _ = try await served.mint("late", ["read"], ["name": "late"])
            let found = entries(try await waiting)
            #expect(found.contains { $0["summary"]?["name"] == "late" })
        }
    }
}
