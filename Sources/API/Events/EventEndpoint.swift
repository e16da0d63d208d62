import Cluster
import EventLoop
import HTTP
import HTTPTypes
import JOSE
import Raft

/// `GET /1.0/events`: as server-sent events, or on a WebSocket for clients of Incus.
enum EventEndpoint {
    static let all: [Endpoint] = [
        Endpoint(
            method: .get, path: PathPattern("/1.0/events"), access: .scope(.read), document: document,
            work: .streaming { (exchange, refusal) async throws(Problem) in try await open(exchange, refusal) })
    ]

    private static let document = EndpointDocument(
        summary: "What happens, as it happens: server-sent events (id, event and data), or the same objects on a WebSocket for "
            + "who asks for an upgrade. A reader that is too slow is told by an event lagged how many it missed",
        query: EndpointDocument.Parameter.events, statuses: [101, 200, 409, 426], streamType: EventText.mediaType)

    private static func open(_ exchange: Exchange, _ refusal: @escaping Endpoint.Refusal) async throws(Problem) -> Answer {
        let query = try EventQuery(exchange.query, exchange.request.head)
        let types = query.types ?? Set(EventType.allCases.filter { exchange.caller.holds($0.neededScope) })
        let scope: StandardScope = types.contains { $0.neededScope == .admin } ? .admin : .read
        try exchange.caller.require(scope)
        let accept = try handshake(exchange.request.head)
        if let after = query.after, types.contains(.lifecycle), after > exchange.member.view.index {
            try await requireReached(after, by: exchange)
            // What was waited for may have told this member that the caller may listen no longer.
            if let problem = refusal(scope) { throw problem }
        }
        let hub = exchange.settings.events
        let place: EventHub.Place
        do throws(EventHub.NoPlace) {
            place = try hub.place(for: exchange.caller)
        } catch {
            throw .unavailable(Self.message(error), retryAfterSeconds: 5)
        }
        let loop = exchange.workspace.loop
        let stream = EventStream(
            types, after: query.after, in: place, settings: hub.settings, member: exchange.member, loop: loop,
            refusal: { refusal(scope) })
        if let accept {
            let messages = LoopBound(confined: EventMessages(stream, exchange.member.name), on: loop)
            return Answer(
                status: .switchingProtocols, body: .webSocket(WebSocketStream(accept: accept) { await messages.value.next() }))
        }
        let text = LoopBound(confined: EventText(stream, exchange.member.name), on: loop)
        return Answer(status: .ok, body: .stream(ContentStream(endless: { await text.value.next() }), contentType: EventText.mediaType))
            .with(.cacheControl, "no-store")
            // For nginx, which would otherwise collect events before it passes them on.
            .with(.accelBuffering, "no")
    }

    private static func message(_ error: EventHub.NoPlace) -> String {
        switch error {
        case .left: "busy: as many readers of events as may be are connected already; ask another member"
        case .leftForCaller:
            "busy: \(EventHub.streamsOfCallerMax) streams of events of this caller are open here already; close one, or ask another member"
        }
    }

    /// A reader who has seen more than there is would be told nothing, and in silence, until the log has come as far: he saw
    /// what a backup that was put back does not have, or it was another cluster.
    private static func requireReached(_ after: LogIndex, by exchange: Exchange) async throws(Problem) {
        do throws(ProposeError) {
            _ = try await exchange.member.readBarrier(timeout: exchange.conditions.timeout)
        } catch {
            throw Problem(error)
        }
        let last = exchange.member.view.index
        guard after > last else { return }
        throw .conflict(
            "index \(after) is ahead of this cluster's log, which ends at \(last): it was restored from an older backup, or is another cluster; "
                + "begin anew, without after and Last-Event-ID (credence events without --follow-from)")
    }

    /// Nil for a request that does not ask for a WebSocket.
    private static func handshake(_ head: HTTPHead) throws(Problem) -> String? {
        guard WebSocketHandshake.isMeant(by: head), head.method == .get else { return nil }
        do throws(WebSocketHandshake.Failure) {
            return try WebSocketHandshake.accept(head)
        } catch {
            throw Problem(error)
        }
    }
}

extension Problem {
    init(_ failure: WebSocketHandshake.Failure) {
        let version = WebSocketHandshake.version
        switch failure {
        case .method: self = .badRequest("a WebSocket is opened with GET")
        case .httpVersion: self = .badRequest("a WebSocket needs HTTP/1.1")
        case .connection: self = .badRequest("header Connection must name upgrade; does a proxy take it away?")
        case .key: self = .badRequest("header Sec-WebSocket-Key must be 16 bytes in base64")
        case .body: self = .badRequest("a request for a WebSocket has no body")
        case .origin: self = Problem(.forbidden, "not authorized: sent by a page of another site")
        case .unsupported: self = .unavailable("this member's OpenSSL has no SHA-1, which WebSockets need; read server-sent events")
        case .version:
            self = Problem(.upgradeRequired, "header Sec-WebSocket-Version must be \(version)")
            fields = [.secWebSocketVersion: version]
        }
    }
}

extension HTTPField.Name {
    static let accelBuffering = Self("X-Accel-Buffering")!
}

/// Steps of a stream in the form of server-sent events (WHATWG HTML §9.2).
private final class EventText {
    private let stream: EventStream
    private let location: String
    private var isEnded = false

    static let mediaType = "text/event-stream"
    /// What a client waits before it connects again.
    private static let retryMilliseconds = 1_000

    init(_ stream: EventStream, _ location: String) {
        self.stream = stream
        self.location = location
    }

    func next() async -> [UInt8]? {
        guard !isEnded else { return nil }
        switch await stream.next() {
        case .opened(let index):
            // The id is the client's from now on, so that it misses nothing if it has to connect again before the first event.
            let id = index.map { "id: \($0.rawValue)\n" } ?? ""
            return Array("retry: \(Self.retryMilliseconds)\n\(id)\n".utf8)
        case .events(let events, let missed):
            var text: [UInt8] = []
            for event in events { Self.append(event.type.rawValue, id: event.index, event.json, to: &text) }
            if missed > 0 { Self.append(EventNotice.lagged, id: nil, EventNotice.lagged(missed, location), to: &text) }
            return text
        case .keepAlive: return Array(": keep-alive\n\n".utf8)
        case .ended(let end):
            isEnded = true
            guard let end else { return nil }
            var text: [UInt8] = []
            Self.append(EventNotice.end, id: nil, EventNotice.end(end, location), to: &text)
            return text
        }
    }

    /// JSON has no line ends outside its escapes, so one line of data holds it.
    private static func append(_ name: String, id: LogIndex?, _ json: [UInt8], to text: inout [UInt8]) {
        if let id { text += "id: \(id.rawValue)\n".utf8 }
        text += "event: \(name)\ndata: ".utf8
        text += json
        text += "\n\n".utf8
    }
}

/// Steps of a stream as messages of a WebSocket, one event each.
private final class EventMessages {
    private let stream: EventStream
    private let location: String
    private var waiting: ArraySlice<[UInt8]> = []

    init(_ stream: EventStream, _ location: String) {
        self.stream = stream
        self.location = location
    }

    func next() async -> WebSocketStream.Output {
        // Since the step that brought them the client took its time with those before.
        if !waiting.isEmpty, stream.isRefused {
            waiting = []
            return .close(.policyViolation)
        }
        while waiting.isEmpty {
            switch await stream.next() {
            case .opened: continue
            case .events(let events, let missed):
                waiting = (events.map(\.json) + (missed > 0 ? [EventNotice.lagged(missed, location)] : []))[...]
            case .keepAlive: return .ping
            case .ended(nil): return .close(.goingAway)
            case .ended: return .close(.policyViolation)
            }
        }
        return .text(waiting.removeFirst())
    }
}

/// What a stream says about itself.
private enum EventNotice {
    static let lagged = "lagged"
    static let end = "end"

    static func lagged(_ missed: Int, _ location: String) -> [UInt8] {
        Event.encoded(lagged, time: WallClock.nowMilliseconds(), location: location, metadata: ["missed": .integer(Int64(missed))])
    }

    static func end(_ end: EventStreamEnd, _ location: String) -> [UInt8] {
        Event.encoded(Self.end, time: WallClock.nowMilliseconds(), location: location, metadata: ["reason": .string(end.reason)])
    }
}
