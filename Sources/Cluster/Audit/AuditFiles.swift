import EventLoop
import Storage

/// Files of a member that does not run, or copies of them, whose record is to be checked.
package enum AuditFiles {
    package struct Report: Sendable, Equatable {
        /// Entries that follow each other: from the one behind `after` through `end`.
        package struct Stretch: Sendable, Equatable {
            package let after: UInt64
            package let end: UInt64
        }

        package let stretches: [Stretch]
        package let entryCount: UInt64
        package let chain: [UInt8]
        package let setAsideCount: UInt64
        /// Where the applied state stands, when one is among the files.
        package let stateIndex: UInt64?
        package let stateChain: [UInt8]?
    }

    private static let names = ["audit.db", "log.db", "state.db"]

    /// - Parameters:
    ///   - path: a backup.
    ///   - scratch: a path for a copy of the state inside, which is removed again.
    package static func check(backup path: String, scratch: String) throws(AuditFault) -> Report {
        defer { Backup.removeScratch(scratch) }
        do throws(BackupError) { _ = try BackupFile.extractState(path, to: scratch) } catch { throw .unreadable(error.description) }
        return try check(scratch)
    }

    /// - Parameter path: a data directory, or one file of it, or a snapshot.
    package static func check(_ path: String) throws(AuditFault) -> Report {
        let found = names.map { "\(path)/\($0)" }.filter { PrivateFile.exists($0) }
        do throws(AuditFileError) {
            return Report(try AuditFileCheck.check(found.isEmpty ? [path] : found))
        } catch {
            switch error {
            case .fault(let file, let fault): throw .entry(index: fault.index, what: "\(fault.what) (\(file))")
            case .unknown(let file): throw .unreadable("\(file) is no file of a member")
            case .storage(.inUse(let file)):
                throw .unreadable("\(file) is used by a running member; ask that one with `credence audit verify`, or stop it first")
            case .storage(.corrupt(let file, _, let what)): throw .unreadable("\(file) is damaged: \(what)")
            case .storage(let error): throw .unreadable(error.description)
            }
        }
    }
}

extension AuditFiles.Report {
    fileprivate init(_ report: AuditFileReport) {
        self.init(
            stretches: report.stretches.map { Stretch(after: $0.after, end: $0.end) }, entryCount: report.entryCount,
            chain: report.chain, setAsideCount: report.setAsideCount, stateIndex: report.state?.index, stateChain: report.state?.chain)
    }
}
