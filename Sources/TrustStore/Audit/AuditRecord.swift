package import Raft

/// One entry of the log as the audit record keeps it. Read, not checked: whoever verifies computes the chain anew.
package struct AuditRecord: Sendable, Equatable {
    package let entry: Entry
    /// The hash of this entry and all before it, as it is stored.
    package let chain: [UInt8]
    /// What became of the command, as this member computed it. No part of the chain; nil when nobody remembers.
    package let outcome: CommandOutcome?

    package init(entry: Entry, chain: [UInt8], outcome: CommandOutcome? = nil) {
        self.entry = entry
        self.chain = chain
        self.outcome = outcome
    }
}

/// Consecutive records, and where they go on from.
package struct AuditRun: Sendable, Equatable {
    package let base: LogPosition
    package let baseChain: [UInt8]
    package let records: [AuditRecord]

    package init(base: LogPosition, baseChain: [UInt8], records: [AuditRecord]) {
        self.base = base
        self.baseChain = baseChain
        self.records = records
    }
}

/// How long a member keeps what its log no longer holds.
package enum AuditRetention: Sendable, Equatable {
    case everything
    /// The newest so many of the archive; the log's own come on top.
    case entries(UInt64)
    case seconds(Int64)
}

/// An entry's place and the hash up to it.
package struct ChainPoint: Sendable, Equatable {
    package let position: LogPosition
    package let chain: [UInt8]

    package init(position: LogPosition, chain: [UInt8]) {
        self.position = position
        self.chain = chain
    }
}
