@testable import Cluster
import Raft
import Testing
import TrustStore

@Suite("When signing keys move on")
struct SigningKeyScheduleTests {
    private func key(
        _ algorithm: SigningKeyAlgorithm, _ state: SigningKeyState = .active, activatedAt: Int64? = 1_000, retiredAt: Int64? = nil,
        tokens: Int64 = 100
    ) -> SigningKeyRecord {
        SigningKeyRecord(
            kid: "\(algorithm)-\(state)-\(activatedAt ?? 0)", algorithm: algorithm, state: state, publicKey: [1], sealedPrivateKey: [2],
            createdAt: 0, activatedAt: activatedAt, retiredAt: retiredAt, tokenSecondsMax: tokens, version: LogIndex(1))
    }

    @Test("a key pair is due exactly when it has signed for the period, and each algorithm for itself")
    func due() {
        let keys = [key(.es256), key(.rs256, activatedAt: 1_500)]
        #expect(SigningKeySchedule.dueForRotation(keys, after: 3_600, at: 4_599) == [])
        #expect(SigningKeySchedule.dueForRotation(keys, after: 3_600, at: 4_600) == [.es256])
        #expect(SigningKeySchedule.dueForRotation(keys, after: 3_600, at: 5_100) == [.es256, .rs256])
        #expect(SigningKeySchedule.dueForRotation(keys, after: 0, at: .max / 2) == [], "zero leaves it to operators")
    }

    @Test("not while a newer key signs or is on its way, not of keys that are leaving, and never of a shared secret")
    func notDue() {
        #expect(SigningKeySchedule.dueForRotation([key(.es256), key(.es256, activatedAt: 9_000)], after: 3_600, at: 10_000) == [])
        #expect(SigningKeySchedule.dueForRotation([key(.es256), key(.es256, .pending, activatedAt: nil)], after: 3_600, at: 10_000) == [])
        #expect(SigningKeySchedule.dueForRotation([key(.es256, .retiring), key(.es256, .retired)], after: 3_600, at: 10_000) == [])
        #expect(SigningKeySchedule.dueForRotation([key(.hs256), key(.hs512)], after: 3_600, at: 10_000) == [])
    }

    @Test("a retired key is forgotten once nothing that it signed could be valid, and not a second sooner")
    func forgotten() {
        let keys = [key(.es256, .retired, retiredAt: 5_000), key(.rs256, .retired, retiredAt: 5_000, tokens: 200), key(.es256, .retiring)]
        #expect(SigningKeySchedule.forgettable(keys, at: 5_100) == [])
        #expect(SigningKeySchedule.forgettable(keys, at: 5_101) == [keys[0].kid])
        #expect(SigningKeySchedule.forgettable(keys, at: 5_201).count == 2)
    }

    @Test("the longest retired keys go sooner when room is short, and no key is made when there is none")
    func room() {
        let most = StateLimits.signingKeysMax - SigningKeySchedule.roomMin
        var keys = (0..<most - 1).map { key(.es256, .retiring, activatedAt: Int64($0)) }
        keys.append(key(.rs256, .retired, retiredAt: 5_000))
        #expect(SigningKeySchedule.forgettable(keys, at: 5_001) == [])
        keys.append(key(.ps256, .retired, retiredAt: 4_999))
        #expect(SigningKeySchedule.forgettable(keys, at: 5_001) == [keys[most].kid])
        #expect(SigningKeySchedule.hasRoom(keys))
        keys += (0..<SigningKeySchedule.roomMin / 2).map { key(.es384, .retiring, activatedAt: Int64($0)) }
        #expect(!SigningKeySchedule.hasRoom(keys))
    }
}
