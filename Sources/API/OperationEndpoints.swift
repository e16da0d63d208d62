import Cluster
import Crypto
import HashTreeCollections
import JOSE
import TrustStore

/// Operations of class `token`: the join tokens that can still be redeemed. They are replicated, so
/// the list is the same on every member.
enum OperationEndpoints {
    static let all: [Endpoint] = [
        .get(
            "/1.0/operations", .scope(.admin),
            EndpointDocument(summary: "Join tokens, keyed by status", query: [.recursion])
        ) { (exchange) throws(Problem) in
            let operations = exchange.tokenOperations
            // An object even when empty: the client of LXD takes an array for an error.
            if operations.isEmpty { return .sync(.object([:])) }
            let isRecursive = try exchange.isRecursive
            return .sync(.object(["running": .array(operations.map { isRecursive ? $0.json : .string($0.url) })]))
        },
        .get("/1.0/operations/{id}", .scope(.admin), EndpointDocument(summary: "One join token")) {
            (exchange) throws(Problem) in
            .sync(try operation(exchange).json)
        },
        .delete("/1.0/operations/{id}", .scope(.admin), EndpointDocument(summary: "Revoke a join token")) {
            (exchange) async throws(Problem) in
            _ = try await exchange.propose(.removeJoinToken(id: try operation(exchange).id))
            return .sync(.object([:]))
        },
    ]

    private static func operation(_ exchange: Exchange) throws(Problem) -> TokenOperation {
        guard let found = exchange.tokenOperations.first(where: { $0.id == exchange.parameter("id") }) else {
            throw .notFound("Operation not found")
        }
        return found
    }
}

extension Exchange {
    fileprivate var tokenOperations: [TokenOperation] {
        let now = settings.wallClock()
        let certificate = state.cluster.flatMap { try? Certificate(der: $0.caCertificate) }
        return state.joinTokens.values
            .filter { $0.expiresAt > now }
            .sorted { ($0.createdAt, $0.id) < ($1.createdAt, $1.id) }
            .map {
                TokenOperation(
                    $0, location: member.name, fingerprint: certificate?.fingerprint ?? "",
                    addresses: membersByName.flatMap(\.addresses))
            }
    }
}

/// A join token in the form of an Incus operation.
struct TokenOperation {
    let id: String
    let serverName: String
    /// Empty in a list: only its hash is kept, and whoever lost a token makes another.
    let secret: String
    let fingerprint: String
    let addresses: [String]
    let createdAt: Int64
    let expiresAt: Int64
    let location: String

    init(_ grant: JoinTokenGrant, location: String) {
        id = grant.id
        serverName = grant.token.serverName
        secret = grant.token.secret
        fingerprint = grant.token.fingerprint
        addresses = grant.token.addresses
        createdAt = grant.createdAt
        expiresAt = grant.token.expiresAt
        self.location = location
    }

    init(_ record: JoinTokenRecord, location: String, fingerprint: String, addresses: [String]) {
        id = record.id
        serverName = record.memberName
        secret = ""
        self.fingerprint = fingerprint
        self.addresses = addresses
        createdAt = record.createdAt
        expiresAt = record.expiresAt
        self.location = location
    }

    var url: String { "/1.0/operations/\(id)" }

    /// All five members of `metadata` must be there with these types, or the client of LXD fails.
    var json: JSON {
        .object([
            "id": .string(id), "class": "token", "description": "Cluster join token",
            "created_at": .string(RFC3339.text(createdAt)), "updated_at": .string(RFC3339.text(createdAt)),
            "status": "Running", "status_code": 103, "resources": .object(["cluster": .array([])]),
            "metadata": .object([
                "serverName": .string(serverName), "secret": .string(secret), "fingerprint": .string(fingerprint),
                "addresses": .strings(addresses), "expiresAt": .string(RFC3339.text(expiresAt)),
            ]),
            "may_cancel": true, "err": "", "location": .string(location),
        ])
    }
}
