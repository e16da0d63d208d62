import GRDB
import Raft

extension StorageError {
    /// Whatever a piece of database work threw, as one of ours. The text keeps SQLite's code and message;
    /// values bound to statements are never in it.
    static func from(_ error: any Error, file: String) -> StorageError {
        if let ours = error as? StorageError { return ours }
        guard let sqlite = error as? DatabaseError else { return .ioError(file: file, what: "\(type(of: error))") }
        let what = "SQLite \(sqlite.extendedResultCode.rawValue): \(sqlite.message ?? "no message")"
        switch sqlite.resultCode {
        case .SQLITE_FULL: return .diskFull(file: file)
        case .SQLITE_BUSY, .SQLITE_LOCKED: return .inUse(file: file)
        case .SQLITE_NOTADB: return .corrupt(file: file, index: nil, what: "it is not an SQLite database")
        // A missing table or column, a broken constraint: nobody but this code writes here.
        case .SQLITE_CORRUPT, .SQLITE_ERROR, .SQLITE_CONSTRAINT, .SQLITE_MISMATCH, .SQLITE_TOOBIG:
            return .corrupt(file: file, index: nil, what: what)
        default: return .ioError(file: file, what: what)
        }
    }
}
