import API
import Cluster
import Crypto
import EventLoop
import HTTP
import HTTPTypes
import JOSE
import Logging
import Testing
import Tokens

/// A real member of a cluster of one in a directory of its own, with the handler of one request loop.
/// Requests go through the real parser and straight to the handler, without a socket.
final class ServedMember: Sendable {
    let member: Member
    let adminToken: String
    let loop: EventLoop
    let handler: APIHandler
    let log: RecordedLog
    let events: EventHub
    /// The user the handler believes to run as; not root, so that both are told apart.
    static let ownUserID: UInt32 = 4242

    private init(_ started: StartedMember, _ loop: EventLoop, _ log: RecordedLog, _ events: EventHub, _ strangers: RequestRateLimit.Settings?) throws {
        member = started.member
        adminToken = try #require(started.adminToken)
        self.loop = loop
        self.log = log
        self.events = events
        events.attach(to: member, on: loop)
        var settings = APISettings(ownUserID: Self.ownUserID, events: events)
        if let strangers { settings.strangers = strangers }
        handler = APIHandler(member: member, loop: loop, settings: settings, logger: events.tap(log.logger))
    }

    /// Founds a cluster, waits until its member vouches, and cleans up whatever `body` does.
    ///
    /// - Parameter strangers: the rate limit, where the usual one would make a test depend on how fast it runs.
    static func with(
        events: EventHub = EventHub(), strangers: RequestRateLimit.Settings? = nil, _ body: (ServedMember) async throws -> Void
    ) async throws {
        let directory = "/tmp/credence-api-test-\(Hex.encode(SecureRandom.bytes(8)))"
        defer { TemporaryDirectory.remove(directory) }
        let log = RecordedLog()
        let loop = try EventLoop(name: "api-test")
        defer { loop.shutdown() }
        let started = try await Member.start(options(directory), logger: events.tap(log.logger)) { Issue.record("halted: \($0)") }
        do {
            let served = try ServedMember(started, loop, log, events, strangers)
            try await served.untilFresh()
            try await body(served)
        } catch {
            await started.member.stop()
            throw error
        }
        await started.member.stop()
    }

    static func options(_ directory: String) -> MemberOptions {
        var options = MemberOptions(
            dataDirectory: directory, name: "n1", advertise: ["127.0.0.1:8443"], encryptsKeystore: false)
        options.timing.electionTicks = 10
        options.timing.heartbeatTicks = 2
        return options
    }

    private func untilFresh() async throws {
        while !member.freshness(of: member.view).isFresh { try await member.readBarrier() }
    }
}

// MARK: - Requests

extension ServedMember {
    enum Channel {
        case tls, clear
        /// With a client certificate.
        case tlsWith(Certificate)
        case unix(userID: UInt32)

        var info: ConnectionInfo {
            switch self {
            case .tls: ConnectionInfo(kind: .tls(clientCertificate: nil), peerAddress: .loopback(port: 50_000))
            case .tlsWith(let certificate):
                ConnectionInfo(kind: .tls(clientCertificate: certificate), peerAddress: .loopback(port: 50_002))
            case .clear: ConnectionInfo(kind: .clear, peerAddress: .loopback(port: 50_001))
            case .unix(let userID):
                ConnectionInfo(
                    kind: .unix(PeerCredentials(userID: userID, groupID: userID, processID: 1)), peerAddress: nil)
            }
        }
    }

    static let root = Channel.unix(userID: 0)

    /// - Parameter fields: header lines without their line ends.
    func send(
        _ method: String, _ target: String, body: String? = nil, token: String? = nil, fields: [String] = [],
        over channel: Channel = .tls
    ) async throws -> Reception {
        var lines = ["\(method) \(target) HTTP/1.1", "Host: test"]
        if let token { lines.append("Authorization: Bearer \(token)") }
        if let body {
            lines.append("Content-Length: \(body.utf8.count)")
            if !fields.contains(where: { $0.hasPrefix("Content-Type:") }) { lines.append("Content-Type: application/json") }
        }
        let text = (lines + fields).joined(separator: "\r\n") + "\r\n\r\n" + (body ?? "")
        var parser = RequestParser()
        var offset = 0
        let bytes = Array(text.utf8)
        var progress = parser.advance(bytes.span, from: &offset)
        while progress == .head { progress = parser.advance(bytes.span, from: &offset) }
        try #require(progress == .complete, "\(text)")
        return await send(
            IncomingRequest(head: parser.head, body: parser.body, connection: channel.info, requestStart: .now()))
    }

    func send(_ method: String, _ target: String, _ body: JSON, token: String? = nil, over channel: Channel = .tls) async throws
        -> Reception
    {
        try await send(method, target, body: body.encodedString, token: token, over: channel)
    }

    private func send(_ request: IncomingRequest) async -> Reception {
        let (loop, handler) = (loop, handler)
        return await withCheckedContinuation { continuation in
            loop.execute {
                switch handler.handle(request) {
                case .now(let response): continuation.resume(returning: Reception(response))
                case .later(let work):
                    Task(executorPreference: loop) { continuation.resume(returning: await Reception(whole: work())) }
                }
            }
        }
    }

    /// As an operator on this machine; the test fails when it is refused.
    func operate(_ method: String, _ target: String, _ body: JSON? = nil) async throws -> JSON {
        let answer = try await send(method, target, body: body?.encodedString, over: Self.root)
        try #require((200..<300).contains(answer.status), "\(method) \(target): \(answer)")
        return answer.metadata
    }

    func mint(_ subject: String, _ scopes: [String], _ more: JSONObject = [:]) async throws -> String {
        var body: JSONObject = ["subject": .string(subject), "scopes": .strings(scopes)]
        for member in more.members { body[member.name] = member.value }
        return try #require(try await operate("POST", "/1.0/tokens", .object(body))["token"]?.stringValue)
    }

    func revoke(_ token: String) async throws {
        _ = try await operate("POST", "/1.0/revocations", ["token": .string(token)])
    }
}

/// An answer as a client sees it.
struct Reception: Sendable, CustomStringConvertible {
    let status: Int
    /// By lower-case name.
    let fields: [String: String]
    let body: [UInt8]
    let content: ContentStream?
    let webSocket: WebSocketStream?

    init(_ response: OutgoingResponse) {
        status = response.status.code
        var fields: [String: String] = [:]
        for field in response.fields { fields[field.name.canonicalName] = field.value }
        for line in String(decoding: response.preencodedFields, as: UTF8.self).split(separator: "\r\n") {
            let parts = line.split(separator: ":", maxSplits: 1)
            fields[parts[0].lowercased()] = String(parts[1].drop { $0 == " " })
        }
        self.fields = fields
        body = response.body
        content = response.content
        webSocket = response.webSocket
    }

    /// With its content, as far as that is what was announced. One without end stays for whoever reads it.
    init(whole response: OutgoingResponse) async {
        var response = response
        if let content = response.content, let byteCount = content.byteCount {
            while UInt64(response.body.count) < byteCount, let piece = await content.next() { response.body += piece }
            response.content = nil
        }
        self.init(response)
    }

    var text: String { String(decoding: body, as: UTF8.self) }
    var json: JSON { (try? JSON(parsing: body)) ?? .null }
    var metadata: JSON { json["metadata"] ?? .null }
    var error: String { json["error"]?.stringValue ?? "" }
    var challenge: String? { fields["www-authenticate"] }
    var description: String { "\(status) \(fields) \(text)" }
}
