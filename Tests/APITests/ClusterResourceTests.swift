import Cluster
import EventLoop
import JOSE
import Testing
import Tokens
import TrustStore

@testable import API

@Suite("Cluster resources", .timeLimit(.minutes(5)))
struct ClusterResourceTests {
    @Test("members as URLs, as objects, one by one")
    func members() async throws {
        try await ServedMember.with { served async throws in
            #expect(try await served.operate("GET", "/1.0/cluster")["enabled"] == true)
            #expect(try await served.operate("GET", "/1.0/cluster/members?project=default") == ["/1.0/cluster/members/n1"])
            let objects = try await served.operate("GET", "/1.0/cluster/members?recursion=1")
            let member = try #require(objects.arrayValue?.first)
            #expect(member["server_name"] == "n1" && member["url"] == "https://127.0.0.1:8443" && member["status"] == "Online")
            #expect(member["roles"] == ["database-leader", "database"] && member["database"] == true)
            #expect(member["config"] == .object([:]) && member["groups"] == ["default"])
            #expect(try await served.operate("GET", "/1.0/cluster/members/n1") == member)
            let unknown = try await served.send("GET", "/1.0/cluster/members/n2", over: ServedMember.root)
            #expect(unknown.status == 404 && unknown.error == "Cluster member not found")
        }
    }

    @Test("status names the leader and how far each member is")
    func status() async throws {
        try await ServedMember.with { served async throws in
            let status = try await served.operate("GET", "/1.0/cluster/status")
            #expect(status["leader"] == "n1" && status["term"]?.integerValue ?? 0 > 0 && status["halted"] == .null)
            let member = try #require(status["members"]?.arrayValue?.first)
            #expect(member["role"] == "voter" && member["leader"] == true && member["state"] == "online" && member["lag"] == 0)
            #expect(member["certificate_expires_at"]?.stringValue?.hasSuffix("Z") == true)
        }
    }

    @Test("a join token: an operation with all that a client of LXD needs, listed without its secret, and revoked")
    func joinToken() async throws {
        try await ServedMember.with { served async throws in
            let made = try await served.send("POST", "/1.0/cluster/members", ["server_name": "n2"], token: served.adminToken)
            let operation = made.metadata
            let id = try #require(operation["id"]?.stringValue)
            #expect(made.status == 202 && made.json["type"] == "async" && made.json["status_code"] == 100)
            #expect(
                made.fields["location"] == "/1.0/operations/\(id)" && made.json["operation"]?.stringValue == "/1.0/operations/\(id)"
            )
            #expect(
                operation["class"] == "token" && operation["status_code"] == 103
                    && operation["resources"] == .object(["cluster": .array([])]))
            let metadata = try #require(operation["metadata"])
            #expect(metadata["serverName"] == "n2" && metadata["addresses"] == ["127.0.0.1:8443"])
            let secret = try #require(metadata["secret"]?.stringValue)
            #expect(secret.count == 64 && metadata["fingerprint"]?.stringValue?.count == 64)
            #expect(metadata["expiresAt"]?.stringValue.flatMap { RFC3339.seconds($0) } ?? 0 > WallClock.nowSeconds())

            let listed = try await served.operate("GET", "/1.0/operations?recursion=1&project=default")
            #expect(listed["running"]?.arrayValue?.count == 1 && !listed.encodedString.contains(secret))
            #expect(listed["running"]?.arrayValue?.first?["metadata"]?["secret"] == "")
            #expect(try await served.operate("GET", "/1.0/operations") == ["running": .strings(["/1.0/operations/\(id)"])])
            #expect(try await served.operate("GET", "/1.0/operations/\(id)")["id"]?.stringValue == id)
            _ = try await served.operate("DELETE", "/1.0/operations/\(id)")
            #expect(
                try await served.operate("GET", "/1.0/operations?recursion=1") == .object([:]),
                "an array would be an error to the client")
            let gone = try await served.send("DELETE", "/1.0/operations/\(id)", over: ServedMember.root)
            #expect(gone.status == 404 && gone.error == "Operation not found")
        }
    }

    @Test("a newer join token for the same name replaces the older")
    func replaced() async throws {
        try await ServedMember.with { served async throws in
            let body: JSON = ["server_name": "n2", "future_field": true]
            let first = try await served.operate("POST", "/1.0/cluster/members", body)["id"]
            let second = try await served.operate("POST", "/1.0/cluster/members", body)["id"]
            let listed = try await served.operate("GET", "/1.0/operations?recursion=1")["running"]?.arrayValue
            #expect(first != second && listed?.map { $0["id"] } == [second])
        }
    }

    @Test(
        "a name that is taken or no name is refused",
        arguments: [("n1", 409), ("a b", 400), ("-x", 400), ("", 400), (String(repeating: "x", count: 65), 400)])
    func names(name: String, status: Int) async throws {
        try await ServedMember.with { served async throws in
            let answer = try await served.send(
                "POST", "/1.0/cluster/members", ["server_name": .string(name)], over: ServedMember.root)
            #expect(answer.status == status, "\(answer)")
        }
    }

    @Test("a join without a good token is refused and leaves nothing behind")
    func badJoin() async throws {
        try await ServedMember.with { served async throws in
            #expect(try await served.send("POST", "/1.0/cluster/join", .object([:])).status == 400)
            let body: JSON = [
                "server_name": "n2", "secret": .string(String(repeating: "0", count: 64)),
                "member_id": .string(String(repeating: "1", count: 32)), "certificate_request": "AAAA",
                "addresses": ["127.0.0.1:1"], "feature_level": 1,
            ]
            let answer = try await served.send("POST", "/1.0/cluster/join", body)
            #expect(answer.status == 403, "\(answer)")
            #expect(served.member.view.tokens.state.members.count == 1)
        }
    }
}
