import Crypto
import JOSE
import Testing

@testable import API

/// For each route of the OpenAPI document and each kind of caller: let through, or the very refusal.
@Suite("Who may do what, by the OpenAPI document", .timeLimit(.minutes(5)))
struct ScopeTableTests {
    private struct Route: Sendable {
        let method: String
        let path: String
        /// `x-credence-scope`.
        let scope: String
    }

    /// What the document says, not what the table of routes does.
    private static let routes: [Route] = (OpenAPIDocument.document["paths"]?.objectValue?.members ?? []).flatMap { path in
        (path.value.objectValue?.members ?? []).map { operation in
            Route(method: operation.name.uppercased(), path: path.name, scope: operation.value["x-credence-scope"]?.stringValue ?? "")
        }
    }

    private struct Kind {
        let name: String
        var token: String?
        var channel = ServedMember.Channel.tls
        /// Position on `read`, `write`, `sign`, `admin` of the highest; nil for who has none of them.
        var rank: Int?
        var isRestricted = false
        var isUnix = false
    var isMetrics = false
        /// What `WWW-Authenticate` begins with when a route is refused.
        var challenge: String?
    }

    private static let ladder = ["read", "write", "sign", "admin"]

    private func kinds(_ served: ServedMember) async throws -> [Kind] {
        func trusted(_ more: JSONObject = [:]) async throws -> TestClient {
            let client = try TestClient()
            var body: JSONObject = ["type": "client", "certificate": .string(client.certificate.pem)]
            for member in more.members { body[member.name] = member.value }
            _ = try await served.operate("POST", "/1.0/certificates", .object(body))
            return client
        }
        let full = try await trusted(), restricted = try await trusted(["restricted": true]), metrics = try await trusted(["type": "metrics"])
        let stranger = try TestClient()
        let node = Node(9)
        _ = try await served.operate("POST", "/1.0/keys/import", node.importing())
        let revoked = try await served.mint("gone", ["admin"])
        try await served.revoke(revoked)
        var kinds: [Kind] = [
            Kind(name: "nobody", challenge: "Bearer"),
            Kind(name: "a stranger's certificate", channel: .tlsWith(stranger.certificate), challenge: "Bearer"),
            Kind(name: "a stranger's own token", token: try stranger.token(), challenge: #"Bearer error="invalid_token""#),
            Kind(name: "a metrics certificate", channel: .tlsWith(metrics.certificate), isMetrics: true, challenge: "Bearer"),
            Kind(name: "a metrics certificate's token", token: try metrics.token(), challenge: #"Bearer error="invalid_token""#),
            Kind(name: "a revoked administrator", token: revoked, challenge: #"Bearer error="invalid_token""#),
            Kind(name: "custom scopes", token: try await served.mint("c", ["reports", "administer", "ADMIN"]), challenge: #"Bearer error="insufficient_scope""#),
            Kind(name: "a restricted certificate", channel: .tlsWith(restricted.certificate), isRestricted: true),
            Kind(name: "a restricted certificate's token", token: try restricted.token(["scope": "admin"]), isRestricted: true),
            Kind(name: "a certificate", channel: .tlsWith(full.certificate), rank: 3),
            Kind(name: "a certificate's token", token: try full.token(), rank: 3),
            Kind(name: "a certificate's token for less", token: try full.token(["scope": "read"]), rank: 0, challenge: #"Bearer error="insufficient_scope""#),
            Kind(name: "a node's administrator", token: node.adminToken, rank: 3),
            Kind(name: "a node's reader", token: node.readToken, rank: 0, challenge: #"Bearer error="insufficient_scope""#),
            Kind(name: "root on the socket", channel: ServedMember.root, rank: 3, isUnix: true),
            Kind(name: "another local user", channel: .unix(userID: 1000), isUnix: true, challenge: "Bearer"),
        ]
        for (rank, scope) in Self.ladder.enumerated() {
            kinds.append(Kind(name: scope, token: try await served.mint(scope, [scope]), rank: rank, challenge: #"Bearer error="insufficient_scope""#))
        }
        return kinds
    }

    private func isAllowed(_ kind: Kind, _ route: Route) -> Bool {
        if route.scope == "none" { return true }
        let needed = route.scope.split(separator: " ").first.flatMap { Self.ladder.firstIndex(of: String($0)) } ?? 99
        if let rank = kind.rank, rank >= needed { return true }
        return kind.isMetrics && route.scope.hasSuffix("or metrics") || kind.isRestricted && route.scope.hasSuffix("or restricted") || kind.isUnix && route.scope.hasSuffix("or unix-socket")
    }

    @Test("each kind of caller is let through or refused as the document says, on every route")
    func table() async throws {
        try await ServedMember.with { served async throws in
            let kinds = try await kinds(served)
            var allowed = 0, refused = 0
            for route in Self.routes where route.scope != "none" {
                // Nobody's name: what is let through then finds nothing, and changes nothing.
                let target = route.path.replacing(/\{[a-z_]+\}/, with: "nobody")
                for kind in kinds {
                    // An empty body lacks what the route needs, so that it stops before it does anything.
                    let body = ["GET", "DELETE"].contains(route.method) ? nil : #"{"no such member":1}"#
                    let answer = try await served.send(route.method, target, body: body, token: kind.token, over: kind.channel)
                    let what = "\(kind.name): \(route.method) \(target) needs \(route.scope): \(answer.status) \(answer.text.prefix(200))"
                    let isOfCertificate = route.path.hasPrefix("/1.0/certificates/") && kind.isRestricted
                    if isAllowed(kind, route) {
                        allowed += 1
                        #expect(isOfCertificate || ![401, 403].contains(answer.status), "\(what)")
                        continue
                    }
                    refused += 1
                    let isEnough = kind.challenge?.contains("insufficient_scope") ?? false
                    #expect(answer.status == (route.path.hasPrefix("/1.0") || kind.isRestricted || isEnough ? 403 : 401), "\(what)")
                    if kind.isRestricted {
                        #expect(answer.error == "Certificate is restricted" && answer.challenge == nil, "\(what)")
                    } else {
                        #expect(answer.error.hasPrefix("not authorized") && answer.challenge?.hasPrefix(kind.challenge ?? "?") == true, "\(what)")
                    }
                }
            }
            #expect(allowed > 100 && refused > 200, "\(allowed) \(refused)")
        }
    }

    @Test("every route names a scope, or says that it needs none")
    func documented() {
        let known: Set = ["none", "read", "write", "sign", "admin", "read or restricted", "read or metrics", "admin or restricted", "admin or unix-socket"]
        for route in Self.routes { #expect(known.contains(route.scope), "\(route)") }
        #expect(Self.routes.count > 50)
    }
}
