import Cluster
import Crypto
import EventLoop
import FoundationEssentials
import HTTP
import JOSE
import Logging
import Raft
import Testing

@testable import API
@testable import credence

@Suite("Events", .timeLimit(.minutes(5)))
struct EventTests {
    private static let target = "/1.0/events"

    // MARK: What is told

    @Test("a change is told once it holds, with what was done to what, by whom, and its place in the log")
    func change() async throws {
        try await ServedMember.with { served async throws in
            let stream = try await served.events("?type=lifecycle", over: ServedMember.root)
            let client = try TestClient()
            _ = try await served.operate("POST", "/1.0/certificates", ["type": "client", "certificate": .string(client.certificate.pem), "name": "laptop"])
            let event = try await stream.first { $0["metadata"]?["action"] == "certificate-created" }
            #expect(event["type"] == "lifecycle" && event["location"] == "n1" && event["project"] == "default")
            #expect(event["metadata"]?["source"] == .string("/1.0/certificates/\(client.fingerprint)"))
            #expect(event["metadata"]?["requestor"]?["username"] == "uid:0" && event["metadata"]?["requestor"]?["protocol"] == "unix")
            #expect(event["metadata"]?["context"]?["name"] == "laptop")
            let index = try #require(event["metadata"]?["index"]?.integerValue)
            #expect(stream.lastEventID == String(index) && served.member.view.index.rawValue >= UInt64(index))
            #expect(event["timestamp"]?.stringValue.flatMap(RFC3339.seconds) != nil)
            #expect(!event.encodedString.contains("BEGIN CERTIFICATE"))
        }
    }

    @Test("the answer is a stream of events that nothing in between may keep or collect")
    func head() async throws {
        try await ServedMember.with { served async throws in
            let answer = try await served.send("GET", Self.target, over: ServedMember.root)
            #expect(answer.status == 200 && answer.fields["content-type"] == "text/event-stream")
            #expect(answer.fields["cache-control"] == "no-store" && answer.fields["x-accel-buffering"] == "no")
        }
    }

    @Test("what was refused, repeated or the log's own is no event, and what was done before the start is not told again")
    func onlyChanges() async throws {
        try await ServedMember.with { served async throws in
            _ = try await served.mint("before", ["read"], ["name": "before"])
            let stream = try await served.events("?type=lifecycle", over: ServedMember.root)
            #expect(try await served.send("DELETE", "/1.0/revocations/nobody", over: ServedMember.root).status == 404)
            let body: JSON = ["subject": "a", "scopes": ["read"], "name": "once"]
            for _ in 0..<2 { _ = try await served.send("POST", "/1.0/tokens", body: body.encodedString, fields: ["Idempotency-Key: k"], over: ServedMember.root) }
            _ = try await served.mint("last", ["read"], ["name": "last"])
            var names: [String] = []
            while names.last != "last" {
                names.append(try await stream.first { $0["metadata"]?["action"] == "token-created" }["metadata"]?["context"]?["name"]?.stringValue ?? "")
            }
            #expect(names == ["once", "last"])
        }
    }

    @Test("whoever comes back is told what was missed, each change once and in order, while others are made")
    func resuming() async throws {
        try await ServedMember.with { served async throws in
            for number in 0..<150 { _ = try await served.mint("s", ["read"], ["name": .string("t\(number)")]) }
            let stream = try await served.events("?type=lifecycle&after=1", over: ServedMember.root)
            let others = Task { for number in 150..<200 { _ = try await served.mint("s", ["read"], ["name": .string("t\(number)")]) } }
            var indexes: [Int64] = [], names: [String] = []
            while names.last != "t199" {
                let event = try await stream.first { _ in true }
                indexes.append(try #require(event["metadata"]?["index"]?.integerValue))
                if event["metadata"]?["action"] == "token-created", let name = event["metadata"]?["context"]?["name"]?.stringValue { names.append(name) }
            }
            try await others.value
            #expect(indexes == Array(Set(indexes)).sorted() && indexes.first == 2)
            #expect(names == (0..<200).map { "t\($0)" })
            // The header of a browser that connects again beats the URL it began with.
            let again = try await served.events("?type=lifecycle&after=1", fields: ["Last-Event-ID: \(indexes[indexes.count - 2])"], over: ServedMember.root)
            #expect(try await again.first { _ in true }["metadata"]?["index"]?.integerValue == indexes.last)
        }
    }

    @Test("who has seen more than this cluster's log has is told so before the stream begins, and not before the leader was asked", arguments: [[], upgrade])
    func ahead(fields: [String]) async throws {
        try await ServedMember.with { served async throws in
            let last = served.member.view.index.rawValue
            for (query, more) in [("?after=\(last + 1_000)", []), ("?after=1", ["Last-Event-ID: \(last + 1_000)"])] {
                let answer = try await served.send("GET", Self.target + query, fields: fields + more, over: ServedMember.root)
                #expect(answer.status == 409 && answer.content == nil && answer.webSocket == nil, "\(answer)")
                #expect(answer.error.contains("ahead of this cluster's log") && answer.error.contains("begin anew") && !answer.error.contains("\n"))
            }
            let known = try await served.send("GET", "\(Self.target)?after=\(served.member.view.index.rawValue)", fields: fields, over: ServedMember.root)
            #expect(known.content != nil || known.webSocket != nil, "the last entry is not ahead")
            // What happens to the cluster has no place in the log.
            let other = try await served.send("GET", "\(Self.target)?type=cluster&after=\(last + 1_000)", fields: fields, over: ServedMember.root)
            #expect(other.content != nil || other.webSocket != nil)
        }
    }

    @Test("a query that says nothing sensible is refused", arguments: [
        "?type=lifecycel", "?type=lifecycle,", "?after=-1", "?after=x", "?after=+1", "?after=18446744073709551615", "?type=cluster&type=logging",
    ])
    func badQueries(query: String) async throws {
        try await ServedMember.with { served async throws in
            #expect(try await served.send("GET", Self.target + query, over: ServedMember.root).status == 400)
            #expect(try await served.send("GET", Self.target, fields: ["Last-Event-ID: x"], over: ServedMember.root).status == 400)
        }
    }

    @Test("log lines are told to administrators, and no token is in any, however it came")
    func logLines() async throws {
        try await ServedMember.with { served async throws in
            let stream = try await served.events("?type=logging", over: ServedMember.root)
            let token = try await served.mint("alice", ["admin"])
            for text in [token, token + "x"] {
                for target in ["/1.0/keys?access_token=\(text)", "/nowhere?token=\(text)", "/1.0/tokens/\(text)", "/auth/verify?acces%73_token=\(text)", "\(Self.target)?access_token=\(text)&type=x"] {
                    _ = try await served.send("GET", target)
                }
                _ = try await served.send("GET", "/1.0/keys", token: text)
                _ = try await served.send("GET", "/1.0/keys", fields: ["X-Request-Id: \(text.prefix(128))"])
                _ = try await served.send("POST", "/1.0/tokens/verify", ["token": .string(text), "x": 1], over: ServedMember.root)
            }
            _ = try await served.send("GET", "/the-end", fields: ["X-Request-Id: find-me"])
            var texts = ""
            while true {
                let event = try await stream.first { $0["type"] == "logging" }
                texts += event.encodedString
                if event["metadata"]?["context"]?["request"] == "find-me" {
                    #expect(event["metadata"]?["level"] == "debug" && event["metadata"]?["message"] == "GET /the-end 404")
                    break
                }
            }
            let signature = try #require(token.split(separator: ".").last).prefix(20)
            #expect(!texts.contains("eyJ") && !texts.contains(signature))
            #expect(texts.contains("REDACTED"))
        }
    }

    // MARK: Who may listen

    @Test("changes and log lines are for administrators; readers are told of the cluster, also when they name no type")
    func scopes() async throws {
        try await ServedMember.with { served async throws in
            for (scope, allowed) in [("read", ["cluster"]), ("write", ["cluster"]), ("sign", ["cluster"]), ("admin", ["cluster", "lifecycle", "logging", "cluster,lifecycle,logging"])] {
                let token = try await served.mint(scope, [scope])
                for types in ["cluster", "lifecycle", "logging", "cluster,lifecycle,logging"] {
                    let answer = try await served.send("GET", "\(Self.target)?type=\(types)", token: token)
                    #expect(answer.status == (allowed.contains(types) ? 200 : 403), "\(scope) \(types)")
                    if answer.status == 403 { #expect(answer.challenge == #"Bearer error="insufficient_scope", scope="admin""#) }
                }
            }
            let reader = try await served.events("", token: try await served.mint("r", ["read"]))
            let admin = try await served.events("", over: ServedMember.root)
            _ = try await served.mint("s", ["read"], ["name": "secret-name"])
            _ = try await admin.first { $0["metadata"]?["action"] == "token-created" }
            served.log.logger.info("to nobody")
            // Its first event is that of the cluster, which comes after all that.
            served.events.announce(.memberOnline("m9"))
            while true {
                let event = try await reader.first { _ in true }
                #expect(event["type"] == "cluster")
                if event["metadata"]?["context"]?["member"] == "m9" { break }
            }
        }
    }

    @Test("a stream ends when its token is revoked, and the revocation is not told on it")
    func revoked() async throws {
        try await ServedMember.with { served async throws in
            let token = try await served.mint("alice", ["admin"])
            let stream = try await served.events("?type=lifecycle", token: token)
            try await served.revoke(token)
            let event = try await stream.first { _ in true }
            #expect(event["type"] == "end" && event["metadata"]?["reason"]?.stringValue?.hasPrefix("not authorized") == true, "\(event)")
            #expect(await stream.isOver)
        }
    }

    @Test("a stream ends when its certificate is distrusted, restricted, or the token that its key signed is over")
    func distrusted() async throws {
        try await ServedMember.with { served async throws in
            for change in ["delete", "restrict", "expire"] {
                let client = try TestClient()
                _ = try await served.operate("POST", "/1.0/certificates", ["type": "client", "certificate": .string(client.certificate.pem)])
                let stream: EventReader
                if change == "expire" {
                    stream = try await served.events("?type=lifecycle", token: client.token(seconds: 2))
                } else {
                    stream = try await served.events("?type=lifecycle", over: .tlsWith(client.certificate))
                }
                let path = "/1.0/certificates/\(client.fingerprint)"
                if change == "delete" { _ = try await served.operate("DELETE", path) }
                if change == "restrict" { _ = try await served.operate("PATCH", path, ["restricted": true]) }
                let event = try await stream.first { _ in true }
                #expect(event["type"] == "end", "\(change): \(event)")
            }
        }
    }

    @Test("a page of another site opens no stream", arguments: ["Sec-Fetch-Site: cross-site", "Origin: https://evil.example"])
    func foreignPage(field: String) async throws {
        try await ServedMember.with { served async throws in
            let answer = try await served.send("GET", Self.target, fields: Self.upgrade + [field], over: ServedMember.root)
            #expect(answer.status == 403 && answer.error.contains("another site"))
        }
    }

    // MARK: Bounds

    @Test("as many streams as the bound are served, one more is told to come back, and a place that is left is given again")
    func places() async throws {
        try await ServedMember.with { served async throws in
            var streams: [EventReader] = []
            for number in 0..<EventHub.streamsMax / EventHub.streamsOfCallerMax {
                let token = try await served.mint("admin-\(number)", ["admin"])
                for _ in 0..<EventHub.streamsOfCallerMax { streams.append(try await served.events("", token: token)) }
            }
            let answer = try await served.send("GET", Self.target, over: ServedMember.root)
            #expect(answer.status == 503 && answer.fields["retry-after"] == "5", "\(answer)")
            streams.removeLast()
            _ = try await served.events("", over: ServedMember.root)
        }
    }

    @Test("one caller has as many streams as may be his, whatever tokens he has, and no more, while others get theirs")
    func placesOfCaller() async throws {
        try await ServedMember.with { served async throws in
            let tokens = [try await served.mint("alice", ["read"]), try await served.mint("alice", ["admin"])]
            var streams: [EventReader] = []
            for number in 0..<EventHub.streamsOfCallerMax { streams.append(try await served.events("", token: tokens[number % 2])) }
            for token in tokens {
                let answer = try await served.send("GET", Self.target, token: token)
                #expect(answer.status == 503 && answer.error.contains("of this caller"), "\(answer)")
            }
            streams.append(try await served.events("", token: served.mint("bob", ["read"])))
            streams.removeFirst()
            streams.append(try await served.events("", token: tokens[0]))
        }
    }

    @Test("however many read, administrators find places that are theirs")
    func placesForAdministrators() async throws {
        try await ServedMember.with { served async throws in
            var streams: [EventReader] = []
            while streams.count < EventHub.streamsMax - EventHub.streamsForAdminsMin {
                let token = try await served.mint("reader-\(streams.count / EventHub.streamsOfCallerMax)", ["read"])
                streams.append(try await served.events("", token: token))
            }
            let late = try await served.mint("late", ["read"])
            #expect(try await served.send("GET", Self.target, token: late).status == 503)
            for _ in 0..<EventHub.streamsForAdminsMin { streams.append(try await served.events("", over: ServedMember.root)) }
            #expect(try await served.send("GET", Self.target, token: served.mint("other", ["admin"])).status == 503, "all are taken")
        }
    }

    @Test("a queue holds as many events as its bound, counts those beyond, and keeps none until it was emptied")
    func queueCount() {
        let queue = EventQueue()
        let event = Event(.cluster, time: 0, location: "m", metadata: [:])
        for _ in 0..<EventQueue.countMax { queue.offer(event) }
        queue.offer(event)
        queue.offer(event)
        let taken = queue.take()
        #expect(taken.events.count == EventQueue.countMax && taken.missed == 2)
        queue.offer(event)
        #expect(queue.take() == EventQueue.Taken(events: [event], missed: 0))
    }

    @Test("a queue holds as many bytes as its bound")
    func queueBytes() {
        let queue = EventQueue()
        let event = Event(.logging, time: 0, location: "m", metadata: ["message": .string(String(repeating: "x", count: 50_000))])
        let fitting = EventQueue.bytesMax / (event.json.count + Event.overheadBytes)
        for _ in 0...fitting { queue.offer(event) }
        #expect(queue.take() == EventQueue.Taken(events: Array(repeating: event, count: fitting), missed: 1))
    }

    @Test("a reader who misses more than the bound is given up, and not before")
    func overrun() async throws {
        let queue = EventQueue()
        queue.miss(EventQueue.missedMax)
        #expect(!queue.isOverrun)
        queue.miss(1)
        #expect(queue.isOverrun)
        try await ServedMember.with { served async throws in
            let stream = try await served.events("?type=cluster", over: ServedMember.root)
            for _ in 0...(EventQueue.countMax + EventQueue.missedMax) { served.events.announce(.memberOnline("m9")) }
            let event = try await stream.first { _ in true }
            #expect(event["type"] == "end" && event["metadata"]?["reason"]?.stringValue?.hasPrefix("too_slow") == true)
        }
    }

    @Test("a slow reader is told how many it missed, behind what it was given")
    func lagged() async throws {
        try await ServedMember.with { served async throws in
            let stream = try await served.events("?type=cluster", over: ServedMember.root)
            for _ in 0..<EventQueue.countMax + 5 { served.events.announce(.memberOnline("m9")) }
            for _ in 0..<EventQueue.countMax { #expect(try await stream.first { _ in true }["type"] == "cluster") }
            let event = try await stream.first { _ in true }
            #expect(event["type"] == "lagged" && (event["metadata"]?["missed"]?.integerValue ?? 0) >= 5, "and what the member itself tells meanwhile")
        }
    }

    @Test("a stream without events says that it is there")
    func keepAlive() async throws {
        let hub = EventHub(EventHub.Settings(keepAlive: .milliseconds(1)))
        try await ServedMember.with(events: hub) { served async throws in
            let stream = try await served.events("?type=cluster", over: ServedMember.root)
            // The member may become ready first, which is an event.
            while await stream.piece() != ": keep-alive\n\n" {}
            let answer = try await served.send("GET", Self.target + "?type=cluster", fields: Self.upgrade, over: ServedMember.root)
            let socket = try #require(answer.webSocket)
            while await served.onLoop({ await socket.next() }) != .ping {}
        }
    }

    // MARK: WebSockets

    private static let upgrade = ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="]

    @Test("a client of Incus gets the same objects on a WebSocket, with the query that lxc sends")
    func webSocket() async throws {
        try await ServedMember.with { served async throws in
            let answer = try await served.send("GET", "\(Self.target)?project=default&all-projects=true", fields: Self.upgrade, over: ServedMember.root)
            let socket = try #require(answer.webSocket)
            #expect(answer.status == 101 && socket.accept == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
            _ = try await served.mint("s", ["read"], ["name": "n"])
            while true {
                guard case .text(let text) = await served.onLoop({ await socket.next() }) else { continue }
                let event = try JSON(parsing: text)
                if event["type"] == "lifecycle" {
                    #expect(event["metadata"]?["action"] == "token-created")
                    break
                }
            }
        }
    }

    @Test("who may listen no longer is not sent the messages that wait for him either")
    func webSocketRevoked() async throws {
        try await ServedMember.with { served async throws in
            let token = try await served.mint("alice", ["admin"])
            for number in 0..<5 { _ = try await served.mint("s", ["read"], ["name": .string("t\(number)")]) }
            let answer = try await served.send("GET", "\(Self.target)?type=lifecycle&after=1", token: token, fields: Self.upgrade)
            let socket = try #require(answer.webSocket)
            guard case .text = await served.onLoop({ await socket.next() }) else {
                Issue.record("nothing is told")
                return
            }
            try await served.revoke(token)
            #expect(await served.onLoop { await socket.next() } == .close(.policyViolation))
        }
    }

    @Test("a handshake of another version is answered with the one that is served, and a bad one by its reason")
    func handshakes() async throws {
        try await ServedMember.with { served async throws in
            let version = try await served.send("GET", Self.target, fields: Self.upgrade.map { $0.replacing("13", with: "8") }, over: ServedMember.root)
            #expect(version.status == 426 && version.fields["sec-websocket-version"] == "13")
            let key = try await served.send("GET", Self.target, fields: Array(Self.upgrade.dropLast()), over: ServedMember.root)
            #expect(key.status == 400 && key.error.contains("Sec-WebSocket-Key"))
            #expect(try await served.send("GET", Self.target, fields: Self.upgrade).status == 403)
        }
    }
}

/// One reader of server-sent events, without a socket.
final class EventReader {
    private let content: ContentStream
    private let served: ServedMember
    private var parser = ServerSentEvents()
    private var waiting: [JSON] = []

    init(_ content: ContentStream, _ served: ServedMember) {
        self.content = content
        self.served = served
    }

    var lastEventID: String? { parser.lastEventID }

    func piece() async -> String? {
        let content = content
        return await served.onLoop { await content.next() }.map { String(decoding: $0, as: UTF8.self) }
    }

    var isOver: Bool { get async { await piece() == nil } }

    /// The next event of that kind; those before it are dropped.
    func first(_ isMeant: (JSON) -> Bool) async throws -> JSON {
        while true {
            while !waiting.isEmpty {
                let event = waiting.removeFirst()
                if isMeant(event) { return event }
            }
            let piece = try #require(await piece(), "the stream is over")
            let events = parser.read(Array(piece.utf8))
            for event in try #require(events) {
                let json = try JSON(parsing: Array(event.data.utf8))
                #expect(json["type"]?.stringValue == event.name)
                waiting.append(json)
            }
        }
    }
}

extension ServedMember {
    func onLoop<Value: Sendable>(_ work: @escaping @Sendable () async -> Value) async -> Value {
        await Task(executorPreference: loop) { await work() }.value
    }

    /// Opens a stream, and returns once it listens.
    func events(_ query: String, token: String? = nil, fields: [String] = [], over channel: Channel = .tls) async throws -> EventReader {
        let answer = try await send("GET", "/1.0/events" + query, token: token, fields: fields, over: channel)
        let reader = EventReader(try #require(answer.content, "\(answer)"), self)
        let opening = await reader.piece()
        #expect(opening?.hasPrefix("retry: 1000\n") == true)
        return reader
    }
}
