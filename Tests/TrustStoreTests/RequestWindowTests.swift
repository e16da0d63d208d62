import HashTreeCollections
import Raft
import Testing
import TrustStore

@Suite("A request is carried out once")
struct RequestWindowTests {
    private let window = StateLimits.requestWindowEntries
    private let revocation = CommandBody.revokeToken(RevokeToken(tokenID: "j1", expiresAt: nil, reason: nil))

    @Test("a repeated request gets the first answer and changes nothing but the time")
    func repeated() throws {
        var log = Log.founded()
        let request = log.nextRequest()
        let first = log.apply(.addJoinToken(Fixtures.joinToken()), request: request)
        log.apply(.removeJoinToken(id: "t1"))
        let before = log.state
        let second = log.apply(.addJoinToken(Fixtures.joinToken()), request: request, proposedAfter: 1, after: 5)
        #expect(second.isRepeat && !first.isRepeat)
        #expect(second.outcome == first.outcome)
        #expect(log.state.joinTokens == before.joinTokens)
        #expect(Set(second.changes.map(\.collection)) == [.meta])
        #expect(log.state.appliedAtMilliseconds == before.appliedAtMilliseconds + 5)
    }

    @Test("a refusal is an answer too: the repeated request is refused though it would now be granted")
    func refusalRepeated() {
        var log = Log.founded()
        let request = log.nextRequest()
        let body = CommandBody.removeJoinToken(id: "t1")
        #expect(log.apply(body, request: request).refusal == .joinTokenUnknown)
        log.apply(.addJoinToken(Fixtures.joinToken()))
        #expect(log.apply(body, request: request).refusal == .joinTokenUnknown)
        #expect(log.state.joinTokens["t1"] != nil)
    }

    @Test("a request id used again for something else is refused and does nothing")
    func reused() {
        var log = Log.founded()
        let request = log.nextRequest()
        log.apply(revocation, request: request)
        #expect(log.apply(.addJoinToken(Fixtures.joinToken()), request: request).refusal == .requestReused)
        #expect(log.state.joinTokens.isEmpty)
        // The first answer stays the answer.
        #expect(log.apply(revocation, request: request).result?.index == LogIndex(2))
    }

    @Test("an answer is remembered for exactly the window", arguments: [0, 1] as [UInt64])
    func eviction(beyond: UInt64) throws {
        var log = Log.founded()
        let request = log.nextRequest()
        log.apply(revocation, request: request)
        #expect(log.state.outcome(of: request) != nil)
        // The entry that answered has index 2; others between are of no interest.
        log.index = 2 + window - 2 + beyond
        log.apply(.removeJoinToken(id: "x"))
        #expect((log.state.outcome(of: request) != nil) == (beyond == 0))
        #expect(try log.reloaded() == log.state)
    }

    @Test("a proposal as old as the window is carried out, one entry older is refused")
    func staleness() {
        for (age, expected) in [(window, nil), (window + 1, RefusalCode.requestTooOld)] {
            var log = Log.founded()
            log.index = 9 + age
            #expect(log.apply(revocation, proposedAfter: 10).refusal == expected, "age \(age)")
        }
    }

    @Test("however late a copy of a proposal arrives, it is recognised or refused, never carried out again")
    func noSecondTime() {
        // The original is applied right after it was proposed, or as late as is allowed.
        for applied in [11, 10 + window] as [UInt64] {
            for late in [1, window - 1, window, window + 1, window * 2] {
                var log = Log.founded()
                let request = log.nextRequest()
                log.index = applied - 1
                let first = log.apply(.addJoinToken(Fixtures.joinToken()), request: request, proposedAfter: 10)
                #expect(first.result != nil)
                log.index = applied + late - 1
                let copy = log.apply(.addJoinToken(Fixtures.joinToken()), request: request, proposedAfter: 10)
                #expect(copy.isRepeat || copy.refusal == .requestTooOld, "applied at \(applied), copy \(late) later")
            }
        }
    }

    @Test("a proposal from after its own entry is refused")
    func fromTheFuture() {
        var log = Log.founded()
        #expect(log.apply(revocation, proposedAfter: 2).refusal == .invalid)
        #expect(log.apply(revocation, proposedAfter: LogIndex.max.rawValue).refusal == .invalid)
        #expect(log.state.revokedTokens.isEmpty)
    }

    @Test("gaps in the log, however wide, forget what left the window and no more")
    func gaps() throws {
        var log = Log.founded()
        for _ in 0..<5 { log.apply(.removeJoinToken(id: "x")) }
        log.index = 3 + window - 1
        log.apply(.removeJoinToken(id: "x"))
        // Entries 1...3 left; 4, 5, 6 and the new one stay.
        #expect(log.state.rememberedRequestsCount == 4)
        #expect(log.rows[.requests]?.count == 4)
        log.index = 1 << 60
        log.apply(.removeJoinToken(id: "x"))
        #expect(log.state.rememberedRequestsCount == 1)
        #expect(try log.reloaded() == log.state)
    }
}
