import JOSE

/// The Incus envelope, which wraps every answer under `/1.0` (docs/incus.md).
enum Envelope {
    /// `status_code` stays 200 when HTTP says 201.
    static func sync(_ metadata: JSON) -> JSON {
        make(type: "sync", status: "Success", code: 200, metadata: metadata)
    }

    static func async(_ metadata: JSON, operation: String) -> JSON {
        make(type: "async", status: "Operation created", code: 100, operation: operation, metadata: metadata)
    }

    /// Without `"type":"error"` the client takes an error for success.
    static func error(_ message: String, code: Int) -> JSON {
        make(type: "error", status: "", code: 0, errorCode: code, error: message, metadata: .null)
    }

    private static func make(
        type: String, status: String, code: Int64, operation: String = "", errorCode: Int = 0, error: String = "",
        metadata: JSON
    ) -> JSON {
        .object([
            "type": .string(type), "status": .string(status), "status_code": .integer(code),
            "operation": .string(operation), "error_code": .integer(Int64(errorCode)), "error": .string(error),
            "metadata": metadata,
        ])
    }
}
