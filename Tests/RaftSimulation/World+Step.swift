import Raft

/// Carrying out what the core says, and checking it on the way.
extension World {
    func step(_ member: Member, _ input: RaftInput) throws(Violation) {
        guard let output = member.step(input) else { return }
        steps += 1
        if member.isLeader { try watchRounds(of: member, input, output) }
        let death = output.messages.isEmpty ? nil : midStepDeath(of: member)
        try note(output, by: member)
        try issue(output.storage, by: member)
        try checkStanding(member)
        let leaving = death.map { output.messages.count * $0.sentPermille / 1000 } ?? output.messages.count
        for message in output.messages.prefix(leaving) { try send(message, by: member) }
        if let death {
            reached.note(.diedMidStep)
            return crash(member, death.crash)
        }
        for request in output.loads {
            let at = now + diskDraw.heavyTail(max: isHealed ? 1 : profile.diskLatencyMax)
            timeline.add(.loadDone(slot: member.slot, run: runs[member.slot], request), at: at, now: now)
        }
        for event in output.events {
            if case .snapshotInstalled(let position) = event { try installed(position, at: member) }
        }
        schedule(output.snapshots, for: member)
        if !output.committed.isEmpty, !member.isHealing { schedule(output.committed, for: member) }
        for read in output.reads { try confirm(read, at: member) }
        for id in output.failedReads {
            member.freshness.failed(id)
            if reads.removeValue(forKey: id) != nil { reached.note(.readLostWithLeader) }
        }
        for result in output.proposals { note(result, by: member) }
        for transfer in output.transfers {
            if transfer.outcome == .aborted { reached.note(.transferAborted) }
            if transfer.outcome == .leadershipLost { reached.note(.handedOver) }
        }
        tracer.record(now, member, output)
        for event in output.events {
            if case .snapshotInstalled = event { try step(member, .setLearners(member.joined)) }
        }
    }

    /// W10.
    private func watchRounds(of member: Member, _ input: RaftInput, _ output: RaftOutput) throws(Violation) {
        if !member.wasLeader || member.term != member.lastTerm { member.rounds = RoundWatch() }
        member.rounds.sees(input, at: steps)
        for message in output.messages {
            member.rounds.sends(message.body, at: steps)
            guard case .readIndexReply(let token, let index) = message.body,
                !member.rounds.answers(token: token, of: message.to, isConfirmed: index != nil, by: member) else { continue }
            throw Violation(invariant: "W10", tick: now, detail: "leader \(member.slot) confirms a read of member \(message.to.slot) without a round of its own")
        }
        for read in output.reads where !member.rounds.confirms(read: read.id, by: member) {
            throw Violation(invariant: "W10", tick: now, detail: "leader \(member.slot) confirms read \(read.id) without a round of its own")
        }
    }

    private func note(_ output: RaftOutput, by member: Member) throws(Violation) {
        for event in output.events {
            switch event {
            case .stopped where member.replaced != nil: member.isFenced = true
            case .stopped(let alarm): throw Violation(invariant: "W11", tick: now, detail: "member \(member.slot): \(alarm)")
            case .truncated: reached.note(.entriesTruncated)
            case .steppedDown(.quorumLost, _): reached.note(.quorumLost)
            case .steppedDown(.diskStalled, _): reached.note(.diskStalled)
            case .steppedDown(.removed, _): reached.note(.removedLeaderLeft)
            case .recovered: reached.note(.recoveredFromLoss)
            default: break
            }
        }
    }

    private func note(_ result: ProposalResult, by member: Member) {
        switch result.outcome {
        case .accepted(let position): member.proposed.append(position)
        case .rejected(.busy): reached.note(.proposalBusy)
        case .rejected(.notLeader): break
        case .rejected: reached.note(.changeRefused)
        }
    }

    /// Follows the log as it is issued, and queues the operation at the disk.
    private func issue(_ operations: [StorageOperation], by member: Member) throws(Violation) {
        for operation in operations {
            if let snapshot = operation.install { try install(snapshot, at: member) }
            if let base = operation.base { try cut(to: base, at: member) }
            if let index = operation.truncateFrom {
                if member.isLeader, member.wasLeader, member.term == member.lastTerm {
                    throw Violation(invariant: "G6", tick: now, detail: "leader \(member.slot) truncates its own log")
                }
                member.chains.removeLast(member.chains.count - Int(index.rawValue) + 1)
                member.terms.removeLast(member.terms.count - Int(index.rawValue) + 1)
                while let record = member.configurations.last, record.index >= index {
                    member.configurations.removeLast()
                    reached.note(.configurationRolledBack)
                }
            }
            var chains: [UInt64] = []
            for entry in operation.entries { chains.append(try append(entry, to: member)) }
            member.disk.enqueue(Disk.Write(operation: operation, chains: chains))
            let latency = isHealed ? diskDraw.int(in: 0...1) : diskDraw.heavyTail(max: profile.diskLatencyMax)
            member.disk.busyUntil = max(now + latency, member.disk.busyUntil)
            timeline.add(.diskDone(slot: member.slot, run: runs[member.slot]), at: member.disk.busyUntil, now: now)
        }
    }

    private func append(_ entry: Entry, to member: Member) throws(Violation) -> UInt64 {
        guard entry.index == member.lastIndex.next else {
            throw Violation(invariant: "W7", tick: now, detail: "member \(member.slot) appends \(entry.index) after \(member.lastIndex)")
        }
        let chain = Hash.chain(after: member.chains.last ?? 0, entry)
        if entry.kind == .configuration, let configuration = try? Configuration(decoding: entry.payload) {
            let record = ConfigurationRecord(index: entry.index, configuration: configuration)
            try checker.changesConfiguration(member, to: record)
            member.configurations.append(record)
        }
        member.chains.append(chain)
        member.terms.append(entry.term)
        try checker.appended(entry, chain: chain, by: member)
        return chain
    }

    private func checkStanding(_ member: Member) throws(Violation) {
        if member.term < member.lastTerm {
            throw Violation(invariant: "G5", tick: now, detail: "member \(member.slot) goes back to term \(member.term)")
        }
        if member.isLeader, !member.wasLeader || member.term != member.lastTerm {
            reached.note(.leaderElected)
            if members.contains(where: { $0.isLeader && $0.slot != member.slot }) { reached.note(.twoLeadersAtOnce) }
            // What it holds was all appended before this step's no-op.
            try checker.leads(member, in: member.term)
        }
        member.lastTerm = member.term
        member.wasLeader = member.isLeader
        try checker.configurations(of: member)
        guard isBound(member) else { return }
        let commit = member.commit
        if commit < member.lastCommit {
            throw Violation(invariant: "G5", tick: now, detail: "member \(member.slot) takes commitment back")
        }
        if commit > member.lastCommit {
            if member.isLeader, member.term(at: member.lastCommit.next) ?? .zero < member.term { reached.note(.earlierTermCommitted) }
            try checker.committed(member, from: member.lastCommit, to: commit, members: members)
            member.lastCommit = commit
        }
    }
}
