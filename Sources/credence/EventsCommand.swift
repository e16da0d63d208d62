import ArgumentParser
import EventLoop
import HTTP
import HTTPTypes
import JOSE
import Synchronization

struct EventsCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "events", abstract: "What happens, as it happens, one event a line, until interrupted.",
        discussion: "A connection that breaks is made again, and changes that were missed meanwhile are shown from the audit record.")

    @Option(help: "Any of lifecycle, cluster and logging, separated by commas. The first and the last need the scope admin.")
    var type = "lifecycle,cluster"
    @Option(help: "Begin with the changes behind this index. Default: with the next one.") var followFrom: UInt64?
    @OptionGroup var connection: ConnectionOptions

    func perform() async throws(CommandFailure) {
        let known: Set = ["lifecycle", "cluster", "logging"]
        guard type.split(separator: ",", omittingEmptySubsequences: false).allSatisfy({ known.contains(String($0)) }) else {
            throw .usage("--type must be a list of lifecycle, cluster and logging, separated by commas")
        }
        guard connection.format == .json || connection.format == .table || connection.format == .yaml else {
            throw .usage("--format must be table, json or yaml: events have no columns in common")
        }
        let follower = EventFollower(remote: try connection.remote(), types: type, after: followFrom, format: connection.format)
        try await follower.run()
    }
}

/// Follows the events of a member, or of the next one that can be reached, until interrupted.
struct EventFollower {
    let remote: Remote
    let types: String
    let after: UInt64?
    let format: OutputFormat

    /// Members say that they are there every 15 seconds.
    private static let silenceMax: Duration = .seconds(45)
    /// Between two tries to connect again.
    private static let pauseMax: Duration = .seconds(10)

    func run() async throws(CommandFailure) {
        let loop: EventLoop
        do throws(EventLoopError) { loop = try EventLoop(name: "events") } catch { throw .refused("cannot start an event loop: \(error)") }
        defer { loop.shutdown() }
        Interruption.endsProcess(on: loop)
        let reader = Reader(format: format)
        // The first try tells what is wrong; later ones have worked before.
        var pause: Duration = .milliseconds(500)
        while true {
            let seenBefore = reader.seen
            do throws(CommandFailure) {
                try await follow(reader, on: loop)
            } catch {
                if !reader.hasBegun || error.status == .refused { throw error }
                Terminal.error("\(error.message); connecting again")
            }
            // Never in a circle without a pause, and soon again after a connection that was of use.
            pause = reader.seen > seenBefore ? .milliseconds(500) : min(pause * 2, Self.pauseMax)
            await Self.wait(pause, on: loop)
        }
    }

    private func follow(_ reader: Reader, on loop: EventLoop) async throws(CommandFailure) {
        reader.reconnected()
        var fields: HTTPFields = [.userAgent: "credence", .accept: "text/event-stream"]
        if let token = remote.token { fields[.authorization] = "Bearer \(token)" }
        if let id = reader.lastEventID { fields[HTTPField.Name("Last-Event-ID")!] = id }
        let first = after.map { "&after=\($0)" } ?? ""
        let request = ClientRequest(method: .get, target: "/1.0/events?type=\(types)\(first)", fields: fields)
        var failure = HTTPClientError.timedOut
        for endpoint in [remote.endpoint] + remote.others {
            let response: ClientResponse
            do throws(HTTPClientError) {
                response = try await HTTPClient(loop: loop).download(request, from: endpoint, silenceMax: Self.silenceMax) { piece in
                    reader.read(piece)
                }
            } catch {
                failure = error
                guard case .unreachable = error else { break }
                continue
            }
            guard response.status != .ok else { return }
            let reason = (try? JSON(trusting: response.body))?["error"]?.stringValue ?? response.status.reasonPhrase
            let message = Table.printable(reason) + remote.advice(response)
            // What passes by itself is waited for, once it has worked.
            throw response.status == .serviceUnavailable && reader.hasBegun ? .unreachable(message) : .refused(message)
        }
        throw .unreachable(remote.describe(failure, Self.silenceMax))
    }

    private static func wait(_ pause: Duration, on loop: EventLoop) async {
        await withCheckedContinuation { continuation in
            loop.execute {
                let timer = LoopTimer(on: loop)
                timer.schedule(after: pause) {
                    timer.cancel()
                    continuation.resume()
                }
            }
        }
    }

    /// Shows events as they come. Called on the client's loop, and between connections.
    private final class Reader: Sendable {
        private struct State {
            var events = ServerSentEvents()
            var seen = 0
            var hasBegun = false
        }

        private let state = Mutex(State())
        private let format: OutputFormat

        init(format: OutputFormat) { self.format = format }

        var lastEventID: String? { state.withLock { $0.events.lastEventID } }
        /// Pieces that came.
        var seen: Int { state.withLock { $0.seen } }
        var hasBegun: Bool { state.withLock { $0.hasBegun } }

        func reconnected() { state.withLock { $0.events.reconnected() } }

        func read(_ piece: [UInt8]) -> Bool {
            let events = state.withLock { state in
                state.seen += 1
                state.hasBegun = true
                return state.events.read(piece)
            }
            guard let events else { return false }
            for event in events {
                guard let json = try? JSON(trusting: Array(event.data.utf8)) else { return false }
                Terminal.out(EventLine.text(json, format))
            }
            return true
        }
    }
}

/// One event as it is shown.
enum EventLine {
    static func text(_ event: JSON, _ format: OutputFormat) -> String {
        switch format {
        case .json, .csv: return event.encodedString
        case .yaml: return "---\n" + BlockYAML.of(event)
        case .table: break
        }
        func text(_ value: JSON?) -> String { Table.printable(value.map(Table.cell) ?? "") }
        let metadata = event["metadata"]
        var parts = [text(event["timestamp"]), text(event["location"]), text(event["type"])]
        switch event["type"]?.stringValue {
        case "logging": parts += [text(metadata?["level"]), text(metadata?["message"])]
        case "lifecycle", "cluster": parts += [text(metadata?["action"]), text(metadata?["source"])]
        case "lagged": parts.append("\(text(metadata?["missed"])) events were missed")
        default: parts.append(text(metadata?["reason"]))
        }
        if let requestor = metadata?["requestor"] { parts.append("by \(text(requestor["username"])) (\(text(requestor["protocol"])))") }
        parts += (metadata?["context"]?.objectValue?.members ?? []).map { "\($0.name)=\(text($0.value))" }
        return parts.filter { !$0.isEmpty }.joined(separator: "  ")
    }
}

/// The signals that end a command which would go on for ever. Nothing is under way then that could be lost.
enum Interruption {
    static func endsProcess(on loop: EventLoop) {
        loop.execute {
            guard let watcher = try? SignalWatcher(on: loop, for: [.interrupt, .terminate], onSignal: { _ in Terminal.exit(.done) }) else {
                // The usual effect of the signals remains: it ends as well, with another status.
                return
            }
            held.withLock { $0 = LoopBound(confined: watcher, on: loop) }
        }
    }

    private static let held = Mutex<LoopBound<SignalWatcher>?>(nil)
}
