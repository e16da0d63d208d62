import Foundation
import HistoryChecker
import JOSE

/// One client: it asks one member at a time and waits for each answer. Made and used on one thread.
struct Client {
    static let timeout = 1.0
    /// A member that is left alone answers within this.
    static let verifyTimeout = 2.0
    private static let tailLimit = 200
    /// How long a member that did not answer is mostly left out: else all clients would soon wait for that one, and
    /// nothing would be revoked elsewhere that it could still accept.
    private static let avoidance: UInt64 = 2_000_000_000

    private let caller: Caller
    private let members: Int
    private let record: Record
    private let stop: StopFlag
    private let mayMint: (Int) -> Bool
    private var random: Randomness
    private var serial = 0
    private var silent: [Int: UInt64] = [:]

    init(process: Int, seed: UInt64, sockets: [String], record: Record, stop: StopFlag, mayMint: @escaping (Int) -> Bool) {
        caller = Caller(process: process, sockets: sockets, record: record)
        members = sockets.count
        self.record = record
        self.stop = stop
        self.mayMint = mayMint
        random = Randomness(seed: seed &+ UInt64(process) &* 7919)
    }

    /// Every second client only asks about tokens, for which no member needs another: somebody always asks. Every sixth
    /// only revokes everywhere, which takes until a member that is cut off has become stale.
    mutating func run() {
        while !stop.isSet {
            switch caller.process % 6 {
            case 0, 4: doAnything(at: anyMember())
            case 2: revoke(at: anyMember(), isEverywhere: true)
            default: verify(at: random.below(members))
            }
            Clock.pause(seconds: random.between(0.002, 0.03))
        }
    }

    private mutating func doAnything(at member: Int) {
        let began = Clock.now()
        switch random.below(100) {
        case 0..<20: mint(at: member)
        case 20..<48: revoke(at: member, isEverywhere: false)
        case 48..<58: nameToken(at: member)
        case 58..<68: deleteNamed(at: member)
        case 68..<88: readNamed(at: member)
        case 88..<92: readTail(at: member)
        default: verify(at: member)
        }
        let now = Clock.now()
        if now - began > UInt64(Self.timeout * 1e9) { silent[member] = now }
    }

    private mutating func anyMember() -> Int {
        let first = random.below(members), second = random.below(members), isPatient = random.below(20) == 0
        return isPatient || !isAvoided(first) ? first : second
    }

    private func isAvoided(_ member: Int) -> Bool { silent[member].map { Clock.now() - $0 < Self.avoidance } ?? false }

    private mutating func nextSerial() -> Int {
        serial += 1
        return serial
    }

    private mutating func mint(at member: Int) {
        guard mayMint(member) else { return }
        let isSteady = random.below(6) == 0
        let ownSubject = !isSteady && random.below(3) == 0 ? "s-\(getpid())-\(caller.process)-\(nextSerial())" : nil
        // Of the key that no victim has.
        let body: JSON = ["subject": .string(ownSubject ?? "chaos"), "scopes": ["read"], "expires_in": 86_400, "algorithm": "ES256"]
        caller.call(.mint, key: "", at: member, "POST", "/1.0/tokens", body, seconds: Self.timeout) { call, reply in
            guard var made = reply.metadata.token, reply.status < 300 else { return call.failed(reply) }
            if let ownSubject { made = TrackedToken(kind: .subject, id: ownSubject, text: made.text) }
            record.minted(made, isSteady: isSteady)
            call.succeeded(key: made.id)
        }
    }

    /// Repeated with the same key until it is answered: what the client knows then happened once.
    private mutating func revoke(at member: Int, isEverywhere: Bool) {
        guard let token = record.takeVictim(&random) else { return }
        let wait = isEverywhere ? "everywhere" : "committed"
        let body = token.revocation(wait: wait, now: Int64(Date().timeIntervalSince1970))
        let header = "Idempotency-Key: chaos-\(getpid())-\(caller.process)-\(nextSerial())"
        for attempt in 0..<40 where !stop.isSet {
            let place = attempt == 0 ? member : anyMember()
            var isDone = false
            caller.call(
                .revoke, key: token.id, input: wait, at: place, "POST", "/1.0/revocations", body, headers: [header],
                seconds: isEverywhere ? 8 : Self.timeout
            ) { call, reply in
                let answer = reply.metadata
                guard reply.status < 300, let id = answer["id"]?.stringValue else { return call.failed(reply) }
                let holds = answer["effective_everywhere"]?.boolValue == true
                call.succeeded(holds ? "everywhere" : "committed", index: answer["index"]?.integerValue)
                record.revoked(Record.Revoked(token: token, revocation: id, acknowledged: call.returned, isEverywhere: holds))
                isDone = true
            }
            if isDone { return }
            Clock.pause(seconds: 0.1)
        }
    }

    private mutating func nameToken(at member: Int) {
        guard mayMint(member) else { return }
        let name = "n-\(caller.process)-\(nextSerial())"
        let body: JSON = ["subject": "chaos", "scopes": ["read"], "expires_in": 86_400, "name": .string(name), "algorithm": "ES256"]
        caller.call(.name, key: "", input: name, at: member, "POST", "/1.0/tokens", body, seconds: Self.timeout) { call, reply in
            guard reply.status < 300, let id = reply.metadata["id"]?.stringValue else { return call.failed(reply) }
            call.succeeded(key: id)
            record.named(id)
        }
    }

    private mutating func deleteNamed(at member: Int) {
        guard random.below(3) == 0, let id = record.anyNamed(&random) else { return }
        caller.call(.delete, key: id, at: member, "DELETE", "/1.0/tokens/\(id)", seconds: Self.timeout) { call, reply in
            // Refused means no effect; a plain lookup on this member promises nothing more.
            if reply.status == 200 { call.succeeded() } else { call.failed(reply) }
        }
    }

    private mutating func readNamed(at member: Int) {
        guard let id = record.anyNamed(&random) else { return }
        caller.call(
            .read, key: id, at: member, "GET", "/1.0/tokens/\(id)?consistency=linearizable", seconds: Self.timeout
        ) { call, reply in
            switch reply.status {
            case 200: call.succeeded("there")
            case 404: call.succeeded("gone")
            default: call.failed(reply)
            }
        }
    }

    private mutating func readTail(at member: Int) {
        guard let start = record.anyLatelyRevoked(&random) else { return }
        let path = "/1.0/revocations?consistency=linearizable&limit=\(Self.tailLimit)&after=\(start.revocation)"
        caller.call(
            .tail, key: start.token.id, input: "\(Self.tailLimit)", at: member, "GET", path, seconds: Self.timeout
        ) { call, reply in
            guard reply.status == 200, let page = reply.metadata.arrayValue else { return call.failed(reply) }
            call.succeeded(page.revokedKeys, index: page.last?["index"]?.integerValue)
        }
    }

    private mutating func verify(at member: Int) {
        let isSteady = random.below(2) == 0
        guard let token = isSteady ? record.anySteady(&random) : record.anyRevoked(&random) else { return }
        caller.verify(token, at: member, seconds: Self.verifyTimeout)
    }
}

extension JSON {
    /// Of a revocation: `TrackedToken.id`.
    var revokedKey: String? { (self["token_id"] ?? self["subject"] ?? self["certificate"] ?? self["key_id"])?.stringValue }

    /// As minting answers.
    var token: TrackedToken? {
        guard let id = self["id"]?.stringValue, let text = self["token"]?.stringValue else { return nil }
        return TrackedToken(id: id, text: text)
    }
}

extension [JSON] {
    /// Of a page of revocations, what each revokes, as the history holds it.
    var revokedKeys: String { compactMap(\.revokedKey).joined(separator: " ") }
}
