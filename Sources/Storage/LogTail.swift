import Raft

/// The end of the log: its last entry's position and chain, or the start values of an empty log.
struct LogTail: Sendable, Equatable {
    var position = LogPosition.zero
    var chain = LogChain.start
}

/// What the log begins after.
struct StoredBase: Sendable, Equatable {
    var tail = LogTail()
    var configuration = Configuration.empty
}
