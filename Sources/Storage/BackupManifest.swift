import Crypto
package import JOSE
package import Raft

/// What a backup says of itself, on one line in front of the state's bytes.
package struct BackupManifest: Sendable, Equatable {
    package static let version: Int64 = 1
    static let bytesMax = 64 << 10

    package var clusterID: String
    package var clusterName: String
    /// The name of the member that made it.
    package var memberName: String
    /// The last entry whose effects are inside.
    package var position: LogPosition
    /// `LogChain` there: the head of the audit record.
    package var chain: [UInt8]
    /// `EffectsDigest` there: equal on every member that applied the same.
    package var effects: [UInt8]
    package var featureLevel: Int64
    /// Unix seconds.
    package var madeAt: Int64
    /// Whether the member could prove that its state was current. One that could not may have lacked changes.
    package var isCurrent: Bool
    /// Rows of the state by collection.
    package var rows: JSONObject
    package var stateByteCount: UInt64
    package var stateHash: [UInt8]
    package var key: BackupKey

    package init(
        clusterID: String, clusterName: String, memberName: String, copy: BackupCopy, featureLevel: Int64, madeAt: Int64,
        isCurrent: Bool, key: BackupKey
    ) {
        self.clusterID = clusterID
        self.clusterName = clusterName
        self.memberName = memberName
        position = copy.point.position
        chain = copy.point.chain
        effects = copy.point.effects
        self.featureLevel = featureLevel
        self.madeAt = madeAt
        self.isCurrent = isCurrent
        rows = JSONObject(copy.rowCounts.map { ($0.collection, .integer(Int64($0.count))) })
        stateByteCount = copy.byteCount
        stateHash = copy.hash
        self.key = key
    }

    /// Of one collection, such as `certificates`.
    package func count(of collection: String) -> Int64? { rows[collection]?.integerValue }

    // MARK: As JSON

    /// Without the data key: for people and programs.
    package var publicJSON: JSON {
        var object = described
        switch key {
        case .sealed: object["data_key"] = "sealed under a passphrase"
        case .inClear: object["data_key"] = "in clear"
        }
        return .object(object)
    }

    private var described: JSONObject {
        [
            "cluster_id": .string(clusterID), "cluster_name": .string(clusterName), "member": .string(memberName),
            "index": .integer(Int64(clamping: position.index.rawValue)), "term": .integer(Int64(clamping: position.term.rawValue)),
            "chain": .string(Hex.encode(chain)), "effects": .string(Hex.encode(effects)),
            "feature_level": .integer(featureLevel), "files_format": .integer(Int64(FileHeader.format)),
            "made_at": .string(RFC3339.text(madeAt)), "is_current": .bool(isCurrent), "rows": .object(rows),
            "state_bytes": .integer(Int64(clamping: stateByteCount)), "state_sha256": .string(Hex.encode(stateHash)),
        ]
    }

    func encoded() -> [UInt8] {
        var object = described
        object["key"] = key.json
        return JSON.object(object).encoded()
    }

    init(decoding bytes: ArraySlice<UInt8>, file: String) throws(BackupError) {
        do {
            var reader = try JSONObjectReader(JSON(parsing: bytes))
            let format = try reader.integer("files_format")
            guard format == Int64(FileHeader.format) else {
                throw BackupError.storage(.unsupportedVersion(file: file, found: String(format), supported: FileHeader.format))
            }
            clusterID = try reader.string("cluster_id", min: 1, max: 64)
            clusterName = try reader.string("cluster_name")
            memberName = try reader.string("member")
            position = LogPosition(
                term: Term(UInt64(try reader.integer("term", in: 0...Int64(AppliedPoint.positionMax.term.rawValue)))),
                index: LogIndex(UInt64(try reader.integer("index", in: 0...Int64(AppliedPoint.positionMax.index.rawValue)))))
            chain = try Self.hash("chain", &reader)
            effects = try Self.hash("effects", &reader)
            featureLevel = try reader.integer("feature_level")
            guard let madeAt = RFC3339.seconds(try reader.string("made_at")) else { throw reader.error("made_at", "must be a time") }
            self.madeAt = madeAt
            isCurrent = try reader.bool("is_current")
            guard let rows = try reader.value("rows").objectValue else { throw reader.error("rows", "must be an object") }
            self.rows = rows
            stateByteCount = UInt64(try reader.integer("state_bytes", in: 1...(1 << 50)))
            stateHash = try Self.hash("state_sha256", &reader)
            var key = try reader.object("key")
            self.key = try BackupKey(from: &key)
            try key.finish()
            try reader.finish()
        } catch let error as BackupError {
            throw error
        } catch {
            throw .damaged(file: file, what: "what it says of itself cannot be read (\(error))")
        }
    }

    private static func hash(_ name: String, _ reader: inout JSONObjectReader) throws(JSONFieldError) -> [UInt8] {
        guard let bytes = Hex.decode(try reader.string(name)), bytes.count == SHA256.byteCount else {
            throw reader.error(name, "must be 64 hexadecimal digits")
        }
        return bytes
    }
}
