/// The configurations that may still matter: the newest committed one and every one appended after it.
///
/// The one in force is the newest in the log, committed or not, and a truncation brings the previous one back
/// (docs/consensus.md §7; Raft thesis §4.1).
struct ConfigurationHistory: Sendable {
    /// Ascending by index, never empty.
    private(set) var records: [ConfigurationRecord]

    init(base: ConfigurationRecord) { records = [base] }

    /// In force now.
    var current: ConfigurationRecord { records[records.count - 1] }

    func isCommitted(at commit: LogIndex) -> Bool { current.index <= commit }

    /// Whether the member votes in the configuration in force or in one that may still come back. A member
    /// outside its newest configuration campaigns until that entry is known committed: it may be the only one
    /// that holds it (thesis §4.2.2, fig. 4.6).
    func mayStillVote(_ member: MemberID) -> Bool {
        records.contains { $0.configuration.isVoter(member) }
    }

    mutating func append(_ record: ConfigurationRecord) { records.append(record) }

    /// Returns whether the configuration in force changed.
    mutating func truncate(from index: LogIndex) -> Bool {
        let count = records.count
        while records.count > 1, current.index >= index { records.removeLast() }
        return records.count != count
    }

    /// Forgets what a committed configuration has replaced. Returns the newly committed records.
    mutating func commit(through index: LogIndex) -> [ConfigurationRecord] {
        let committed = records.dropFirst().filter { $0.index <= index }
        records.removeFirst(committed.count)
        return committed
    }
}
