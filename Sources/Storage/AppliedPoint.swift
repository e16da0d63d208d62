package import Raft

/// Where an applied state stands: the entry it holds through, and what has to go on from there.
///
/// Written in one transaction with the effects, so that a copy of the state knows by itself which log it
/// continues (docs/consensus.md §2, §8).
package struct AppliedPoint: Sendable, Equatable {
    package var position: LogPosition
    /// `LogChain` at `position`.
    package var chain: [UInt8]
    /// In force as of `position`.
    package var configuration: Configuration
    /// `EffectsDigest` of everything applied so far.
    package var effects: [UInt8]

    package init(position: LogPosition, chain: [UInt8], configuration: Configuration, effects: [UInt8]) {
        self.position = position
        self.chain = chain
        self.configuration = configuration
        self.effects = effects
    }

    /// How far a file may say that a state stands. What reads it counts on from there, and must not come near where the log's
    /// own arithmetic ends: a million entries a second take some nine years.
    package static let positionMax = LogPosition(term: Term(Term.max.rawValue - 1 << 48), index: LogIndex(LogIndex.max.rawValue - 1 << 48))

    /// Before the first entry.
    package static let start = AppliedPoint(
        position: .zero, chain: LogChain.start, configuration: .empty, effects: EffectsDigest.start)
}
