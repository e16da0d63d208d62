import EventLoop
import HTTP
import HTTPTypes

/// A `ServerConnection` with everything around it played by the test: bytes, answers and time.
struct MachineWorld {
    struct Handled: Equatable {
        var method: String
        var target: String
        var body: [UInt8]
        var authorization: String?
    }

    var machine: ServerConnection
    var now = MonotonicInstant(nanoseconds: 1_000_000_000)
    /// Answer at once; otherwise requests wait for `answer()`.
    var answersAtOnce = true
    var response = OutgoingResponse(status: .ok, body: Array("ok".utf8))
    private(set) var handled: [Handled] = []
    private(set) var refusals: [HTTPParseError] = []
    private(set) var output = ""
    private(set) var after: ServerConnection.AfterAnswer?
    private(set) var lastStep = ServerConnection.Step.wait
    private var held: [UInt8] = []

    init(
        limits: HTTPLimits = HTTPLimits(), timeouts: HTTPTimeouts = HTTPTimeouts(),
        readsBody: @escaping @Sendable (HTTPHead) -> Bool = { _ in true }
    ) {
        machine = ServerConnection(limits: limits, timeouts: timeouts, readsBody: readsBody, at: now)
    }

    mutating func receive(_ text: String) {
        receive(Array(text.utf8))
    }

    mutating func receive(_ bytes: [UInt8]) {
        held += bytes
        pump()
    }

    mutating func pump() {
        let input = held
        var offset = 0
        repeat {
            perform(machine.advance(input.span, from: &offset, at: now))
        } while lastStep != .wait && lastStep != .close && !isAwaitingAnswer
        held.removeFirst(offset)
    }

    private var isAwaitingAnswer: Bool { lastStep == .handle && !answersAtOnce }
    var heldBytes: Int { held.count }

    mutating func perform(_ step: ServerConnection.Step) {
        lastStep = step
        switch step {
        case .wait, .close, .abort: break
        case .sendContinue: output += "<100>"
        case .handle:
            var (head, body) = machine.takeRequest()
            handled.append(Handled(
                method: head.method.rawValue, target: head.target, body: body,
                authorization: head.authorizationRange.map(head.text)))
            if answersAtOnce { machine.reuse(&head, &body) }
            if answersAtOnce { answer() }
        case .refuse(let error):
            refusals.append(error)
            answer(OutgoingResponse(status: error.status, body: Array("no".utf8)))
        }
    }

    mutating func answer() {
        answer(response)
    }

    private mutating func answer(_ response: OutgoingResponse) {
        var out: [UInt8] = []
        after = machine.answer(response, dateLine: [], into: &out, at: now)
        output += String(decoding: out, as: UTF8.self)
    }

    mutating func pass(_ time: Duration) {
        now = now + time
        perform(machine.expire(at: now))
    }
}
