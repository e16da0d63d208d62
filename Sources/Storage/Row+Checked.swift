import Foundation
import GRDB

/// Columns read without trust: damage may have turned a number into text, and GRDB's own subscripts trap on that.
extension Row {
    func integer(_ column: Int) -> Int64? {
        let value: DatabaseValue = self[column]
        guard case .int64(let integer) = value.storage else { return nil }
        return integer
    }

    /// For what is never negative: indexes, terms.
    func counter(_ column: Int) -> UInt64? {
        integer(column).flatMap { UInt64(exactly: $0) }
    }

    func blob(_ column: Int) -> [UInt8]? {
        let value: DatabaseValue = self[column]
        guard case .blob(let data) = value.storage else { return nil }
        return [UInt8](data)
    }

    func text(_ column: Int) -> String? {
        let value: DatabaseValue = self[column]
        guard case .string(let string) = value.storage else { return nil }
        return string
    }

    func isNull(_ column: Int) -> Bool {
        let value: DatabaseValue = self[column]
        return value.isNull
    }
}
