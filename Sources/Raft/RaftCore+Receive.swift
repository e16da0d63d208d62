/// Where messages come in: terms first (Raft §5.1), then the message itself.
extension RaftCore {
    mutating func receive(_ message: Message) {
        if let reason = implausibility(of: message) {
            output.events.append(.ignoredMessage(from: message.from, reason: reason))
            return
        }
        // A pre-vote and its grant name a term that nobody is in yet; they move no one (thesis §9.6).
        switch message.body {
        case .preVote(let request):
            return receivePreVote(request, term: message.term, from: message.from)
        case .preVoteReply(let reply) where reply.isGranted:
            return receivePreVoteReply(reply, term: message.term, from: message.from)
        default: break
        }
        if ignoresCampaign(message.body) { return }
        if message.term > term { adopt(message.term) }
        if message.term < term { return receiveOutdated(message) }
        receiveCurrent(message)
    }

    /// A sender in an older term learns of the newer one, or it could never rejoin (docs/consensus.md §3).
    private mutating func receiveOutdated(_ message: Message) {
        switch message.body {
        case .append, .heartbeat, .snapshotOffer, .snapshotChunk:
            if !mutated(.ignoresOutdatedLeaders) { send(to: message.from, .newerTerm) }
        case .vote(let request):
            send(to: message.from, .voteReply(VoteReply(round: request.round, isGranted: false)))
        case .voteReply(let reply) where mutated(.countsLateVotes): receiveVoteReply(reply, from: message.from)
        case .appendReply(let reply) where mutated(.countsLateAcknowledgements): receive(reply, from: message.from)
        default: break
        }
    }

    private mutating func receiveCurrent(_ message: Message) {
        let sender = message.from
        switch message.body {
        case .preVote, .preVoteReply, .newerTerm: break
        case .vote(let request): receiveVote(request, from: sender)
        case .voteReply(let reply): receiveVoteReply(reply, from: sender)
        case .append(let request): receive(request, from: sender)
        case .appendReply(let reply): receive(reply, from: sender)
        case .heartbeat(let heartbeat): receive(heartbeat, from: sender)
        case .heartbeatReply(let round): receiveHeartbeatReply(round: round, from: sender)
        case .readIndex(let token): receiveReadRequest(token: token, from: sender)
        case .readIndexReply(let token, let index): receiveReadReply(token: token, index: index, from: sender)
        case .timeoutNow(let last): receiveTimeoutNow(last: last, from: sender)
        case .snapshotOffer(let descriptor): receive(descriptor, from: sender)
        case .snapshotWanted(let wanted): receiveSnapshotWanted(wanted, from: sender)
        case .snapshotChunk(let chunk): receive(chunk, from: sender)
        case .snapshotRequest(let index): receiveSnapshotRequest(atLeast: index, from: sender)
        }
    }

    /// Why a message cannot have come from a correct peer. Such a message is dropped: a peer's bytes must
    /// neither trap nor move us.
    private func implausibility(of message: Message) -> StaticText? {
        guard message.to == id else { return "addressed to another member" }
        guard message.from != id else { return "sent by ourselves" }
        guard message.term > .zero, message.term <= .max else { return "term out of range" }
        switch message.body {
        case .append(let request): return implausibility(of: request, term: message.term)
        case .vote(let request), .preVote(let request):
            return request.last.term < message.term && request.last.index <= .max ? nil : "log ahead of the term"
        case .appendReply(.accepted(let through)):
            return through <= .max ? nil : "index out of range"
        case .appendReply(.rejected(let previous, let hint)):
            return previous > .zero && hint.index <= previous && previous <= .max ? nil : "hint above the question"
        case .appendReply(.lost(let after)), .timeoutNow(let after):
            return after.term <= message.term && after.index <= .max ? nil : "log ahead of the term"
        case .snapshotOffer(let offer):
            return offer.position.term <= message.term && offer.position.index > .zero && offer.position.index <= .max
                && offer.byteCount > 0 && !offer.configuration.voters.isEmpty ? nil : "an impossible snapshot"
        case .snapshotRequest(let index):
            return index <= .max ? nil : "index out of range"
        case .heartbeat(let heartbeat):
            return heartbeat.commit <= .max ? nil : "index out of range"
        case .readIndexReply(_, let index):
            return index ?? .zero <= .max ? nil : "index out of range"
        default: return nil
        }
    }

    private func implausibility(of request: AppendRequest, term: Term) -> StaticText? {
        guard request.previous.index <= .max, request.commit <= .max,
            request.entries.count <= Message.entriesMax else { return "index out of range" }
        var position = request.previous
        for entry in request.entries {
            guard entry.index == position.index.next else { return "entries not contiguous" }
            guard entry.term >= position.term, entry.term > .zero else { return "terms fall" }
            position = entry.position
        }
        return position.term <= term ? nil : "entry of a later term"
    }
}
