/// What a check of files found, when nothing was wrong with them.
package struct AuditFileReport: Sendable, Equatable {
    /// Entries that follow each other: from the one behind `after` through `end`.
    package struct Stretch: Sendable, Equatable {
        package let after: UInt64
        package internal(set) var end: UInt64
    }

    /// Where the applied state stands.
    package struct State: Sendable, Equatable {
        package let index: UInt64
        package let chain: [UInt8]
    }

    /// Oldest first; more than one when the member was given a snapshot in between.
    package internal(set) var stretches: [Stretch] = []
    package internal(set) var entryCount: UInt64 = 0
    /// At the end of the last stretch.
    package internal(set) var chain = LogChain.start
    /// Rows that are kept but are no part of the record.
    package internal(set) var setAsideCount: UInt64 = 0
    /// If a state was among the files.
    package internal(set) var state: State?
}

package enum AuditFileError: Error, Equatable, Sendable {
    case fault(file: String, ChainFault)
    /// Not one of the files that hold records.
    case unknown(file: String)
    case storage(StorageError)
}
