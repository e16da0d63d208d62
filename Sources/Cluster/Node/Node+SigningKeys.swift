import Crypto
import EventLoop
import HashTreeCollections
import JOSE
import Logging
import Raft
import Storage
import Tokens
import TrustStore

/// The life of signing keys, as far as the leader sees to it (docs/decisions/0005).
extension Node {
    /// A key is published for so long before it signs when another one can sign meanwhile, so that whoever keeps a copy of
    /// the key set has it by then.
    static let announcementSeconds: Int64 = 120

    /// Makes a key and seals it; nothing of it is in the log yet.
    nonisolated func newSigningKey(
        _ algorithm: JWSAlgorithm, activateIn seconds: Int64?
    ) async throws(ProposeError) -> NewSigningKey {
        let key: JWSSigningKey
        do {
            // An RSA key takes longer than any loop may stand still.
            key = try await loop.runBlocking { try JWSSigningKey.generate(algorithm) }
        } catch {
            throw .keyUnavailable("no signing key could be made: \(error)")
        }
        return try sealed(key, activateIn: seconds)
    }

    nonisolated func sealed(_ key: JWSSigningKey, activateIn seconds: Int64?) throws(ProposeError) -> NewSigningKey {
        guard let recordAlgorithm = key.algorithm.signingKeyAlgorithm else {
            throw .keyUnavailable("the cluster does not sign with \(key.algorithm.rawValue)")
        }
        do {
            let sealed = try identity.custody.seal(key.secret(), for: .signingKey(kid: key.keyID))
            return NewSigningKey(
                kid: key.keyID, algorithm: recordAlgorithm, publicKey: key.verificationKey.publicKey?.spki,
                sealedPrivateKey: sealed, start: .pending(activateInSeconds: seconds))
        } catch {
            throw .keyUnavailable("the signing key could not be sealed: \(error)")
        }
    }

    /// Replaces key pairs that have signed for long enough. Symmetric keys are left alone: whoever shares one cannot fetch
    /// the next.
    func rotateOldKeys(now: MonotonicInstant) {
        // Before its own first entry is applied a leader does not know what the one before it has begun.
        guard applied.position.term == core.term else { return }
        let due = SigningKeySchedule.dueForRotation(
            state.signingKeys.values.map(\.self), after: state.settings.keyRotationSeconds, at: logSeconds)
        guard SigningKeySchedule.hasRoom(state.signingKeys.values.map(\.self)) else {
            if !due.isEmpty, !housekeeping.hasSaidKeysAreMany {
                housekeeping.hasSaidKeysAreMany = true
                logger.error("signing keys are no longer replaced: there are too many that still verify; lengthen key_rotation_seconds or shorten token_seconds_max")
            }
            return
        }
        housekeeping.hasSaidKeysAreMany = false
        for algorithm in due where !housekeeping.keysBeingMade.contains(algorithm) {
            guard housekeeping.begin(Self.rotationTask(algorithm), now: now) else { continue }
            housekeeping.keysBeingMade.insert(algorithm)
            logger.notice("replacing a signing key that has signed for long enough", metadata: ["algorithm": "\(algorithm.rawValue)"])
            Task { [weak self] in await self?.addKey(algorithm) }
        }
    }

    /// The time by which the log judges: never before the newest stamp, whatever this member's clock says.
    var logSeconds: Int64 { max(WallClock.nowSeconds(), state.appliedAtMilliseconds / 1_000) }

    private func addKey(_ algorithm: SigningKeyAlgorithm) async {
        do throws(ProposeError) {
            let key = try await newSigningKey(algorithm.jws, activateIn: Self.announcementSeconds)
            if core.role == .leader { proposeAsLeader(.addSigningKey(key)) }
            // From the proposal on, not from when the key was begun.
            housekeeping.proposedAt[Self.rotationTask(algorithm)] = .now()
        } catch {
            logger.error("a signing key could not be replaced", metadata: ["reason": "\(error)"])
        }
        housekeeping.keysBeingMade.remove(algorithm)
    }

    private static func rotationTask(_ algorithm: SigningKeyAlgorithm) -> String { "rotate \(algorithm.rawValue)" }

    /// A key whose time is over vouches for nothing already; this only says so in the lists, and forgets it once nothing
    /// that it signed could be valid.
    func settleRetiredKeys(now: MonotonicInstant) {
        let time = logSeconds
        for key in state.signingKeys.values {
            guard key.state == .retiring, let end = key.retireAfter, end <= time, housekeeping.begin("retire \(key.kid)", now: now)
            else { continue }
            proposeAsLeader(.retireSigningKey(kid: key.kid, retiringSeconds: 0))
        }
        for kid in SigningKeySchedule.forgettable(state.signingKeys.values.map(\.self), at: time) {
            guard housekeeping.begin("remove \(kid)", now: now) else { continue }
            proposeAsLeader(.removeSigningKey(kid: kid))
        }
    }
}

/// When a signing key moves on. Values in, values out.
enum SigningKeySchedule {
    /// The algorithms whose newest active key pair has signed for `seconds`, and of which no key is on its way.
    static func dueForRotation(_ keys: [SigningKeyRecord], after seconds: Int64, at now: Int64) -> [SigningKeyAlgorithm] {
        guard seconds > 0 else { return [] }
        return SigningKeyAlgorithm.allCases.filter { algorithm in
            let own = keys.filter { $0.algorithm == algorithm && algorithm.hasPublicKey }
            guard !own.contains(where: { $0.state == .pending }) else { return false }
            let newest = own.filter { $0.state == .active }.compactMap(\.activatedAt).max()
            return newest.map { now - $0 >= seconds } ?? false
        }
    }

    /// Places that are kept for new keys.
    static let roomMin = 16

    /// The retired keys that have nothing more to tell, because the longest-lived token they may have signed is over too; and
    /// the longest retired ones beyond that, when room for new keys is short.
    static func forgettable(_ keys: [SigningKeyRecord], at now: Int64) -> [String] {
        let retired = keys.filter { $0.state == .retired }.sorted { ($0.retiredAt ?? 0, $0.kid) < ($1.retiredAt ?? 0, $1.kid) }
        let tooMany = max(0, keys.count - (StateLimits.signingKeysMax - roomMin))
        return retired.enumerated().filter { position, key in
            position < tooMany || now - (key.retiredAt ?? now) > key.tokenSecondsMax
        }.map(\.element.kid)
    }

    static func hasRoom(_ keys: [SigningKeyRecord]) -> Bool { keys.count < StateLimits.signingKeysMax - roomMin / 2 }
}
