import Cluster
import EventLoop
import JOSE
import Testing

@testable import API

@Suite("GET /1.0/snapshot", .timeLimit(.minutes(5)))
struct SnapshotEndpointTests {
    private func saved(_ answer: Reception) throws -> Backup {
        let path = "/tmp/credence-api-test-\(UInt64.random(in: .min ... .max)).snapshot"
        defer { try? PrivateFile.remove(path) }
        try PrivateFile.write(answer.body, to: path)
        return try Backup.check(path)
    }

    @Test("an administrator gets a whole backup, sealed under a passphrase of its own, and named by its index")
    func sealed() async throws {
        try await ServedMember.with { served in
            let answer = try await served.send("POST", "/1.0/snapshot", ["passphrase": "correct horse"], token: served.adminToken)
            #expect(answer.status == 200 && answer.fields["content-type"] == "application/vnd.credence.snapshot")
            let backup = try saved(answer)
            #expect(answer.fields["content-disposition"] == "attachment; filename=\"credence-\(backup.index).snapshot\"")
            #expect(!backup.holdsKeyInClear && backup.count(of: "signing_keys") == 1)
            #expect(!served.log.text.contains("correct horse"))
        }
    }

    @Test("without a passphrase there is a backup only when it is asked for in clear, and then another")
    func clear() async throws {
        try await ServedMember.with { served in
            let refused = try await served.send("GET", "/1.0/snapshot", over: ServedMember.root)
            #expect(refused.status == 409 && refused.error.contains("data_key=clear"))
            for _ in 0..<2 {
                let answer = try await served.send("GET", "/1.0/snapshot?data_key=clear", over: ServedMember.root)
                #expect(answer.status == 200)
                #expect(try saved(answer).holdsKeyInClear)
            }
        }
    }

    @Test(
        "what is not understood is refused, and nothing is sent in clear by mistake",
        arguments: ["?data_key=sealed", "?data_key=", "?datakey=clear", "?data_key=clear&data_key=clear"])
    func badQuery(query: String) async throws {
        try await ServedMember.with { served in
            let answer = try await served.send("GET", "/1.0/snapshot\(query)", over: ServedMember.root)
            #expect(answer.status == 400, "\(answer.status)")
        }
    }

    @Test("only administrators may, whatever they ask for")
    func others() async throws {
        try await ServedMember.with { served in
            let reader = try await served.mint("reader", ["read", "write", "sign"])
            for token in [reader, nil] {
                for target in ["/1.0/snapshot", "/1.0/snapshot?data_key=clear"] {
                    #expect(try await served.send("GET", target, token: token).status == 403)
                }
                #expect(try await served.send("POST", "/1.0/snapshot", ["passphrase": "x"], token: token).status == 403)
            }
        }
    }

    @Test("an empty or too long passphrase is refused", arguments: [0, 70_000])
    func passphrases(count: Int) async throws {
        try await ServedMember.with { served in
            let body: JSON = ["passphrase": .string(String(repeating: "x", count: count))]
            let answer = try await served.send("POST", "/1.0/snapshot", body, over: ServedMember.root)
            #expect(answer.status == 400)
        }
    }
}
