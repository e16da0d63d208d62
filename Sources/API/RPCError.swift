import JOSE

/// An error of one call, inside an HTTP answer that is a success.
struct RPCError: Error, Equatable {
    let code: Int64
    let message: String

    init(_ code: Int64, _ message: String) {
        self.code = code
        self.message = message
    }

    // JSON-RPC 2.0 §5.1.

    static func parse(_ why: String) -> RPCError { RPCError(-32700, "Parse error: \(why)") }
    static func invalidRequest(_ why: String) -> RPCError { RPCError(-32600, "Invalid Request: \(why)") }
    static let methodNotFound = RPCError(-32601, "Method not found")
    static func invalidParams(_ why: String) -> RPCError { RPCError(-32602, "Invalid params: \(why)") }

    /// What Lotus gives every error of a method.
    private static let methodFailedCode: Int64 = 1

    static func failed(_ why: String) -> RPCError { RPCError(methodFailedCode, why) }

    static func missingPermission(_ method: String, _ needed: StandardScope) -> RPCError {
        RPCError(methodFailedCode, "missing permission to invoke '\(method)' (need '\(needed.rawValue)')")
    }

    var json: JSON { ["code": .integer(code), "message": .string(message)] }
}

/// How a call ended without a result.
enum RPCFailure: Error {
    case call(RPCError)
    /// Something that is no matter of this call: the HTTP request as a whole is not answered now.
    case request(Problem)
}
