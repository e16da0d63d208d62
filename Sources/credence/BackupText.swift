import Cluster
import JOSE

/// What a backup is, in words.
enum BackupText {
    static func summary(_ backup: Backup, now: Int64) -> JSON {
        let counted = [
            ("members", "members"), ("certificates", "certificates"), ("authorities", "authorities"), ("signing keys", "signing_keys"),
            ("imported keys", "imported_keys"), ("named tokens", "named_tokens"), ("revoked tokens", "revoked_tokens"),
            ("other revocations", "broad_revocations"),
        ]
        return .object(
            JSONObject(
                [
                    ("cluster", .string("\(backup.clusterName) (\(backup.clusterID))")), ("made by", .string(backup.memberName)),
                    ("made at", .string("\(RFC3339.text(backup.madeAt)), \(age(of: backup, now: now)) ago")),
                    ("entries through", .integer(Int64(clamping: backup.index))),
                ] + counted.map { ($0.0, JSON.integer(backup.count(of: $0.1))) } + [
                    ("bytes", .integer(Int64(clamping: backup.byteCount))),
                    ("data key", .string(backup.holdsKeyInClear ? "IN CLEAR" : "sealed under a passphrase")),
                ]))
    }

    static func warnings(_ backup: Backup, file: String) -> [String] {
        var warnings: [String] = []
        if backup.holdsKeyInClear {
            warnings.append("WARNING: the data key in \(file) is not sealed: whoever reads the file has every key of the cluster")
        }
        if !backup.isCurrent {
            warnings.append("WARNING: the member could not prove that its state was current when it made this; newer changes may be missing")
        }
        return warnings
    }

    /// The two largest units.
    static func age(of backup: Backup, now: Int64) -> String {
        var left = max(0, now - backup.madeAt)
        var parts: [String] = []
        for (unit, seconds) in [("d", Int64(86_400)), ("h", 3_600), ("min", 60), ("s", 1)] {
            if left >= seconds || unit == "s" && parts.isEmpty { parts.append("\(left / seconds) \(unit)") }
            left %= seconds
        }
        return parts.prefix(2).joined(separator: " ")
    }
}
