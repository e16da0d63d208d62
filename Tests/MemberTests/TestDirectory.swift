import Cluster
import Crypto
import EventLoop
import Glibc
import Logging
import Testing
import Tokens
import TrustStore

/// A data directory that is removed with the value that owns it.
final class TestDirectory: Sendable {
    let path: String
    let passphrase: String?

    init(passphrase: String? = nil) throws {
        path = "/tmp/credence-test-\(Hex.encode(SecureRandom.bytes(8)))"
        self.passphrase = passphrase
    }

    func start(
        joinToken: String? = nil, passphrase other: String?? = nil, logKept: Int? = nil
    ) async throws -> StartedMember {
        let passphrase = other ?? self.passphrase
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        var options = MemberOptions(
            dataDirectory: path, name: "n1", advertise: ["127.0.0.1:8443"], joinToken: joinToken,
            encryptsKeystore: self.passphrase != nil, passphrase: passphrase.map { SecretBytes(Array($0.utf8)) })
        if let logKept { options.logKeptEntries = logKept }
        options.timing.electionTicks = 10
        options.timing.heartbeatTicks = 2
        return try await Member.start(options, logger: logger) { reason in Issue.record("halted: \(reason)") }
    }

    /// A member that vouches.
    func ready() async throws -> Member {
        let member = try await start().member
        try await member.readBarrier()
        try await member.untilFresh()
        return member
    }

    deinit {
        let files = ["lock", "member.json", "keystore.json", "keystore.key", "lineage.json", "log.db.mark", "reserve"]
            + ["log.db", "state.db", "audit.db"].flatMap { [$0, $0 + "-wal", $0 + "-shm"] }
        for file in files { try? PrivateFile.remove(path + "/" + file) }
        _ = unsafe rmdir(path + "/snapshots")
        _ = unsafe rmdir(path)
    }
}

extension Member {
    func reason(of token: String) -> RejectionReason? {
        verify(Array(token.utf8).span, in: view, expecting: Expectation(), cache: nil).reason
    }

    /// A member asks for its first proof of currency by its own clock; each barrier gives it time for it.
    func untilFresh() async throws {
        try await until { _ in self.freshness(of: self.view).isFresh }
    }

    /// Waits for a state of the view, at the pace of the log itself.
    func until(_ condition: (MemberView) -> Bool) async throws {
        for _ in 0..<100_000 {
            if condition(view) { return }
            try await readBarrier()
        }
        Issue.record("the state did not come")
    }
}
