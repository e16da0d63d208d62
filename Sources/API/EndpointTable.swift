import HTTPTypes

/// Every route this server has. The OpenAPI document is made from it, so the two cannot disagree.
struct EndpointTable: Sendable {
    let endpoints: [Endpoint]

    static let all = EndpointTable(
        endpoints: ServerEndpoints.all + TokenEndpoints.all + RevocationEndpoints.all + AuditEndpoints.all + SnapshotEndpoints.all + EventEndpoint.all + KeyEndpoints.all
            + KeyImportEndpoints.all + ClusterEndpoints.all + MemberEndpoints.all + ServerCertificateEndpoints.all + DataKeyEndpoints.all + ClusterAuthorityEndpoints.all + SettingEndpoints.all + OperationEndpoints.all + CertificateEndpoints.all
            + AuthorityEndpoints.all + IssuingEndpoints.all + PublicEndpoints.all + OAuthEndpoints.all + OAuthTokenEndpoint.all
            + StatusListEndpoint.all + TokenReviewEndpoint.all + RPCEndpoints.all + MetricsEndpoints.all)

    struct Route: Sendable {
        let endpoint: Endpoint
        let parameters: [String: String]
    }

    /// Which endpoint serves a request. HEAD is served by GET; the HTTP layer leaves the body out.
    func route(
        _ method: HTTPRequest.Method, path parts: [String], inClear: Bool
    ) throws(Problem) -> Route {
        var matches = endpoints.compactMap { endpoint -> Route? in
            guard endpoint.isServedInClear || !inClear, let parameters = endpoint.path.match(parts) else { return nil }
            return Route(endpoint: endpoint, parameters: parameters)
        }
        // `/1.0/tokens/verify` is itself, not the token called "verify".
        if matches.contains(where: \.parameters.isEmpty) { matches.removeAll { !$0.parameters.isEmpty } }
        let wanted = method == .head ? .get : method
        if let route = matches.first(where: { $0.endpoint.method == wanted }) { return route }
        if matches.isEmpty { throw .notFound() }
        var allow = matches.map(\.endpoint.method.rawValue)
        if allow.contains("GET") { allow.append("HEAD") }
        throw .methodNotAllowed(allow.sorted())
    }
}
