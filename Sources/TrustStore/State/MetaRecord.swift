import JOSE
import Raft

/// The row that says how far the rows have come.
struct MetaRecord: Sendable, Equatable {
    /// Raised when older binaries must not read the rows.
    static let version: Int64 = 1
    static let key = "state"

    var lastCommandIndex: LogIndex
    var appliedAtMilliseconds: Int64
    var featureLevel: Int64
    var statusIndexesUsed: Int64
}

extension MetaRecord: RecordCodable {
    init(from reader: inout JSONObjectReader) throws(JSONFieldError) {
        guard try reader.integer("v") == Self.version else {
            throw reader.error("v", "is not a version this binary knows")
        }
        lastCommandIndex = try reader.index("last_command_index")
        appliedAtMilliseconds = try reader.integer("applied_at_milliseconds", in: 0...StateLimits.timeMillisecondsMax)
        featureLevel = try reader.integer("feature_level", in: TrustState.firstFeatureLevel...StateLimits.featureLevelMax)
        statusIndexesUsed = try reader.integer("status_indexes_used", in: 0...StateLimits.statusIndexesMax)
    }

    func write(to writer: inout RecordWriter) {
        writer.integer("v", Self.version)
        writer.index("last_command_index", lastCommandIndex)
        writer.integer("applied_at_milliseconds", appliedAtMilliseconds)
        writer.integer("feature_level", featureLevel)
        writer.integer("status_indexes_used", statusIndexesUsed)
    }
}
