import Raft
import Testing
import TrustStore

@testable import Cluster

@Suite("Who is to vote next")
struct VoterPlanTests {
    private typealias Candidate = VoterPlan.Candidate

    private static func id(_ number: UInt64) -> MemberID { MemberID(high: 0, low: number) }

    private static func leader(_ number: UInt64 = 1) -> Candidate { Candidate(id: id(number), isVoter: true, isLeader: true) }
    private static func voter(_ number: UInt64) -> Candidate { Candidate(id: id(number), isVoter: true) }
    private static func replica(_ number: UInt64) -> Candidate { Candidate(id: id(number), isVoter: false, isCaughtUp: true) }

    private static func next(
        _ members: [Candidate], strays: [UInt64] = [], votersMax: Int = 3, replaceAfter: Duration? = .seconds(600)
    ) -> VoterPlan.Step? {
        VoterPlan(members: members, strays: strays.map(id), votersMax: votersMax, replaceAfter: replaceAfter).next()
    }

    /// Carries the plan out until it has nothing more to do. The members that stay are as active as they were.
    private static func run(_ members: [Candidate], votersMax: Int = 3) throws -> [VoterPlan.Step] {
        var members = members
        var steps: [VoterPlan.Step] = []
        while let step = next(members, votersMax: votersMax) {
            steps.append(step)
            try #require(steps.count < 20, "it never comes to an end: \(steps)")
            switch step {
            case .promote(let id): members = members.map { $0.id == id ? with($0) { $0.isVoter = true } : $0 }
            case .demote(let id):
                members = members.map { $0.id == id ? with($0) { $0.isVoter = false; $0.isCaughtUp = $0.isActive } : $0 }
            case .handOver(let heir): members = members.map { member in with(member) { $0.isLeader = member.id == heir } }
            case .remove(let id): members.removeAll { $0.id == id }
            }
            let voters = members.filter(\.isVoter)
            #expect(voters.count(where: \.isActive) > voters.count / 2, "nothing could be committed after \(steps)")
        }
        return steps
    }

    private static func with(_ candidate: Candidate, _ change: (inout Candidate) -> Void) -> Candidate {
        var changed = candidate
        change(&changed)
        return changed
    }

    @Test("nothing to do when as many vote as may")
    func settled() {
        #expect(Self.next([Self.leader(), Self.voter(2), Self.voter(3), Self.replica(4)]) == nil)
        #expect(Self.next([Self.leader()]) == nil)
    }

    @Test("a caught-up replica votes when a vote is free, one that is behind, away or set to be a replica does not")
    func missing() {
        #expect(Self.next([Self.leader(), Self.voter(2), Self.replica(3)]) == .promote(Self.id(3)))
        for change in [{ $0.isCaughtUp = false }, { $0.isActive = false }, { $0.role = .replica }, { $0.isLeaving = true; $0.isVoter = false }]
            as [(inout Candidate) -> Void]
        {
            let step = Self.next([Self.leader(), Self.voter(2), Self.with(Self.replica(3), change)])
            #expect(step == nil || step == .remove(Self.id(3)))
        }
    }

    @Test("a member that is to vote comes before one that may")
    func preferredFirst() {
        let wanted = Self.with(Self.replica(4)) { $0.role = .voter }
        #expect(Self.next([Self.leader(), Self.voter(2), Self.replica(3), wanted]) == .promote(Self.id(4)))
    }

    @Test("a member that is to vote takes the place of one that need not, and then it is over")
    func preferred() throws {
        let wanted = Self.with(Self.replica(4)) { $0.role = .voter }
        let steps = try Self.run([Self.leader(), Self.voter(2), Self.voter(3), wanted])
        #expect(steps == [.promote(Self.id(4)), .demote(Self.id(3))])
    }

    @Test("a removed voter gives its vote to a replica first, then its record goes")
    func removal() throws {
        let leaving = Self.with(Self.voter(2)) { $0.isLeaving = true }
        #expect(
            try Self.run([Self.leader(), leaving, Self.voter(3), Self.replica(4)])
                == [.promote(Self.id(4)), .demote(Self.id(2)), .remove(Self.id(2))])
        #expect(try Self.run([Self.leader(), leaving, Self.voter(3)]) == [.demote(Self.id(2)), .remove(Self.id(2))])
    }

    @Test("a leader that is removed hands over, and its successor finishes")
    func leaderRemoved() throws {
        let leaving = Self.with(Self.leader()) { $0.isLeaving = true }
        #expect(try Self.run([leaving, Self.voter(2), Self.voter(3)]) == [.handOver(to: Self.id(2)), .demote(Self.id(1)), .remove(Self.id(1))])
        #expect(
            try Self.run([leaving, Self.replica(2)], votersMax: 1) == [.promote(Self.id(2)), .handOver(to: Self.id(2)), .demote(Self.id(1)), .remove(Self.id(1))])
    }

    @Test("an heir holds all that is committed, and after one that did not take over comes another")
    func heirs() {
        let leaving = Self.with(Self.leader()) { $0.isLeaving = true }
        let behind = Self.with(Self.voter(2)) { $0.isInStep = false }
        #expect(Self.next([leaving, behind, Self.voter(3)]) == .handOver(to: Self.id(3)))
        #expect(Self.next([leaving, behind]) == nil)
        let plan = VoterPlan(members: [leaving, Self.voter(2), Self.voter(3)], strays: [], votersMax: 3, replaceAfter: nil, lastHeir: Self.id(2))
        #expect(plan.next() == .handOver(to: Self.id(3)))
    }

    @Test("a dead voter can be removed, a live one not when that would leave too few")
    func deadRemoved() throws {
        let dead = Self.with(Self.voter(3)) { $0.isActive = false; $0.silence = .seconds(5) }
        let deadLeaving = Self.with(dead) { $0.isLeaving = true }
        #expect(try Self.run([Self.leader(), Self.voter(2), deadLeaving]) == [.demote(Self.id(3)), .remove(Self.id(3))])
        let liveLeaving = Self.with(Self.voter(2)) { $0.isLeaving = true }
        #expect(Self.next([Self.leader(), liveLeaving, dead]) == nil)
    }

    @Test("a voter that is away for longer than the setting is replaced, and not a moment sooner")
    func replaced() throws {
        func members(away: Duration) -> [Candidate] {
            [Self.leader(), Self.voter(2), Self.with(Self.voter(3)) { $0.isActive = false; $0.silence = away }, Self.replica(4)]
        }
        #expect(Self.next(members(away: .seconds(600))) == nil)
        #expect(try Self.run(members(away: .seconds(601))) == [.promote(Self.id(4)), .demote(Self.id(3))])
        #expect(Self.next(members(away: .seconds(1 << 40)), replaceAfter: nil) == nil)
        #expect(Self.next(Array(members(away: .seconds(601)).dropLast())) == nil, "nobody to take its place")
    }

    @Test("when fewer are to vote, who is away goes first, who is set to vote stays, and the leader leads on")
    func surplus() throws {
        let away = Self.with(Self.voter(2)) { $0.isActive = false; $0.silence = .seconds(1) }
        let wanted = Self.with(Self.voter(5)) { $0.role = .voter }
        let steps = try Self.run([Self.leader(), away, Self.voter(3), Self.voter(4), wanted], votersMax: 3)
        #expect(steps == [.demote(Self.id(2)), .demote(Self.id(4))])
        #expect(try Self.run([Self.leader(), Self.voter(2), Self.voter(3)], votersMax: 1) == [.demote(Self.id(3)), .demote(Self.id(2))])
    }

    @Test("a voter without a record loses its vote")
    func stray() {
        #expect(Self.next([Self.leader(), Self.voter(2)], strays: [9]) == .demote(Self.id(9)))
    }

    @Test("whatever the operators ask for and whoever is away, every step leaves a majority within reach, and the plan ends", arguments: 0..<400)
    func anything(seed: UInt64) throws {
        var random = SplitMix(state: seed)
        let count = UInt64.random(in: 1...7, using: &random)
        var members = (1...count).map { number in
            Candidate(
                id: Self.id(number), role: RoleWishes.all.randomElement(using: &random) ?? .automatic, isLeaving: Int.random(in: 0..<4, using: &random) == 0,
                isVoter: Bool.random(using: &random), isCaughtUp: Bool.random(using: &random), isActive: Int.random(in: 0..<4, using: &random) > 0,
                silence: .seconds(Int.random(in: 0...1_200, using: &random)))
        }
        members[0].isVoter = true
        members[0].isLeader = true
        members[0].isActive = true
        let voters = members.filter(\.isVoter)
        guard voters.count(where: \.isActive) > voters.count / 2 else { return }
        _ = try Self.run(members, votersMax: [1, 3, 5].randomElement(using: &random) ?? 3)
    }
}

private enum RoleWishes {
    static let all: [RoleWish] = [.automatic, .automatic, .voter, .replica]
}
