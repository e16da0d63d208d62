import HTTP
import HTTPTypes

/// A body of `application/x-www-form-urlencoded`, as the calls of OAuth 2 send it.
struct FormBody {
    /// Room for three tokens of the longest, and what goes with them.
    static let bytesMax = 64 << 10

    private let items: QueryItems

    init(_ request: IncomingRequest) throws(Problem) {
        let type = request.head.value(of: .contentType)?.prefix { $0 != ";" }.trimmingSpaces.lowercased()
        guard type == "application/x-www-form-urlencoded" else {
            throw Problem(.unsupportedMediaType, "the body must be sent as Content-Type: application/x-www-form-urlencoded")
        }
        guard request.body.count <= Self.bytesMax else { throw Problem(.contentTooLarge, "a form is at most \(Self.bytesMax) bytes long") }
        do throws(QueryItems.Failure) {
            items = try QueryItems(form: request.body)
        } catch {
            throw .badRequest("the body \(error.words)")
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

extension QueryItems.Failure {
    /// After "the query" or "the body".
    var words: String {
        switch self {
        case .tooManyItems: "has more than \(QueryItems.countMax) parameters"
        case .encoding(.tooManyMarks): "has text with too many combining marks on one letter"
        case .encoding: "has a malformed percent escape"
        }
    }
}
