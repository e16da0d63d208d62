import HTTPTypes
import JOSE

/// One route: who may use it, what it reads, and the work that only it does. Everything else
/// (parsing, authentication, authorisation, waiting for an index, headers, errors) is `APIHandler`'s.
struct Endpoint: Sendable {
    let method: HTTPRequest.Method
    let path: PathPattern
    let access: Access
    let document: EndpointDocument
    /// Also served on the clear-text loopback listener: verification and health only.
    var isServedInClear = false
    /// Of a body that an administrator announces, when the usual bound is too low.
    var adminBodyBytesMax: Int?
    let work: Work

    enum Work: Sendable {
        /// `/auth/verify`, which `APIHandler` answers before it looks for an endpoint.
        case forwardAuth
        /// Answers from the view alone, inside the call.
        case plain(@Sendable (Exchange) throws(Problem) -> Answer)
        /// Waits for the cluster.
        case waiting(@Sendable (Exchange) async throws(Problem) -> Answer)
        /// Answers for as long as the caller listens, and asks meanwhile whether he still may.
        case streaming(@Sendable (Exchange, @escaping Refusal) async throws(Problem) -> Answer)
    }

    /// Why the caller of a request would be refused the scope now, if so. On the request's loop.
    typealias Refusal = @Sendable (StandardScope) -> Problem?
}

extension Endpoint {
    static func get(
        _ path: String, _ access: Access, _ document: EndpointDocument,
        _ answer: @escaping @Sendable (Exchange) throws(Problem) -> Answer
    ) -> Endpoint {
        Endpoint(method: .get, path: PathPattern(path), access: access, document: document, work: .plain(answer))
    }

    static func getWaiting(
        _ path: String, _ access: Access, _ document: EndpointDocument,
        _ answer: @escaping @Sendable (Exchange) async throws(Problem) -> Answer
    ) -> Endpoint {
        Endpoint(method: .get, path: PathPattern(path), access: access, document: document, work: .waiting(answer))
    }

    /// The body is read whole, and unknown members are refused, before anything is done with it.
    static func post<Body>(
        _ path: String, _ access: Access, _ document: EndpointDocument,
        reading read: @escaping @Sendable (inout JSONObjectReader) throws(JSONFieldError) -> Body,
        _ answer: @escaping @Sendable (Exchange, Body) async throws(Problem) -> Answer
    ) -> Endpoint {
        reading(.post, path, access, document, read, answer)
    }

    static func put<Body>(
        _ path: String, _ access: Access, _ document: EndpointDocument,
        reading read: @escaping @Sendable (inout JSONObjectReader) throws(JSONFieldError) -> Body,
        _ answer: @escaping @Sendable (Exchange, Body) async throws(Problem) -> Answer
    ) -> Endpoint {
        reading(.put, path, access, document, read, answer)
    }

    static func patch<Body>(
        _ path: String, _ access: Access, _ document: EndpointDocument,
        reading read: @escaping @Sendable (inout JSONObjectReader) throws(JSONFieldError) -> Body,
        _ answer: @escaping @Sendable (Exchange, Body) async throws(Problem) -> Answer
    ) -> Endpoint {
        reading(.patch, path, access, document, read, answer)
    }

    private static func reading<Body>(
        _ method: HTTPRequest.Method, _ path: String, _ access: Access, _ document: EndpointDocument,
        _ read: @escaping @Sendable (inout JSONObjectReader) throws(JSONFieldError) -> Body,
        _ answer: @escaping @Sendable (Exchange, Body) async throws(Problem) -> Answer
    ) -> Endpoint {
        let work: @Sendable (Exchange) async throws(Problem) -> Answer = { (exchange) async throws(Problem) in
            try await answer(exchange, try exchange.decodeBody(document.unknownMembers, read))
        }
        return Endpoint(method: method, path: PathPattern(path), access: access, document: document, work: .waiting(work))
    }

    /// For bodies that a type of a lower layer reads, unknown members and all.
    static func postJSON<Body>(
        _ path: String, _ access: Access, _ document: EndpointDocument,
        parsing parse: @escaping @Sendable (JSON) throws(JSONFieldError) -> Body,
        _ answer: @escaping @Sendable (Exchange, Body) async throws(Problem) -> Answer
    ) -> Endpoint {
        let work: @Sendable (Exchange) async throws(Problem) -> Answer = { (exchange) async throws(Problem) in
            try await answer(exchange, try exchange.decodeBody(parse))
        }
        return Endpoint(method: .post, path: PathPattern(path), access: access, document: document, work: .waiting(work))
    }

    static func postPlain<Body>(
        _ path: String, _ access: Access, _ document: EndpointDocument,
        reading read: @escaping @Sendable (inout JSONObjectReader) throws(JSONFieldError) -> Body,
        _ answer: @escaping @Sendable (Exchange, Body) throws(Problem) -> Answer
    ) -> Endpoint {
        let work: @Sendable (Exchange) throws(Problem) -> Answer = { (exchange) throws(Problem) in
            try answer(exchange, try exchange.decodeBody(document.unknownMembers, read))
        }
        return Endpoint(method: .post, path: PathPattern(path), access: access, document: document, work: .plain(work))
    }

    /// OAuth 2 has parameters that a server does not know ignored (RFC 6749 §3.2).
    static func postForm(
        _ path: String, _ access: Access, _ document: EndpointDocument,
        _ answer: @escaping @Sendable (Exchange, FormBody) throws(Problem) -> Answer
    ) -> Endpoint {
        Endpoint(
            method: .post, path: PathPattern(path), access: access, document: document,
            work: .plain { (exchange) throws(Problem) in try answer(exchange, try FormBody(exchange.request)) })
    }

    static func postFormWaiting(
        _ path: String, _ access: Access, _ document: EndpointDocument,
        _ answer: @escaping @Sendable (Exchange, FormBody) async throws(Problem) -> Answer
    ) -> Endpoint {
        Endpoint(
            method: .post, path: PathPattern(path), access: access, document: document,
            work: .waiting { (exchange) async throws(Problem) in try await answer(exchange, try FormBody(exchange.request)) })
    }

    static func delete(
        _ path: String, _ access: Access, _ document: EndpointDocument,
        _ answer: @escaping @Sendable (Exchange) async throws(Problem) -> Answer
    ) -> Endpoint {
        Endpoint(method: .delete, path: PathPattern(path), access: access, document: document, work: .waiting(answer))
    }

    var isUnderAPI: Bool { path.segments.first == .literal("1.0") }

    var isRPC: Bool { path.segments.first == .literal("rpc") }

    var tokenPlacement: BearerToken.Placement { isUnderAPI ? .underAPI : isRPC ? .rpc : .headerOnly }

    func acceptingLongBodies(_ bytesMax: Int) -> Endpoint {
        var copy = self
        copy.adminBodyBytesMax = bytesMax
        return copy
    }

    func servedInClear() -> Endpoint {
        var copy = self
        copy.isServedInClear = true
        return copy
    }
}
