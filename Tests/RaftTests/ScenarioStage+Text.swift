import Raft

/// How things are written in scenario files.
extension ScenarioStage {
    static func text(_ entry: Entry) -> String {
        switch entry.kind {
        case .noop: "\(entry.position)(no-op)"
        case .configuration: "\(entry.position)(configuration)"
        case .command: "\(entry.position)"
        }
    }

    static func text(_ record: ConfigurationRecord) -> String {
        "voters \(String(record.configuration.voters.map(\.letter))) since \(record.index)"
    }

    static func text(_ operation: StorageOperation) -> String {
        var parts: [String] = []
        if let snapshot = operation.install { parts.append("the snapshot of \(snapshot.position) as log and state") }
        if let state = operation.hardState { parts.append("term \(state.term) vote \(state.vote.map { String($0.letter) } ?? "none")") }
        if let first = operation.truncateFrom { parts.append("without \(first) and later") }
        if !operation.entries.isEmpty { parts.append(operation.entries.map { text($0) }.joined(separator: " ")) }
        if let base = operation.base { parts.append("log begins after \(base.position)") }
        return parts.joined(separator: ", ")
    }

    static func text(_ outcome: TransferResult.Outcome) -> String {
        switch outcome {
        case .started(let member): "started, to \(member.letter)"
        case .rejected(.notLeader(let leader)): "rejected, leader \(leader.map { String($0.letter) } ?? "unknown")"
        case .rejected(.targetIsNoVoter(let member)): "rejected, \(member.letter) does not vote"
        case .rejected(.targetIsSilent(let member)): "rejected, \(member.letter) is silent"
        case .rejected(.targetIsLeader), .rejected(.nobodyToTakeOver), .aborted, .leadershipLost: "\(outcome)"
        }
    }

    static func text(_ outcome: ProposalResult.Outcome) -> String {
        switch outcome {
        case .accepted(let position): return "accepted at \(position)"
        case .rejected(.notLeader(let leader)): return "rejected, leader \(leader.map { String($0.letter) } ?? "unknown")"
        case .rejected(.notCaughtUp(let member)): return "rejected, \(member.letter) has not caught up"
        case .rejected(let reason): return "rejected, \(reason)"
        }
    }

    static func text(_ event: RaftEvent) -> String {
        switch event {
        case .roleChanged(let role, let term): "\(role) in term \(term)"
        case .leaderChanged(let leader, _): "leader \(leader.map { String($0.letter) } ?? "unknown")"
        case .steppedDown(let reason, _): "steps down, \(reason)"
        case .configurationChanged(let record): "\(text(record))"
        case .configurationCommitted(let record): "\(text(record)) committed"
        case .truncated(let index): "truncates from \(index)"
        case .peerNeedsSnapshot(let member): "\(member.letter) needs a snapshot"
        case .snapshotInstalled(let position): "begins anew after \(position)"
        case .compacted(let base): "cuts its log at \(base.position)"
        case .recovered: "holds again what it had acknowledged"
        case .ignoredMessage(let member, let reason): "ignores \(member.letter), \(reason)"
        case .stopped(.twoLeaders(let term, _, let other)): "STOPS, \(other.letter) leads term \(term) too"
        case .stopped(.committedEntryContradicted(let index, let member)): "STOPS, \(member.letter) contradicts committed \(index)"
        case .stopped(.acknowledgedEntriesMissing(let commit, let last)): "STOPS, commit \(commit) is past the last entry \(last)"
        case .stopped(.unreadableConfiguration(let index, _)): "STOPS, unreadable configuration at \(index)"
        }
    }

    static func text(_ message: Message) -> String {
        "\(message.from.letter)->\(message.to.letter) \(text(message.body)) term=\(message.term)"
    }

    private static func text(_ body: Message.Body) -> String {
        switch body {
        case .preVote(let request): "pre-vote last=\(request.last)"
        case .vote(let request) where request.isTransfer: "vote by transfer last=\(request.last)"
        case .preVoteReply(let reply): reply.isGranted ? "pre-vote granted" : "pre-vote refused"
        case .vote(let request): "vote last=\(request.last)"
        case .voteReply(let reply): reply.isGranted ? "vote granted" : "vote refused"
        case .append(let request):
            "append after=\(request.previous) [\(request.entries.map { text($0) }.joined(separator: " "))] commit=\(request.commit)"
        case .appendReply(.accepted(let through)): "accepted through=\(through)"
        case .appendReply(.rejected(let previous, let hint)): "rejected after=\(previous) hint=\(hint)"
        case .appendReply(.lost(let after)): "lost after=\(after)"
        case .timeoutNow(let last): "timeout-now last=\(last)"
        case .snapshotOffer(let offer): "snapshot-offer of=\(offer.position) bytes=\(offer.byteCount)"
        case .snapshotWanted(let wanted): "snapshot-wanted of=\(wanted.id.position) from=\(wanted.offset) max=\(wanted.byteCountMax)"
        case .snapshotChunk(let chunk): "snapshot-chunk of=\(chunk.id.position) from=\(chunk.offset) bytes=\(chunk.bytes.count)"
        case .snapshotRequest(let index): "snapshot-request at-least=\(index)"
        case .heartbeat(let heartbeat): "heartbeat commit=\(heartbeat.commit) round=\(heartbeat.round)"
        case .heartbeatReply(let round): "heartbeat-reply round=\(round)"
        case .newerTerm: "newer-term"
        case .readIndex: "read-index"
        case .readIndexReply(_, let index): "read-index-reply \(index.map { "at \($0)" } ?? "refused")"
        }
    }

    static func text(_ status: RaftStatus) -> String {
        "\(status.id.letter): \(status.role) term \(status.term) commit \(status.commitIndex) durable \(status.durableIndex) "
            + "last \(status.lastIndex) \(text(status.configuration))" + (status.base == .zero ? "" : " log after \(status.base)")
            + (status.isRecovering ? ", recovering" : "")
    }

    static func text(_ work: SnapshotWork) -> String {
        switch work {
        case .prepare(_, let index): "wants a snapshot of \(index) or later"
        case .read(let request): "reads its snapshot of \(request.snapshot.position) from \(request.offset)"
        case .release(let id): "lets go of its snapshot of \(id.position)"
        case .stage(let descriptor): "expects the snapshot of \(descriptor.position)"
        case .write(let chunk): "keeps \(chunk.bytes.count) bytes from \(chunk.offset)"
        case .verify(let descriptor): "verifies the snapshot of \(descriptor.position)"
        case .discard(let id): "discards the snapshot of \(id.position)"
        }
    }
}
