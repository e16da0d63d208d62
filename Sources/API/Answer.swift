import HTTP
import HTTPTypes
import JOSE

/// What a handler returns when it did its work. `APIHandler` turns it into bytes.
struct Answer: Sendable {
    enum Body: Sendable {
        /// Wrapped in the Incus envelope.
        case sync(JSON)
        case async(JSON, operation: String)
        /// As it is: for everything outside `/1.0`.
        case plain([UInt8], contentType: String)
        /// Too long to be held, or told for as long as somebody listens.
        case stream(ContentStream, contentType: String)
        case webSocket(WebSocketStream)
    }

    var status: HTTPResponse.Status
    var body: Body
    var fields: [(name: HTTPField.Name, value: String)] = []

    static func sync(_ metadata: JSON) -> Answer {
        Answer(status: .ok, body: .sync(metadata))
    }

    static func created(_ metadata: JSON, location: String) -> Answer {
        Answer(status: .created, body: .sync(metadata), fields: [(.location, location)])
    }

    static func operation(_ operation: JSON, at location: String) -> Answer {
        Answer(status: .accepted, body: .async(operation, operation: location), fields: [(.location, location)])
    }

    static func json(_ value: JSON, status: HTTPResponse.Status = .ok) -> Answer {
        Answer(status: status, body: .plain(value.encoded(), contentType: "application/json"))
    }

    func with(_ name: HTTPField.Name, _ value: String) -> Answer {
        var copy = self
        copy.fields.append((name, value))
        return copy
    }
}
