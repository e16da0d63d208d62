import Foundation
import HistoryChecker
import JOSE
import Synchronization

/// A token as the run knows it.
struct TrackedToken: Sendable {
    /// By what it is revoked, alone: nothing else has its subject, its certificate or its key. `everything` is for runs in
    /// which no other token has to stay good.
    enum Kind: String, Sendable, CaseIterable { case token, subject, certificate, key, everything }

    var kind = Kind.token
    /// What is revoked: the token's id, its subject, its certificate's fingerprint or its key's id.
    let id: String
    let text: String

    /// - Parameter now: Unix seconds. Clocks may be at fault, so what has a time says itself up to when.
    func revocation(wait: String, now: Int64) -> JSON {
        switch kind {
        case .token: ["token_id": .string(id), "wait": .string(wait)]
        case .subject: ["subject": .string(id), "before": .integer(now), "wait": .string(wait)]
        case .certificate: ["certificate": .string(id), "wait": .string(wait)]
        case .key: ["key_id": .string(id), "wait": .string(wait)]
        case .everything: ["before": .integer(now), "wait": .string(wait)]
        }
    }
}

/// Everything that all clients saw. One lock is enough: a run makes a few hundred calls a second.
final class Record: Sendable {
    struct Revoked: Sendable { let token: TrackedToken, revocation: String, acknowledged: UInt64, isEverywhere: Bool }

    private struct State {
        var history: [HistoryEvent] = []
        var revoked: [Revoked] = []
        var steady: [TrackedToken] = []
        var victims: [TrackedToken] = []
        var named: [String] = []
    }

    private let state = Mutex(State())
    private let file: Mutex<FileHandle?>

    /// - Parameter path: where the history goes.
    init(path: String) {
        _ = FileManager.default.createFile(atPath: path, contents: nil)
        file = Mutex(FileHandle(forWritingAtPath: path))
    }

    var history: [HistoryEvent] { state.withLock { $0.history } }
    var revoked: [Revoked] { state.withLock { $0.revoked } }

    func note(_ event: HistoryEvent) {
        let line = Data(HistoryFile.line(event).utf8)
        file.withLock { $0?.write(line) }
        state.withLock { $0.history.append(event) }
    }

    // MARK: - What clients tell each other

    func minted(_ token: TrackedToken, isSteady: Bool) {
        state.withLock { if isSteady { $0.steady.append(token) } else { $0.victims.append(token) } }
    }

    func revoked(_ revocation: Revoked) { state.withLock { $0.revoked.append(revocation) } }
    func named(_ id: String) { state.withLock { $0.named.append(id) } }

    /// One that nobody revokes.
    func anySteady(_ random: inout Randomness) -> TrackedToken? {
        let draw = random.next()
        return state.withLock { Self.pick(draw, of: $0.steady[...]) }
    }

    /// One that is still to be revoked; nobody else gets it.
    func takeVictim(_ random: inout Randomness) -> TrackedToken? {
        let draw = random.next()
        return state.withLock { $0.victims.isEmpty ? nil : $0.victims.remove(at: Int(draw % UInt64($0.victims.count))) }
    }

    /// A third were revoked in the last second, which a member may not know yet; a third one to ten seconds ago, where
    /// the bound lies; a third at any time of the run, which nobody may have forgotten. The first two are drawn by
    /// their age: what is revoked while a member is cut off is little, and the very thing to ask that member about.
    func anyRevoked(_ random: inout Randomness) -> TrackedToken? {
        let band = random.below(3), young = random.between(0, 1), older = random.between(1, 10), draw = random.next(), now = Clock.now()
        return state.withLock { state in
            let revoked = state.revoked
            guard band < 2 else { return Self.pick(draw, of: revoked[...])?.token }
            let age = UInt64((band == 0 ? young : older) * 1e9)
            let next = revoked.partitioningIndex { $0.acknowledged + age > now }
            return revoked.isEmpty ? nil : revoked[min(next, revoked.count - 1)].token
        }
    }

    func anyLatelyRevoked(_ random: inout Randomness) -> Revoked? {
        let draw = random.next()
        return state.withLock { Self.pick(draw, of: $0.revoked.suffix(100)) }
    }

    func anyNamed(_ random: inout Randomness) -> String? {
        let draw = random.next()
        return state.withLock { Self.pick(draw, of: $0.named.suffix(20)) }
    }

    private static func pick<Element>(_ draw: UInt64, of elements: ArraySlice<Element>) -> Element? {
        elements.isEmpty ? nil : elements[elements.startIndex + Int(draw % UInt64(elements.count))]
    }
}
