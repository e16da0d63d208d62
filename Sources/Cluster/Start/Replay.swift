import Raft
import Storage
import TrustStore

/// Applies entries to the state of a member that does not run, as `Node` would.
struct Replay {
    static let entriesPerTransaction = 512
    private static let bytesPerRead = 1 << 20

    private(set) var state: TrustState
    private var point: AppliedPoint
    private let store: StateStore

    init(_ state: TrustState, in store: StateStore) {
        self.state = state
        self.store = store
        point = store.applied
    }

    /// Everything that the log holds beyond the state. Durable when this returns.
    ///
    /// - Returns: the answer to the last command, nil when there was none.
    mutating func run(through log: LogStore) throws(StartError) -> CommandOutcome? {
        let store = store
        let answer = try follow(log) { changes, point in try store.apply(changes, through: point) }
        do {
            guard try store.sync() else { throw StartError.internalFailure("the state cannot be made durable; try again") }
        } catch {
            throw StartError(error, doing: "the log could not be applied")
        }
        return answer
    }

    /// What the state would be after everything that the log holds, and after entries that it does not hold yet. Writes nothing.
    ///
    /// - Returns: also the answer to the last command, nil when there was none.
    func preview(through log: LogStore, and entries: [Entry] = []) throws(StartError) -> (state: TrustState, answer: CommandOutcome?) {
        var copy = self
        var answer = try copy.follow(log) { _, _ in }
        do {
            var changes: [StateChange] = []
            for entry in entries { answer = try copy.apply(entry, &changes) ?? answer }
        } catch {
            throw StartError(error, doing: "the log could not be applied")
        }
        return (copy.state, answer)
    }

    private mutating func follow(
        _ log: LogStore, each: ([StateChange], AppliedPoint) throws -> Void
    ) throws(StartError) -> CommandOutcome? {
        var answer: CommandOutcome?
        do {
            while point.position.index < log.lastIndex {
                let entries = try log.entries(from: point.position.index.next, through: log.lastIndex, bytesMax: Self.bytesPerRead)
                guard !entries.isEmpty else {
                    throw StartError.internalFailure("the log lacks entry \(point.position.index.next); its base is newer than the state")
                }
                for batch in entries.chunked(Self.entriesPerTransaction) {
                    var changes: [StateChange] = []
                    for entry in batch { answer = try apply(entry, &changes) ?? answer }
                    try each(changes, point)
                }
            }
        } catch {
            throw StartError(error, doing: "the log could not be applied")
        }
        return answer
    }

    private mutating func apply(_ entry: Entry, _ changes: inout [StateChange]) throws -> CommandOutcome? {
        var own: [StateChange] = []
        var answer: CommandOutcome?
        if entry.kind == .command {
            let command = try Command(decoding: entry.payload)
            if case .raiseFeatureLevel(let level) = command.body, level > TrustState.featureLevel {
                throw StartError.binaryTooOld(needed: level, known: TrustState.featureLevel)
            }
            let transition = state.applying(command, at: entry.index)
            state = transition.state
            own = transition.changes
            answer = transition.outcome
        }
        point.chain = LogChain.link(entry, after: point.chain)
        point.effects = EffectsDigest.link(own, at: entry.index, after: point.effects)
        point.position = entry.position
        if entry.kind == .configuration { point.configuration = try Configuration(decoding: entry.payload) }
        changes += own
        return answer
    }
}

extension [Entry] {
    fileprivate func chunked(_ count: Int) -> [ArraySlice<Entry>] {
        stride(from: 0, to: self.count, by: count).map { self[$0..<Swift.min($0 + count, self.count)] }
    }
}
