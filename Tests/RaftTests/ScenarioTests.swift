import Testing

/// Scenarios are text: commands, `----`, and what must come of them (see Scenarios/README.md).
@Suite struct ScenarioTests {
    static let names = [
        "append-ack-waits-for-disk", "append-conflicts", "catching-up-from-disk", "check-quorum",
        "commit-is-capped", "configuration-rollback", "figure-8", "late-duplicates", "leader-counts-itself-when-durable",
        "leader-with-a-stuck-disk", "learner-promotion", "older-term-is-told", "one-voter", "overwritten-writes", "pre-vote",
        "read-index", "read-index-of-a-follower", "reads-between-heartbeats", "removed-leader", "slow-learner", "two-leaders-stop-the-member", "up-to-date",
        "vote-survives-restart", "vote-waits-for-disk", "leadership-transfer", "leadership-transfer-aborts",
        "leadership-transfer-is-refused", "transfer-gives-no-second-vote", "snapshot-for-a-member-behind", "snapshot-resumes",
        "no-campaign-during-an-installation", "recovering-after-loss", "healing-by-snapshot", "snapshot-has-committed-voters", "reads-after-a-transfer-that-failed",
    ]

    @Test("a scenario comes out as written", arguments: names)
    func scenario(name: String) throws {
        let folder = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        let path = "\(folder)/Scenarios/\(name).txt"
        let written = try #require(TextFile.read(path), "no file for scenario \(name)")
        let actual = try ScenarioScript(written).run()
        // Regenerated text must be understood before it is committed: it is the specification.
        if actual != written, TextFile.isSet("CREDENCE_REWRITE_SCENARIOS") { _ = TextFile.write(actual, to: path) }
        #expect(actual == written, "\(name) came out as:\n\(actual)")
        #expect(written.contains("§"), "a scenario names the section whose rule it shows")
    }
}
