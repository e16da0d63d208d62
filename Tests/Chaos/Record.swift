import Foundation
import HistoryChecker
import JOSE

/// A token as the run knows it.
final class TrackedToken: @unchecked Sendable {  // its owner thread writes once, under the record's lock
    let id: String
    let text: String
    init(id: String, text: String) { (self.id, self.text) = (id, text) }
}

/// Everything that all clients saw, gathered under one lock: a run makes a few hundred calls a second.
final class Record: @unchecked Sendable {  // every access holds `lock`
    struct Acceptance { let token: String, member: Int, asked: UInt64 }
    struct Revoked { let token: TrackedToken, acknowledged: UInt64, isEverywhere: Bool }
    struct Failure { let member: Int, asked: UInt64, answered: UInt64, reason: String }

    private let lock = NSLock()
    private let file: FileHandle?
    private(set) var operations = 0
    private(set) var named: [String: [Call<NamedTokenModel.Action>]] = [:]
    private(set) var changes: [AcknowledgedChange] = []
    private(set) var revoked: [Revoked] = []
    private(set) var acceptances: [Acceptance] = []
    private(set) var failures: [Failure] = []
    private(set) var verifications = 0
    private var steady: [TrackedToken] = []
    private var victims: [TrackedToken] = []
    private var current: [String] = []

    /// - Parameter path: where each call goes as a line of JSON.
    init(path: String) {
        _ = FileManager.default.createFile(atPath: path, contents: nil)
        file = FileHandle(forWritingAtPath: path)
    }

    private func locked<Value>(_ work: () -> Value) -> Value {
        lock.lock()
        defer { lock.unlock() }
        return work()
    }

    func note(
        _ process: Int, _ name: String, key: String, member: Int, invoked: UInt64, returned: UInt64?, answer: String
    ) {
        let line: JSON = [
            "process": .integer(Int64(process)), "f": .string(name), "key": .string(key), "member": .integer(Int64(member)),
            "t_invoke": .integer(Int64(invoked)), "t_return": returned.map { .integer(Int64($0)) } ?? .null,
            "type": .string(returned == nil ? "info" : "ok"), "out": .string(answer),
        ]
        locked {
            operations += 1
            file?.write(Data((line.encodedString + "\n").utf8))
        }
    }

    func named(_ id: String, _ operation: Call<NamedTokenModel.Action>) {
        locked {
            if case .create = operation.action { current.append(id) }
            named[id, default: []].append(operation)
        }
    }

    func changed(_ change: AcknowledgedChange) { locked { changes.append(change) } }
    func minted(_ token: TrackedToken, isSteady: Bool) { locked { if isSteady { steady.append(token) } else { victims.append(token) } } }
    func revoked(_ revocation: Revoked) { locked { revoked.append(revocation) } }

    func verified(_ token: TrackedToken, isSteady: Bool, member: Int, asked: UInt64, answered: UInt64, reason: String?) {
        locked {
            verifications += 1
            if reason == nil, !isSteady { acceptances.append(Acceptance(token: token.id, member: member, asked: asked)) }
            if let reason, isSteady { failures.append(Failure(member: member, asked: asked, answered: answered, reason: reason)) }
        }
    }

    func anySteady(_ random: inout Randomness) -> TrackedToken? { locked { steady.isEmpty ? nil : steady[random.below(steady.count)] } }

    /// One that is still to be revoked; nobody else gets it.
    func takeVictim(_ random: inout Randomness) -> TrackedToken? {
        locked { victims.isEmpty ? nil : victims.remove(at: random.below(victims.count)) }
    }

    /// Lately revoked ones are the ones that somebody might still accept.
    func anyRevoked(_ random: inout Randomness) -> TrackedToken? {
        locked { revoked.isEmpty ? nil : revoked[max(0, revoked.count - 1 - random.below(30))].token }
    }

    func anyNamed(_ random: inout Randomness) -> String? {
        locked { current.isEmpty ? nil : current[max(0, current.count - 1 - random.below(20))] }
    }
}

/// SplitMix64, so that a seed gives the same faults and the same mix of calls.
struct Randomness {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 ^ 0x2545_f491_4f6c_dd1d }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }

    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(max(1, bound))) }
    mutating func between(_ low: Double, _ high: Double) -> Double { low + Double(next() % 10_000) / 10_000 * (high - low) }
}
