import EventLoop
import HTTP
import HTTPTypes
import JOSE
import TLS

/// One member, as a command talks to it.
struct Remote {
    /// For messages.
    let name: String
    let endpoint: HTTPEndpoint
    /// Tried in this order when the first cannot be reached.
    var others: [HTTPEndpoint] = []
    let token: String?

    static let timeout: Duration = .seconds(30)

    func get(_ target: String) async throws(CommandFailure) -> JSON {
        try await call(.get, target, body: nil)
    }

    /// All of a list that comes in pages.
    func list(_ target: String) async throws(CommandFailure) -> JSON {
        var all: [JSON] = []
        var query = "?limit=\(Self.pageLimit)"
        while true {
            let page = try await get(target + query).arrayValue ?? []
            all += page
            guard page.count == Self.pageLimit, let last = page.last?["id"]?.stringValue else { return .array(all) }
            query = "?limit=\(Self.pageLimit)&after=\(PercentEncoding.encode(last))"
        }
    }

    private static let pageLimit = 1000

    func post(_ target: String, _ body: JSONObject = [:]) async throws(CommandFailure) -> JSON {
        try await call(.post, target, body: body)
    }

    /// For work that takes its time: as long as an upload may.
    func postLong(_ target: String, _ body: JSONObject = [:]) async throws(CommandFailure) -> JSON {
        try await call(.post, target, body: body, timeout: Self.uploadTimeout)
    }

    func patch(_ target: String, _ body: JSONObject) async throws(CommandFailure) -> JSON {
        try await call(.patch, target, body: body)
    }

    /// A long list takes its time on a slow disk.
    static let uploadTimeout: Duration = .seconds(600)

    /// Bytes as they are.
    func put(_ target: String, _ bytes: [UInt8], contentType: String) async throws(CommandFailure) -> JSON {
        var fields = HTTPFields()
        fields[.userAgent] = "credence"
        fields[.contentType] = contentType
        if let token { fields[.authorization] = "Bearer \(token)" }
        return try metadata(of: try await send(ClientRequest(method: .put, target: target, fields: fields, body: .bytes(bytes)), timeout: Self.uploadTimeout))
    }

    func delete(_ target: String) async throws(CommandFailure) -> JSON {
        try await call(.delete, target, body: nil)
    }

    /// - Returns: the `metadata` of the envelope.
    func call(
        _ method: HTTPRequest.Method, _ target: String, body: JSONObject?, timeout: Duration = Self.timeout
    ) async throws(CommandFailure) -> JSON {
        var fields = HTTPFields()
        fields[.userAgent] = "credence"
        if let token { fields[.authorization] = "Bearer \(token)" }
        var content = ClientRequest.Body.none
        if let body {
            fields[.contentType] = "application/json"
            content = .bytes(JSON.object(body).encoded())
        }
        let request = ClientRequest(method: method, target: target, fields: fields, body: content)
        return try metadata(of: try await send(request, timeout: timeout))
    }

    func send(_ request: ClientRequest, timeout: Duration = Self.timeout) async throws(CommandFailure) -> ClientResponse {
        let loop: EventLoop
        do throws(EventLoopError) {
            loop = try EventLoop(name: "client")
        } catch {
            throw .refused("cannot start an event loop: \(error)")
        }
        defer { loop.shutdown() }
        var failure = HTTPClientError.timedOut
        for endpoint in [endpoint] + others {
            do throws(HTTPClientError) {
                return try await HTTPClient(loop: loop).send(request, to: endpoint, timeout: timeout)
            } catch {
                failure = error
                // Only where nothing was sent: another member might do the same a second time.
                guard case .unreachable = error else { break }
            }
        }
        throw .unreachable(describe(failure, timeout))
    }

    func describe(_ error: HTTPClientError, _ timeout: Duration) -> String {
        switch error {
        case .unreachable(let reason):
            "cannot reach a member at \(name): \(reason); choose another with --address, --data or --remote"
        case .tls(.peerNotTrusted):
            "\(name) shows another certificate than the one that is expected there (--fingerprint, --ca, --remote); nothing was sent to it"
        case .tls(let reason): "no TLS connection with \(name): \(reason)"
        case .connectionLost: "\(name) closed the connection before it answered; the request may have been carried out"
        case .timedOut: "\(name) did not answer within \(timeout.components.seconds) s; the request may have been carried out"
        case .malformedResponse: "\(name) does not answer as Credence does; is it the right port?"
        case .invalidRequest:
            "the request cannot be written as HTTP: the token or an argument has a character that does not belong there"
        }
    }

    func metadata(of response: ClientResponse) throws(CommandFailure) -> JSON {
        let envelope: JSON
        do throws(JSONError) {
            envelope = try JSON(trusting: response.body)
        } catch {
            throw .unreachable("\(name) does not answer as Credence does (\(response.status.code)); is it the right port?")
        }
        if (200..<300).contains(response.status.code), envelope["type"]?.stringValue != "error" {
            return envelope["metadata"] ?? .null
        }
        let reason = Table.printable(envelope["error"]?.stringValue ?? response.status.reasonPhrase)
        throw .refused(reason + advice(response))
    }

    /// What the reason alone does not tell: who the member took the caller for.
    func advice(_ response: ClientResponse) -> String {
        guard response.status == .forbidden || response.status == .unauthorized else { return "" }
        let challenge = response.fields[.wwwAuthenticate] ?? ""
        if challenge.contains("insufficient_scope") { return "; use a token that has it" }
        if token == nil {
            return "; give --token or CREDENCE_TOKEN, or run this as root or the daemon's user on a member's machine"
        }
        for reason in ["expired", "not_yet_valid", "malformed", "unsupported_algorithm"]
        where challenge.contains("\"\(reason)\"") {
            return "; the token given is refused: \(reason)"
        }
        return "; the token given is refused, an administrator can ask `credence token explain` why"
    }
}
