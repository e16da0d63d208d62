import JOSE

/// One method: who may call it, what it takes, and the work that only it does.
struct RPCMethod: Sendable {
    struct Parameter: Sendable {
        let name: String
        let isRequired: Bool
        let schema: JSON
    }

    let name: String
    /// A caller without any token holds `read`, as with Lotus.
    let permission: StandardScope
    let summary: String
    let parameters: [Parameter]
    let result: Parameter
    let work: @Sendable (RPCRequest, [JSON]) async throws(RPCFailure) -> JSON

    func checkCount(_ params: [JSON]) throws(RPCError) {
        let required = parameters.count(where: \.isRequired)
        guard (required...parameters.count).contains(params.count) else {
            let range = required == parameters.count ? "\(required)" : "\(required) to \(parameters.count)"
            throw .invalidParams("\(name) takes \(range), not \(params.count)")
        }
    }
}

/// Which of the two paths a call came by: they say different versions of themselves.
enum RPCVersion: String, Sendable, CaseIterable {
    case v0, v1

    var path: String { "/rpc/\(rawValue)" }

    /// As Lotus numbers its interfaces, which its clients compare: major, minor and patch in a byte each.
    var number: Int64 {
        switch self {
        case .v0: 0x01_05_00
        case .v1: 0x02_03_00
        }
    }
}

struct RPCRequest: Sendable {
    let exchange: Exchange
    let version: RPCVersion
}
