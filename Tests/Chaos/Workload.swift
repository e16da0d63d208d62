import Foundation
import HistoryChecker
import JOSE

/// One client: a thread that asks one member at a time and waits for each answer.
final class Client: @unchecked Sendable {  // all state is its own thread's but for `fleet`, `record` and `stop`
    static let timeout = 1.0

    private let process: Int
    private let fleet: Fleet
    private let record: Record
    private let stop: StopFlag
    private let mayMint: @Sendable (Int) -> Bool
    private var random: Randomness
    private var connections: [Int: UnixHTTPClient] = [:]
    private var serial = 0

    init(process: Int, seed: UInt64, fleet: Fleet, record: Record, stop: StopFlag, mayMint: @escaping @Sendable (Int) -> Bool) {
        self.process = process
        self.fleet = fleet
        self.record = record
        self.stop = stop
        self.mayMint = mayMint
        random = Randomness(seed: seed &+ UInt64(process) &* 7919)
    }

    func run() {
        while !stop.isSet {
            let member = random.below(fleet.names.count)
            switch random.below(100) {
            case 0..<12: mint(at: member)
            case 12..<28: revoke(at: member)
            case 28..<34: nameToken(at: member)
            case 34..<40: deleteNamed(at: member)
            case 40..<52: readNamed(at: member)
            default: verify(at: member)
            }
            Clock.pause(seconds: random.between(0.002, 0.03))
        }
    }

    private func call(
        _ name: String, key: String, member: Int, _ method: String, _ path: String, _ body: JSON? = nil, headers: [String] = [],
        seconds: Double = timeout
    ) -> (reply: Reply?, invoked: UInt64, returned: UInt64) {
        let connection = connections[member] ?? fleet.client(member)
        connections[member] = connection
        let invoked = Clock.now()
        let reply = connection.call(method, path, body, headers: headers, seconds: seconds)
        let returned = Clock.now()
        record.note(
            process, name, key: key, member: member, invoked: invoked, returned: reply == nil ? nil : returned,
            answer: reply.map { "\($0.status)" } ?? "")
        return (reply, invoked, returned)
    }

    private var idempotencyKey: String {
        serial += 1
        return "Idempotency-Key: chaos-\(getpid())-\(process)-\(serial)"
    }

    private func mint(at member: Int) {
        guard mayMint(member) else { return }
        let body: JSON = ["subject": "chaos", "scopes": ["read"], "expires_in": 86_400]
        let (reply, _, _) = call("mint", key: "", member: member, "POST", "/1.0/tokens", body)
        guard let made = reply?.metadata, let id = made["id"]?.stringValue, let text = made["token"]?.stringValue else { return }
        record.minted(TrackedToken(id: id, text: text), isSteady: random.below(6) == 0)
    }

    /// Repeated with the same key until it is answered: what the client knows then happened once.
    private func revoke(at member: Int) {
        guard let token = record.takeVictim(&random) else { return }
        let isEverywhere = random.below(3) == 0
        let body: JSON = ["token_id": .string(token.id), "wait": .string(isEverywhere ? "everywhere" : "committed")]
        let header = idempotencyKey
        var first: UInt64?
        for attempt in 0..<40 where !stop.isSet {
            let place = attempt == 0 ? member : random.below(fleet.names.count)
            let (reply, invoked, returned) = call(
                "revoke", key: token.id, member: place, "POST", "/1.0/revocations", body, headers: [header],
                seconds: isEverywhere ? 8 : Self.timeout)
            first = first ?? invoked
            if let reply, reply.status < 300 {
                let holds = reply.metadata["effective_everywhere"]?.boolValue == true
                record.revoked(Record.Revoked(token: token, acknowledged: returned, isEverywhere: holds))
                if let index = reply.metadata["index"]?.integerValue, attempt == 0 {
                    record.changed(AcknowledgedChange(index: index, invoked: invoked, returned: returned))
                }
                return
            }
            Clock.pause(seconds: 0.1)
        }
    }

    private func nameToken(at member: Int) {
        guard mayMint(member) else { return }
        serial += 1
        let body: JSON = [
            "subject": "chaos", "scopes": ["read"], "expires_in": 86_400, "name": .string("n-\(process)-\(serial)"),
        ]
        let (reply, invoked, returned) = call("name", key: "", member: member, "POST", "/1.0/tokens", body)
        guard let id = reply?.metadata["id"]?.stringValue else { return }
        record.named(id, Call(.create, invoked: invoked, ending: .returned(returned)))
    }

    private func deleteNamed(at member: Int) {
        guard random.below(3) == 0, let id = record.anyNamed(&random) else { return }
        let (reply, invoked, returned) = call("delete", key: id, member: member, "DELETE", "/1.0/tokens/\(id)")
        switch reply?.status {
        case 200: record.named(id, Call(.delete, invoked: invoked, ending: .returned(returned)))
        case nil, 503: record.named(id, Call(.delete, invoked: invoked, ending: .open))
        default: break  // refused: it had no effect, and a plain lookup on this member promises nothing more
        }
    }

    private func readNamed(at member: Int) {
        guard let id = record.anyNamed(&random) else { return }
        let (reply, invoked, returned) = call(
            "read", key: id, member: member, "GET", "/1.0/tokens/\(id)?consistency=linearizable")
        guard let status = reply?.status, status == 200 || status == 404 else { return }
        record.named(id, Call(.read(isThere: status == 200), invoked: invoked, ending: .returned(returned)))
    }

    private func verify(at member: Int) {
        let isSteady = random.below(2) == 0
        guard let token = isSteady ? record.anySteady(&random) : record.anyRevoked(&random) else { return }
        let (reply, invoked, returned) = call(
            "verify", key: token.id, member: member, "POST", "/1.0/tokens/verify", ["token": .string(token.text)])
        guard let reply, reply.status == 200 else { return }
        let isValid = reply.metadata["valid"]?.boolValue == true
        let reason = isValid ? nil : reply.metadata["reason"]?.stringValue ?? "no reason"
        record.verified(token, isSteady: isSteady, member: member, asked: invoked, answered: returned, reason: reason)
    }
}

/// Set once, read by every client.
final class StopFlag: @unchecked Sendable {  // every access holds `lock`
    private let lock = NSLock()
    private var value = false

    var isSet: Bool { lock.withLock { value } }
    func set() { lock.withLock { value = true } }
}

/// Threads, because clients block.
enum Threads {
    static func start(_ work: @escaping @Sendable () -> Void) -> DispatchSemaphore {
        let ended = DispatchSemaphore(value: 0)
        let thread = Thread {
            work()
            ended.signal()
        }
        thread.stackSize = 1 << 20
        thread.start()
        return ended
    }
}
