import HistoryChecker
import JOSE

/// Calls members in the name of one process, and writes into the history how each call began and ended.
final class Caller {
    let process: Int
    private let record: Record
    private let connections: [UnixHTTPClient]

    init(process: Int, sockets: [String], record: Record) {
        self.process = process
        self.record = record
        connections = sockets.map(UnixHTTPClient.init)
    }

    /// A call that has ended; whoever judges its answer says how.
    struct Ending {
        fileprivate var event: HistoryEvent
        let returned: UInt64

        mutating func succeeded(_ output: String = "", key: String? = nil, index: Int64? = nil) {
            event = HistoryEvent(
                process: event.process, function: event.function, key: key ?? event.key, input: event.input, output: output,
                kind: .ok, invoked: event.invoked, returned: returned, member: event.member, index: index)
        }

        /// 503 leaves open what became of a change (docs/operators.md); any other refusal had no effect.
        mutating func failed(_ reply: Reply) {
            event.kind = reply.status == 503 ? .info : .fail
            event.output = "status \(reply.status) \(reply.error)"
        }
    }

    func call(
        _ function: HistoryEvent.Function, key: String, input: String = "", at member: Int, _ method: String, _ path: String,
        _ body: JSON? = nil, headers: [String] = [], seconds: Double, _ judge: (inout Ending, Reply) -> Void
    ) {
        var event = HistoryEvent(
            process: process, function: function, key: key, input: input, kind: .invoke, invoked: Clock.now(), member: member)
        record.note(event)
        let reply = connections[member].call(method, path, body, headers: headers, seconds: seconds)
        let returned = Clock.now()
        event.kind = .info
        event.returned = returned
        var ending = Ending(event: event, returned: returned)
        if let reply { judge(&ending, reply) }
        record.note(ending.event)
    }

    func verify(_ token: TrackedToken, input: String = "", at member: Int, seconds: Double) {
        call(
            .verify, key: token.id, input: input, at: member, "POST", "/1.0/tokens/verify", ["token": .string(token.text)],
            seconds: seconds
        ) { call, reply in
            let answer = reply.metadata
            guard reply.status == 200, let isValid = answer["valid"]?.boolValue else { return call.failed(reply) }
            call.succeeded(
                isValid ? VerificationFindings.accepted : answer["reason"]?.stringValue ?? "no reason",
                index: answer["index"]?.integerValue)
        }
    }
}
