import Cluster
import EventLoop
import JOSE
import Tokens
import TrustStore

/// What of a Forest or Lotus node's interface an auth store can answer.
extension RPCMethod {
    static let all = [authNew, authVerify, version, discover]

    static func named(_ name: String) -> RPCMethod? {
        all.first { $0.name.hasSameBytes(as: name) }
    }

    private static let permissionList: JSON = [
        "type": "array", "items": ["type": "string", "enum": .strings(NodeTokenRequest.permissions)],
    ]

    private static let authNew = RPCMethod(
        name: "Filecoin.AuthNew", permission: .admin,
        summary: "Makes a token with these permissions, for as long as asked or as the cluster lets a token live",
        parameters: [
            Parameter(name: "permissions", isRequired: true, schema: permissionList),
            Parameter(name: "expirationSecs", isRequired: false, schema: ["type": ["integer", "null"]]),
        ],
        result: Parameter(
            name: "token", isRequired: true, schema: ["type": "string", "description": "The bytes of the token, in base64."])
    ) { (request, params) async throws(RPCFailure) in
        let wanted = try NodeTokenRequest(rpc: params)
        let exchange = request.exchange
        let token: String
        do throws(MintFailure) {
            token = try await exchange.member.mint(wanted, by: exchange.actor, timeout: exchange.conditions.timeout)
        } catch {
            throw RPCFailure(error)
        }
        return .string(Base64.encode(Array(token.utf8)))
    }

    private static let authVerify = RPCMethod(
        name: "Filecoin.AuthVerify", permission: .read, summary: "The permissions of a token",
        parameters: [Parameter(name: "token", isRequired: true, schema: ["type": "string"])],
        result: Parameter(name: "permissions", isRequired: true, schema: ["type": "array", "items": ["type": "string"]])
    ) { (request, params) async throws(RPCFailure) in
        guard case .string(let token) = params[0] else { throw .call(.invalidParams("token must be a string")) }
        return try request.permissions(of: token)
    }

    private static let version = RPCMethod(
        name: "Filecoin.Version", permission: .read, summary: "What answers here", parameters: [],
        result: Parameter(
            name: "version", isRequired: true,
            schema: [
                "type": "object",
                "properties": ["Version": ["type": "string"], "APIVersion": ["type": "integer"], "BlockDelay": ["type": "integer"]],
            ])
    ) { (request, _) async throws(RPCFailure) in
        // There is no chain here, and so no delay between its blocks.
        ["Version": .string("credence-\(Build.version)"), "APIVersion": .integer(request.version.number), "BlockDelay": 0]
    }

    private static let discover = RPCMethod(
        name: "rpc.discover", permission: .read, summary: "This interface, for machines (OpenRPC)", parameters: [],
        result: Parameter(name: "document", isRequired: true, schema: ["type": "object"])
    ) { (_, _) async throws(RPCFailure) in
        OpenRPCDocument.document
    }
}

extension NodeTokenRequest {
    /// `[perms, expirationSecs?]`.
    fileprivate init(rpc params: [JSON]) throws(RPCFailure) {
        var permissions: [String] = []
        guard case .array(let listed) = params[0], listed.count <= Self.permissions.count else {
            throw .call(.invalidParams("permissions must be an array of at most \(Self.permissions.count) strings"))
        }
        for element in listed {
            guard case .string(let permission) = element else {
                throw .call(.invalidParams("permissions must be an array of strings"))
            }
            permissions.append(permission)
        }
        switch params.count > 1 ? params[1] : .null {
        case .null: self.init(permissions: permissions, lifetimeSeconds: nil)
        case .integer(let seconds): self.init(permissions: permissions, lifetimeSeconds: seconds)
        default: throw .call(.invalidParams("expirationSecs must be an integer"))
        }
    }
}

extension RPCRequest {
    /// As `/1.0/tokens/verify`: whoever shows no credential of his own is limited, and learns no reason that the token's
    /// text does not tell.
    fileprivate func permissions(of token: String) throws(RPCFailure) -> JSON {
        do throws(Problem) { try exchange.limitStrangers() } catch { throw .request(error) }
        let verdict = exchange.member.verify(
            Array(token.utf8).span, in: exchange.view, expecting: Expectation(), cache: exchange.workspace.value.signatures)
        switch verdict {
        case .accepted(let verified):
            // A node's programs look for the very word, and do not know that `admin` may read.
            let included = NodeTokenRequest.permissions.filter(verified.scopes.permits)
            return .strings(included + verified.scopes.names.filter { !NodeTokenRequest.permissions.contains($0) })
        case .rejected(.memberStale, _):
            throw .request(.memberStale)
        case .rejected(let reason, _):
            let told = exchange.caller.holds(.read) ? reason.rawValue : reason.disclosed
            throw .call(.failed("JWT Verification failed: \(told)"))
        }
    }
}

extension RPCFailure {
    fileprivate init(_ failure: MintFailure) {
        switch failure {
        case .request(.invalid(let field)): self = .call(.invalidParams(field.message))
        case .log(.refused(let refusal)): self = .call(.failed(refusal.message))
        case .request, .log, .memberStale: self = .request(Problem(failure))
        }
    }
}
