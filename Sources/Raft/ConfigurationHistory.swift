/// The configurations that may still matter: those of the entries in the log, and the one its base has.
///
/// The one in force is the newest in the log, committed or not, and a truncation brings the previous one back
/// (docs/consensus.md §7; Raft thesis §4.1). Committed ones stay until the log is cut, because a snapshot needs
/// the one as of its index.
struct ConfigurationHistory: Sendable {
    /// Ascending by index, never empty.
    private(set) var records: [ConfigurationRecord]
    /// The newest one known committed.
    private var committedSlot = 0

    init(base: ConfigurationRecord) { records = [base] }

    /// In force now.
    var current: ConfigurationRecord { records[records.count - 1] }

    /// The newest known committed.
    var committed: ConfigurationRecord { records[committedSlot] }

    func isCommitted(at commit: LogIndex) -> Bool { current.index <= commit }

    /// Whether the member votes in the configuration in force or in one that may still come back. A member
    /// outside its newest configuration campaigns until that entry is known committed: it may be the only one
    /// that holds it (thesis §4.2.2, fig. 4.6).
    func mayStillVote(_ member: MemberID) -> Bool {
        records[committedSlot...].contains { $0.configuration.isVoter(member) }
    }

    /// In force once everything through `index`, which is not below the base, was appended and nothing else.
    func configuration(asOf index: LogIndex) -> Configuration {
        (records.last { $0.index <= index } ?? records[0]).configuration
    }

    mutating func append(_ record: ConfigurationRecord) { records.append(record) }

    /// Returns whether the configuration in force changed.
    mutating func truncate(from index: LogIndex) -> Bool {
        let count = records.count
        while records.count > 1, current.index >= index { records.removeLast() }
        committedSlot = min(committedSlot, records.count - 1)
        return records.count != count
    }

    /// Returns the newly committed records.
    mutating func commit(through index: LogIndex) -> [ConfigurationRecord] {
        let first = committedSlot + 1
        while committedSlot + 1 < records.count, records[committedSlot + 1].index <= index { committedSlot += 1 }
        return first <= committedSlot ? Array(records[first...committedSlot]) : []
    }

    /// The log was cut: forgets what a record at or below `index` has replaced.
    mutating func compact(to index: LogIndex) {
        let outdated = records.dropFirst().prefix { $0.index <= index }.count
        records.removeFirst(outdated)
        committedSlot = max(0, committedSlot - outdated)
    }
}
