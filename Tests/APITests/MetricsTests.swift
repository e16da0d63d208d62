import Crypto
import JOSE
import Testing

@testable import API

@Suite("Metrics", .timeLimit(.minutes(5)))
struct MetricsTests {
    private func value(_ metric: String, _ served: ServedMember) async throws -> Double? {
        let text = try await served.send("GET", "/metrics", over: ServedMember.root).text
        return text.split(separator: "\n").first { $0.hasPrefix("credence_\(metric) ") }.flatMap { $0.split(separator: " ").last }.flatMap { Double($0) }
    }

    @Test("every line is one of the format, every metric is explained once, and none carries a token")
    func format() async throws {
        try await ServedMember.with { served async throws in
            _ = try await served.send("GET", "/1.0/keys", token: served.adminToken)
            for path in ["/metrics", "/1.0/metrics"] {
                let answer = try await served.send("GET", path, token: served.adminToken)
                #expect(answer.status == 200 && answer.fields["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
                var helped: [String] = []
                for line in answer.text.split(separator: "\n") {
                    if line.hasPrefix("# HELP ") { helped.append(String(line.split(separator: " ")[2])) }
                    if line.hasPrefix("#") { continue }
                    #expect(line.wholeMatch(of: /credence_[a-z0-9_]+(\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\})? -?[0-9.e+-]+/) != nil, "\(line)")
                    #expect(helped.last.map { line.hasPrefix($0) } ?? false, "\(line)")
                }
                #expect(Set(helped).count == helped.count && helped.count > 15)
                #expect(!answer.text.contains("eyJ"))
            }
        }
    }

    @Test("answers, verdicts and refused calls are counted as they happen")
    func counting() async throws {
        try await ServedMember.with { served async throws in
            let good = try await served.mint("a", ["read"])
            let accepted = try await value("tokens_accepted_total", served) ?? 0, refused = try await value("calls_refused_total", served) ?? 0
            #expect(try await served.send("GET", "/auth/verify", token: good).status == 200)
            #expect(try await served.send("GET", "/auth/verify", token: "nonsense").status == 401)
            #expect(try await served.send("GET", "/1.0/keys").status == 403)
            #expect(try await value("tokens_accepted_total", served) == accepted + 1)
            #expect(try await value("calls_refused_total", served) == refused + 1)
            #expect(try await value(#"tokens_refused_total{reason="malformed"}"#, served) == 1)
            #expect(try await value(#"http_answers_total{class="4xx"}"#, served) == 2)
            try await served.revoke(good)
            #expect(try await value(#"stored{kind="revoked_tokens"}"#, served) == 1)
            #expect(try await value("ready", served) == 1)
            #expect(try await value("raft_is_leader", served) == 1)
        }
    }

    @Test("a metrics certificate reads metrics and nothing else; who has no right reads none")
    func access() async throws {
        try await ServedMember.with { served async throws in
            let metrics = try TestClient(), restricted = try TestClient(), stranger = try TestClient()
            for (client, type) in [(metrics, "metrics"), (restricted, "client")] {
                let body: JSON = ["certificate": .string(client.certificate.pem), "type": .string(type), "restricted": true]
                _ = try await served.operate("POST", "/1.0/certificates", body)
            }
            for path in ["/metrics", "/1.0/metrics"] {
                #expect(try await served.send("GET", path, over: .tlsWith(metrics.certificate)).status == 200)
                #expect(try await served.send("GET", path, token: metrics.token()).status != 200, "TLS only")
                for other in [restricted, stranger] { #expect(try await served.send("GET", path, over: .tlsWith(other.certificate)).status != 200) }
                #expect(try await served.send("GET", path).status == (path == "/metrics" ? 401 : 403))
            }
            #expect(try await served.send("GET", "/1.0/certificates", over: .tlsWith(metrics.certificate)).status == 403)
            #expect(try await served.send("GET", "/1.0", over: .tlsWith(metrics.certificate)).metadata["auth"] == "untrusted")
        }
    }
}
