import HTTPTypes
package import JOSE

/// The interface in the form of OpenAPI 3.1, made from the endpoint table. `docs/openapi.yaml` is the
/// same document, committed so that it can be read and compared.
package enum OpenAPIDocument {
    static let encoded: [UInt8] = document.encoded()

    package static let document: JSON = .object([
        "openapi": "3.1.0",
        "info": .object([
            "title": "Credence", "version": .string(Build.version),
            "description": .string(description),
            "license": .object(["name": "Apache-2.0", "identifier": "Apache-2.0"]),
        ]),
        "paths": .object(paths),
        "components": .object([
            "securitySchemes": .object([
                "bearer": .object(["type": "http", "scheme": "bearer", "bearerFormat": "JWT"])
            ]),
            "schemas": .object(["Envelope": envelope]),
        ]),
    ])

    private static let description =
        "Answers under /1.0 are wrapped in the Envelope; their result is its metadata. Every answer carries "
        + "Credence-Member, Credence-Index, Credence-Age and X-Request-Id. A request may carry Credence-Min-Index, "
        + "Credence-Timeout (5, 5s or 250ms), Idempotency-Key (writes), and on a GET ?consistency=linearizable. "
        + "x-credence-scope names the scope a caller needs. Any operation may answer 400, 403, 404, 405, 413, 415, "
        + "431 or 503."

    private static var paths: JSONObject {
        var paths = JSONObject()
        for endpoint in EndpointTable.all.endpoints {
            let template = endpoint.path.template
            var item = paths[template]?.objectValue ?? JSONObject()
            item[endpoint.method.rawValue.lowercased()] = operation(endpoint)
            paths[template] = .object(item)
        }
        return paths
    }

    private static func operation(_ endpoint: Endpoint) -> JSON {
        var operation: JSONObject = [
            "summary": .string(endpoint.document.summary),
            "x-credence-scope": .string(endpoint.access.documented),
            "security": endpoint.access == .open ? .array([]) : .array([.object(["bearer": .array([])])]),
        ]
        let parameters = self.parameters(endpoint)
        if !parameters.isEmpty { operation["parameters"] = .array(parameters) }
        if let body = endpoint.document.body { operation["requestBody"] = requestBody(body, endpoint.document) }
        var responses = JSONObject()
        for status in endpoint.document.statuses {
            responses[String(status)] = response(status, endpoint)
        }
        operation["responses"] = .object(responses)
        return .object(operation)
    }

    private static func parameters(_ endpoint: Endpoint) -> [JSON] {
        let inPath = endpoint.path.parameterNames.map { name -> JSON in
            .object(["name": .string(name), "in": "path", "required": true, "schema": .object(["type": "string"])])
        }
        let inQuery = endpoint.document.query.map { parameter -> JSON in
            .object([
                "name": .string(parameter.name), "in": "query", "description": .string(parameter.summary),
                "schema": .object(["type": "string"]),
            ])
        }
        return inPath + inQuery
    }

    private static func requestBody(_ fields: [EndpointDocument.Field], _ document: EndpointDocument) -> JSON {
        var properties = JSONObject()
        for field in fields { properties[field.name] = .object(schema(field)) }
        var schema: JSONObject = ["type": "object"]
        if !fields.isEmpty {
            schema["properties"] = .object(properties)
            schema["additionalProperties"] = .bool(document.unknownMembers == .ignored || document.bodyType == .form)
        }
        if document.bodyType == .crl { schema = ["type": "string", "format": "binary"] }
        let required = fields.filter(\.isRequired).map(\.name)
        if !required.isEmpty { schema["required"] = .strings(required) }
        return .object(["content": .object([document.bodyType.rawValue: .object(["schema": .object(schema)])])])
    }

    private static func schema(_ field: EndpointDocument.Field) -> JSONObject {
        switch field.kind {
        case .string, .integer, .boolean, .object:
            ["type": .string(field.kind.rawValue), "description": .string(field.summary)]
        case .strings:
            ["type": "array", "items": .object(["type": "string"]), "description": .string(field.summary)]
        }
    }

    private static func response(_ status: Int, _ endpoint: Endpoint) -> JSON {
        let description: JSON = .string(meanings[status] ?? "Error")
        if status == 200, let type = endpoint.document.streamType {
            return .object(["description": description, "content": .object([type: .object(["schema": .object(["type": "string"])])])])
        }
        guard endpoint.isUnderAPI, status >= 200 else { return .object(["description": description]) }
        let schema: JSON = .object(["$ref": "#/components/schemas/Envelope"])
        return .object([
            "description": description,
            "content": .object(["application/json": .object(["schema": schema])]),
        ])
    }

    private static let meanings = [
        101: "The connection goes on as a WebSocket", 200: "Done", 201: "Created", 202: "Operation created", 204: "Nothing to say", 304: "Not modified", 401: "No token, or a bad one",
        403: "Not permitted", 426: "Another version of the protocol is needed", 429: "Too many requests; see Retry-After", 503: "Not now; see Retry-After",
    ]

    private static var envelope: JSON {
        func type(_ name: JSON) -> JSON { .object(["type": name]) }
        return .object([
            "type": "object",
            "properties": .object([
                "type": .object(["type": "string", "enum": ["sync", "async", "error"]]),
                "status": type("string"), "status_code": type("integer"), "operation": type("string"),
                "error_code": type("integer"), "error": type("string"), "metadata": .object([:]),
            ]),
        ])
    }
}
