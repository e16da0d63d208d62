import Raft

extension ScenarioStage {
    func perform(_ line: String) throws -> [String] {
        output = []
        var words = line.split(separator: " ")[...]
        let verb = words.popFirst() ?? ""
        switch verb {
        case "voters": try found(words)
        case "restore": try restore(words)
        case "window": settings.windowEntries = Int(words.first ?? "") ?? 1
        case "tick": try tick(words)
        case "timeout": try timeout(actor(words.first ?? ""))
        case "sync": for name in words { sync(try actor(name)) }
        case "sync-one":
            let member = try actor(words.first ?? "")
            if !member.disk.queue.isEmpty { step(member, .persisted(upTo: member.disk.completeOne())) }
        case "deliver": try move(words, isDelivered: true)
        case "drop": try move(words, isDelivered: false)
        case "settle": try settle()
        case "settle-quietly":
            try settle()
            output = []
        case "send": try send(words)
        case "crash": try crash(words)
        case "propose":
            let member = try actor(words.popFirst() ?? "")
            step(member, .propose(id: 1, payload: Array(words.joined(separator: " ").utf8)))
        case "change":
            let member = try actor(words.popFirst() ?? "")
            step(member, .proposeConfiguration(id: 2, Configuration(voters: words.compactMap(\.first).map { MemberID($0) })))
        case "learners":
            let members = words.compactMap(\.first).map { MemberID($0) }
            for actor in actors { step(actor, .setLearners(members)) }
        case "read":
            let member = try actor(words.popFirst() ?? "")
            step(member, .readIndex(id: UInt64(words.first ?? "") ?? 0))
        case "load": try load(words)
        case "transfer":
            let member = try actor(words.popFirst() ?? "")
            step(member, .transferLeadership(id: 3, to: words.first?.first.map { MemberID($0) }))
        case "trailing":
            settings.trailingEntries = Int(words.first ?? "") ?? 0
            settings.compactionStepEntries = 1
        case "chunk": settings.snapshotChunkBytes = Int(words.first ?? "") ?? 1
        case "durable":
            let member = try actor(words.popFirst() ?? "")
            step(member, .stateDurable(through: LogIndex(UInt64(words.first ?? "") ?? 0)))
        case "snapshots": for name in words { workOnSnapshots(try actor(name)) }
        case "heal": step(try actor(words.first ?? ""), .heal)
        case "status": for name in words { output.append(Self.text(try actor(name).core.status)) }
        default: throw ScenarioError(description: "unknown command \(line)")
        }
        return output
    }

    /// voters a b c — all of them hold the founding configuration.
    private func found(_ words: ArraySlice<Substring>) throws {
        let voters = Configuration(voters: words.compactMap(\.first).map { MemberID($0) })
        var disk = ScenarioDisk()
        disk.entries = [Entry(index: LogIndex(1), term: Term(1), kind: .configuration, payload: voters.encoded())]
        disk.hardState = HardState(term: Term(1))
        disk.applied = LogIndex(1)
        for name in words.compactMap(\.first) { try start(name, disk) }
    }

    /// restore a term=3 vote=b log=1,1,2,3 voters=abc applied=2 held=1 — entry 1 is the configuration.
    private func restore(_ words: ArraySlice<Substring>) throws {
        guard let name = words.first?.first else { throw ScenarioError(description: "restore whom?") }
        let fields = Fields(words.dropFirst())
        var disk = ScenarioDisk()
        let voters = Configuration(voters: (fields["voters"] ?? "").map { MemberID($0) })
        for (offset, text) in (fields["log"] ?? "").split(separator: ",").enumerated() {
            disk.entries.append(Entry(
                index: LogIndex(UInt64(offset + 1)), term: Term(UInt64(text) ?? 0),
                kind: offset == 0 ? .configuration : .command, payload: offset == 0 ? voters.encoded() : []))
        }
        disk.hardState = HardState(term: Term(fields.number("term") ?? 0), vote: fields["vote"]?.first.map { MemberID($0) })
        disk.applied = LogIndex(fields.number("applied") ?? (disk.entries.isEmpty ? 0 : 1))
        disk.held = fields.number("held").map { Int($0) }
        if fields["mark"] != nil { disk.mark = AckMark(position: fields.position("mark"), term: disk.hardState.term) }
        try start(name, disk)
    }

    /// tick a 5
    private func tick(_ words: ArraySlice<Substring>) throws {
        let member = try actor(words.first ?? "")
        for _ in 0..<(Int(words.dropFirst().first ?? "1") ?? 1) { step(member, .tick) }
    }

    /// Ticks until the member asks for votes.
    private func timeout(_ member: Actor) throws {
        for _ in 0..<2 * settings.electionTicks where member.core.role == .follower { step(member, .tick) }
        guard member.core.role != .follower else { throw ScenarioError(description: "\(member.name) never timed out") }
    }

    /// deliver a->b, deliver a->b c->d, deliver (all that is under way now), the same for drop.
    private func move(_ words: ArraySlice<Substring>, isDelivered: Bool) throws {
        let links = words.map { ($0.first, $0.last) }
        let chosen = network.filter { message in
            links.isEmpty || links.contains { $0.0 == message.from.letter && $0.1 == message.to.letter }
        }
        network.removeAll { chosen.contains($0) }
        if isDelivered { for message in chosen { deliver(message) } }
    }

    private func crash(_ words: ArraySlice<Substring>) throws {
        for name in words {
            let member = try actor(name)
            member.disk.queue = []
            member.disk.applied = member.applied
            try start(member.name, member.disk)
        }
    }

    /// load a — the disk answers everything asked of it.
    private func load(_ words: ArraySlice<Substring>) throws {
        let member = try actor(words.first ?? "")
        let asked = loads.filter { $0.0 == member.name }.map(\.1)
        loads.removeAll { $0.0 == member.name }
        for request in asked {
            let entries = member.disk.entries.filter { $0.index >= request.first && $0.index <= request.last }
            step(member, .loaded(LoadedEntries(id: request.id, entries: entries)))
        }
    }

    /// send a->b vote term=3 last=4@2 — a message nobody here has sent.
    private func send(_ words: ArraySlice<Substring>) throws {
        guard words.count >= 2, let link = words.first, let from = link.first, let to = link.last else {
            throw ScenarioError(description: "send what?")
        }
        let fields = Fields(words.dropFirst(2))
        let body: Message.Body
        switch words[words.startIndex + 1] {
        case "vote": body = .vote(VoteRequest(round: 7, last: fields.position("last")))
        case "pre-vote": body = .preVote(VoteRequest(round: 7, last: fields.position("last")))
        case "vote-granted": body = .voteReply(VoteReply(round: fields.number("round") ?? 7, isGranted: true))
        case "append":
            let previous = fields.position("after")
            let terms = (fields["terms"] ?? "").split(separator: ",").compactMap { UInt64($0) }
            let entries = terms.enumerated().map { offset, term in
                Entry(index: previous.index.advanced(by: offset + 1), term: Term(term), kind: .command, payload: [])
            }
            body = .append(AppendRequest(previous: previous, entries: entries, commit: LogIndex(fields.number("commit") ?? 0)))
        case "accepted": body = .appendReply(.accepted(through: LogIndex(fields.number("through") ?? 0)))
        case "lost": body = .appendReply(.lost(after: fields.position("after")))
        case "timeout-now": body = .timeoutNow(last: fields.position("last"))
        case "vote-by-transfer": body = .vote(VoteRequest(round: 7, last: fields.position("last"), isTransfer: true))
        case "heartbeat":
            body = .heartbeat(Heartbeat(commit: LogIndex(fields.number("commit") ?? 0), round: fields.number("round") ?? 0))
        case "heartbeat-reply": body = .heartbeatReply(round: fields.number("round") ?? 0)
        default: throw ScenarioError(description: "unknown message in \(words)")
        }
        deliver(Message(from: MemberID(from), to: MemberID(to), term: Term(fields.number("term") ?? 0), body: body))
    }
}

/// name=value words.
struct Fields {
    private var values: [(name: Substring, value: Substring)] = []

    init(_ words: ArraySlice<Substring>) {
        for word in words {
            let parts = word.split(separator: "=", maxSplits: 1)
            if parts.count == 2 { values.append((parts[0], parts[1])) }
        }
    }

    subscript(_ name: String) -> Substring? { values.first { $0.name == name }?.value }

    func number(_ name: String) -> UInt64? { self[name].flatMap { UInt64($0) } }

    /// index@term
    func position(_ name: String) -> LogPosition {
        let parts = (self[name] ?? "").split(separator: "@").compactMap { UInt64($0) }
        return parts.count == 2 ? LogPosition(term: Term(parts[1]), index: LogIndex(parts[0])) : .zero
    }
}
