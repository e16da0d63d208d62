import Raft

/// W10, watched from outside: a leader confirms a read only by a round that began after the read had arrived, and
/// that a majority of its voters has answered since.
struct RoundWatch {
    private struct Forwarded: Hashable { let member: MemberID, token: UInt64 }

    private var starts: [(round: UInt64, step: Int)] = []
    private var answered: [MemberID: UInt64] = [:]
    private var arrivals: [UInt64: Int] = [:]
    /// A question that was duplicated on its way is answered as often, in the order of arrival.
    private var forwarded: [Forwarded: [Int]] = [:]

    mutating func sees(_ input: RaftInput, at step: Int) {
        switch input {
        case .readIndex(let id): arrivals[id] = step
        case .received(let message):
            switch message.body {
            case .readIndex(let token): forwarded[Forwarded(member: message.from, token: token), default: []].append(step)
            case .heartbeatReply(let round): answered[message.from] = max(answered[message.from] ?? 0, round)
            default: break
            }
        default: break
        }
    }

    mutating func sends(_ body: Message.Body, at step: Int) {
        guard case .heartbeat(let heartbeat) = body, heartbeat.round > starts.last?.round ?? 0 else { return }
        starts.append((heartbeat.round, step))
    }

    mutating func confirms(read id: UInt64, by leader: Member) -> Bool {
        guard let arrival = arrivals.removeValue(forKey: id) else { return true }
        return isProved(since: arrival, by: leader)
    }

    mutating func answers(token: UInt64, of member: MemberID, isConfirmed: Bool, by leader: Member) -> Bool {
        let question = Forwarded(member: member, token: token)
        guard let arrival = forwarded[question]?.first else { return true }
        forwarded[question]?.removeFirst()
        return !isConfirmed || isProved(since: arrival, by: leader)
    }

    private func isProved(since arrival: Int, by leader: Member) -> Bool {
        let configuration = leader.configuration
        guard configuration.voters != [leader.id] else { return true }
        var rounds = configuration.voters.filter { $0 != leader.id }.map { answered[$0] ?? 0 }
        if configuration.isVoter(leader.id) { rounds.append(.max) }
        rounds.sort(by: >)
        guard rounds.count >= configuration.majority else { return false }
        let round = rounds[configuration.majority - 1]
        return starts.last { $0.round <= round }.map { $0.step >= arrival } ?? false
    }
}
