import GRDB
internal import GRDBSQLite

extension Statement {
    /// Lends the columns of the row that the statement's cursor has just reached, where they lie: without a copy and without trust.
    ///
    /// - Returns: nil when they are not two texts and a blob, which is how every row of a collection was stored.
    func withKeyValueChecksum<Result>(
        _ body: (_ key: Span<UInt8>, _ value: Span<UInt8>, _ checksum: Span<UInt8>) throws -> Result
    ) rethrows -> Result? {
        guard unsafe sqlite3_column_type(sqliteStatement, 0) == SQLITE_TEXT, unsafe sqlite3_column_type(sqliteStatement, 1) == SQLITE_TEXT,
            unsafe sqlite3_column_type(sqliteStatement, 2) == SQLITE_BLOB
        else { return nil }
        let key = unsafe bytes(0)
        let value = unsafe bytes(1)
        let checksum = unsafe bytes(2)
        return try unsafe body(key.span, value.span, checksum.span)
    }

    /// Valid until the cursor moves. Asked for as a blob even of a text: then SQLite changes nothing in it, and the bytes are those stored.
    private func bytes(_ column: CInt) -> UnsafeBufferPointer<UInt8> {
        let start = unsafe sqlite3_column_blob(sqliteStatement, column)
        let count = Int(unsafe sqlite3_column_bytes(sqliteStatement, column))
        return unsafe UnsafeBufferPointer(start: start?.assumingMemoryBound(to: UInt8.self), count: start == nil ? 0 : count)
    }
}
