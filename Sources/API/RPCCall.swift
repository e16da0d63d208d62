import JOSE

/// One call of JSON-RPC 2.0, as it stands in a body or in a batch.
struct RPCCall {
    /// Nil for a notification, which is carried out and not answered.
    let id: JSON?
    let method: String
    let params: [JSON]

    /// What `meta` holds (go-jsonrpc, the library of Lotus, puts trace ids there) is not looked at.
    private static let members: Set = ["jsonrpc", "id", "method", "params", "meta"]
    static let paramsMax = 16

    init(_ json: JSON) throws(RPCError) {
        guard case .object(let call) = json else { throw .invalidRequest("a call is a JSON object") }
        if let unknown = call.names.first(where: { !Self.members.contains($0) }) {
            throw .invalidRequest("unknown member \(QuotedText.quoted(unknown))")
        }
        guard call["jsonrpc"] == "2.0" else { throw .invalidRequest("jsonrpc must be \"2.0\"") }
        guard case .string(let method)? = call["method"] else { throw .invalidRequest("method must be a string") }
        self.method = method
        id = try Self.id(call)
        params = try Self.params(call)
    }

    /// The id to answer with when a call cannot be read: its own if it has one, else null (§5).
    static func answerID(of json: JSON) -> JSON {
        guard case .object(let call) = json, let id = try? id(call) else { return .null }
        return id
    }

    private static func id(_ call: JSONObject) throws(RPCError) -> JSON? {
        switch call["id"] {
        case nil: nil
        case .string?, .integer?, .double?, .null?: call["id"]
        case .bool?, .array?, .object?: throw .invalidRequest("id must be a string, a number or null")
        }
    }

    private static func params(_ call: JSONObject) throws(RPCError) -> [JSON] {
        switch call["params"] {
        case nil, .null?: return []
        case .array(let params)?:
            guard params.count <= paramsMax else { throw .invalidRequest("more than \(paramsMax) params") }
            return params
        case .object?: throw .invalidParams("params are given by position, in an array")
        default: throw .invalidRequest("params must be an array")
        }
    }
}
