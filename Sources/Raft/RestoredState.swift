/// What a member finds on its disk when it starts.
///
/// The log on disk covers `(base.index, last]`. `entries` is its newest part; older entries stay on disk and
/// are known here only by their terms (`termRuns`) and by the configurations among them.
package struct RestoredState: Equatable, Sendable {
    package var hardState = HardState()
    /// The position and configuration of the snapshot the log starts after; zero and empty when there is none.
    package var base = LogPosition.zero
    package var baseConfiguration = Configuration.empty
    /// Terms of all entries in `(base.index, last]`, ascending. May be empty when `entries` covers the whole log.
    package var termRuns: [TermRun] = []
    /// Configuration entries in `(base.index, last]`, ascending. Those within `entries` may be left out.
    package var configurations: [ConfigurationRecord] = []
    /// Contiguous, ends at the last entry of the log (so it is empty only when the log is), and holds at least
    /// everything above `applied`.
    package var entries: [Entry] = []
    /// The state machine's durable applied index: also the floor of the commit index (docs/consensus.md §2).
    package var applied = LogIndex.zero
    /// What this member's disk says it has acknowledged; nil when nothing was. If the log does not hold that, the
    /// disk lost entries, and until they are back this member neither votes nor campaigns (docs/consensus.md §10).
    package var mark: AckMark?

    package init() {}
}

/// A stretch of entries of one term: from `first` up to the next run's `first`.
package struct TermRun: Equatable, Sendable {
    package let term: Term
    package let first: LogIndex

    package init(term: Term, first: LogIndex) {
        self.term = term
        self.first = first
    }
}

package struct ConfigurationRecord: Equatable, Sendable {
    package let index: LogIndex
    package let configuration: Configuration

    package init(index: LogIndex, configuration: Configuration) {
        self.index = index
        self.configuration = configuration
    }
}

/// Why restored state cannot be a member's log. The shell stops with it: starting anyway would forget promises.
package enum RestoreError: Error, Equatable, Sendable {
    /// `entries` is not contiguous, or does not reach down to what must be held.
    case gap(after: LogIndex)
    /// Terms fall, or an entry's term is above the hard state's.
    case termOrder(at: LogIndex)
    case termUnknown(at: LogIndex)
    case unreadableConfiguration(at: LogIndex, WireError)
    /// More was applied than the log holds.
    case appliedBeyondLog(applied: LogIndex, last: LogIndex)
    /// The log begins after entries that the applied state lacks.
    case appliedBelowBase(applied: LogIndex, base: LogIndex)
    case outOfRange(LogIndex)
}
