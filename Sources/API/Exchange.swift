import Cluster
import EventLoop
import HTTP
import HTTPTypes
import JOSE
import Raft
import Tokens
import TrustStore

/// One request on its way through its endpoint: who calls, what the path and query said, and the one
/// view that everything is answered from.
struct Exchange: Sendable {
    let member: Member
    let view: MemberView
    let caller: Caller
    let request: IncomingRequest
    /// Of the path, decoded.
    let parameters: [String: String]
    let query: QueryParameters
    let conditions: Conditions
    /// What the request loop keeps; touched on that loop only.
    let workspace: LoopBound<Workspace>
    let settings: APISettings

    var state: TrustState { view.tokens.state }

    var isRecursive: Bool {
        get throws(Problem) {
            guard let text = try query.value("recursion") else { return false }
            return text != "0"
        }
    }

    func parameter(_ name: String) -> String {
        parameters[name] ?? ""
    }

    /// Reads the JSON body with `read`, then refuses members that nobody read.
    func decodeBody<Body>(
        _ unknown: EndpointDocument.UnknownMembers,
        _ read: (inout JSONObjectReader) throws(JSONFieldError) -> Body
    ) throws(Problem) -> Body {
        try decodeBody { (json) throws(JSONFieldError) in
            var reader = try JSONObjectReader(json)
            let body = try read(&reader)
            try reader.finish(unknown: unknown == .refused ? .refuse : .ignore)
            return body
        }
    }

    func decodeBody<Body>(_ parse: (JSON) throws(JSONFieldError) -> Body) throws(Problem) -> Body {
        let json = try parseBody()
        do throws(JSONFieldError) {
            return try parse(json)
        } catch {
            throw Problem(error)
        }
    }

    /// An absent body reads as `{}`, so that what it lacks is named field by field.
    private func parseBody() throws(Problem) -> JSON {
        if request.body.isEmpty { return .object([:]) }
        try requireJSONContentType()
        do throws(JSONError) {
            return try JSON(parsing: request.body)
        } catch {
            throw Problem(error)
        }
    }

    func requireJSONContentType() throws(Problem) {
        guard let type = request.head.value(of: .contentType) else { return }
        let essence = type.prefix { $0 != ";" }.trimmingSpaces.lowercased()
        guard essence == "application/json" else {
            throw Problem(.unsupportedMediaType, "the body must be sent as Content-Type: application/json")
        }
    }

    // MARK: Changing the cluster

    /// Who asks, as the log records it.
    var actor: Actor {
        Actor(id: caller.id, method: caller.method, address: request.connection.peerAddress.map { "\($0)" })
    }

    /// Of the `Idempotency-Key`, when the caller sent one.
    var requestID: RequestID? {
        get throws(Problem) { try IdempotencyKey.requestID(request, callerID: caller.id) }
    }

    func propose(_ body: CommandBody) async throws(Problem) -> Committed {
        try await propose(body, try requestID)
    }

    /// A further change of the same request: an `Idempotency-Key` names the first.
    func proposeNext(_ body: CommandBody) async throws(Problem) -> Committed {
        try await propose(body, nil)
    }

    private func propose(_ body: CommandBody, _ requestID: RequestID?) async throws(Problem) -> Committed {
        do throws(ProposeError) {
            return try await member.propose(body, by: actor, requestID: requestID, timeout: conditions.timeout)
        } catch {
            throw Problem(error)
        }
    }
}

extension Substring {
    var trimmingSpaces: Substring {
        var rest = self[...]
        while rest.first == " " || rest.first == "\t" { rest.removeFirst() }
        while rest.last == " " || rest.last == "\t" { rest.removeLast() }
        return rest
    }
}
