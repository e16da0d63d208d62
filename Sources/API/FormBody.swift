import HTTP
import HTTPTypes

/// A body of `application/x-www-form-urlencoded`, as the calls of OAuth 2 send it.
struct FormBody {
    private let items: QueryItems

    init(_ request: IncomingRequest) throws(Problem) {
        let type = request.head.value(of: .contentType)?.prefix { $0 != ";" }.trimmingSpaces.lowercased()
        guard type == "application/x-www-form-urlencoded" else {
            throw Problem(.unsupportedMediaType, "the body must be sent as Content-Type: application/x-www-form-urlencoded")
        }
        do throws(PercentEncodingError) {
            items = try QueryItems(form: request.body)
        } catch {
            throw .badRequest("the body has a malformed percent escape")
        }
    }

    /// RFC 6749 §3.2: a parameter without a value is absent, and none may be given twice.
    func value(_ name: String) throws(Problem) -> String? {
        let values = items.values(name)
        guard values.count <= 1 else { throw .badRequest("field \"\(name)\" is given more than once") }
        return values.first.flatMap { $0.isEmpty ? nil : $0 }
    }

    func required(_ name: String) throws(Problem) -> String {
        guard let value = try value(name) else { throw .badRequest("field \"\(name)\" is required") }
        return value
    }
}
