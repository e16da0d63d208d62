package import Crypto
package import TrustStore

/// How one member is started: what `credence serve` was told, checked.
package struct MemberOptions: Sendable {
    /// Holds everything this member keeps; made with mode 0700 when absent.
    package var dataDirectory: String
    /// Unique in the cluster. Used when founding; a joiner's name comes from its token.
    package var name: String
    /// `HOST:PORT`, where other members and clients reach this one; at least one.
    package var advertise: [String]
    /// False: `advertise` is a guess, good enough to found or join with, but not to replace what the cluster knows.
    package var announcesAddresses = false
    /// The text of a join token; nil founds a cluster when the directory is empty.
    package var joinToken: String?
    /// False keeps the data key in a 0600 file instead of under a passphrase.
    package var encryptsKeystore: Bool
    package var passphrase: SecretBytes?
    /// Where to write the first admin token, when founding.
    package var saveToken: String?
    package var timing: MemberTiming
    /// Entries of the log that are kept behind the applied state, for members that are a little behind; one that
    /// is further behind gets a snapshot.
    package var logKeptEntries = 16_384

    package static let logKeptEntriesRange = 1...10_000_000
    /// Space kept for what must be written when the disk is full: a sixteenth of the file system at most; 0 keeps none.
    package var reserveBytesMax: UInt64 = 64 << 20
    package static let reserveMebibytesRange = 0...65_536
    /// How often the file of the applied state is looked through for damage.
    package var scrubPeriod: Duration = .seconds(3_600)
    package static let scrubSecondsRange = 1...2_592_000
    /// How much of the audit record this member keeps behind its log.
    package var auditRetention = AuditRetention.everything
    package static let auditEntriesRange = 1...1_000_000_000
    package static let auditDaysRange = 1...36_500

    package init(
        dataDirectory: String, name: String, advertise: [String], joinToken: String? = nil,
        encryptsKeystore: Bool = true, passphrase: SecretBytes? = nil, saveToken: String? = nil,
        timing: MemberTiming = MemberTiming()
    ) {
        self.dataDirectory = dataDirectory
        self.name = name
        self.advertise = advertise
        self.joinToken = joinToken
        self.encryptsKeystore = encryptsKeystore
        self.passphrase = passphrase
        self.saveToken = saveToken
        self.timing = timing
    }
}

extension MemberOptions: CustomStringConvertible, CustomDebugStringConvertible {
    /// Without the join token and the passphrase.
    package var description: String { "member \(name) in \(dataDirectory)" }
    package var debugDescription: String { description }
}

/// The log's clock. Must be the same on every member of a cluster.
package struct MemberTiming: Equatable, Sendable {
    /// One tick of the Raft core.
    package var tick: Duration = .milliseconds(20)
    /// Ticks between heartbeats (100 ms) and the election timeout E (1 s, drawn from E to 2E).
    package var heartbeatTicks = 5
    package var electionTicks = 50

    package init() {}
}
