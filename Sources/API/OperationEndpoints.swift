import Cluster
import Crypto
import HashTreeCollections
import JOSE
import TrustStore

/// Operations of class `token`: the join tokens and certificate add tokens that can still be redeemed. They are replicated,
/// so the list is the same on every member.
enum OperationEndpoints {
    static let all: [Endpoint] = [
        .get(
            "/1.0/operations", .scope(.admin),
            EndpointDocument(summary: "Join tokens and certificate add tokens, keyed by status", query: [.recursion])
        ) { (exchange) throws(Problem) in
            let operations = exchange.tokenOperations
            // An object even when empty: the client of LXD takes an array for an error.
            if operations.isEmpty { return .sync(.object([:])) }
            let isRecursive = try exchange.isRecursive
            return .sync(.object(["running": .array(operations.map { isRecursive ? $0.json : .string($0.url) })]))
        },
        .get("/1.0/operations/{id}", .scope(.admin), EndpointDocument(summary: "One token")) {
            (exchange) throws(Problem) in
            .sync(try operation(exchange).json)
        },
        .delete("/1.0/operations/{id}", .scope(.admin), EndpointDocument(summary: "Revoke a token that was not redeemed yet")) {
            (exchange) async throws(Problem) in
            let operation = try operation(exchange)
            switch operation.kind {
            case .join: _ = try await exchange.propose(.removeJoinToken(id: operation.id))
            case .add: _ = try await exchange.propose(.removeAddToken(id: operation.id))
            }
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
        let addresses = membersByName.flatMap(\.addresses)
        let joins = state.joinTokens.values.filter { $0.expiresAt > now }
            .map { TokenOperation($0, addresses: addresses, in: state, location: member.name) }
        let adds = state.addTokens.values.filter { !$0.isExpired(at: now) }
            .map { TokenOperation($0, addresses: addresses, in: state, location: member.name) }
        return (joins + adds).sorted { ($0.createdAt, $0.id) < ($1.createdAt, $1.id) }
    }
}
