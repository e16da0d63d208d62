import JOSE

/// The answer to `rpc.discover`, made from the table of methods (OpenRPC 1.2.6).
enum OpenRPCDocument {
    static let document: JSON = [
        "openrpc": "1.2.6",
        "info": ["title": "Credence", "version": .string(Build.version)],
        "methods": .array(RPCMethod.all.map(method)),
    ]

    private static func method(_ method: RPCMethod) -> JSON {
        [
            "name": .string(method.name), "summary": .string(method.summary), "paramStructure": "by-position",
            "params": .array(method.parameters.map(parameter)), "result": parameter(method.result),
            "x-permission": .string(method.permission.rawValue),
        ]
    }

    private static func parameter(_ parameter: RPCMethod.Parameter) -> JSON {
        ["name": .string(parameter.name), "required": .bool(parameter.isRequired), "schema": parameter.schema]
    }
}
