import Cluster
import HTTPTypes
import HashTreeCollections
import JOSE
import Raft
import TrustStore

/// `/metrics` and `/1.0/metrics`: for Prometheus, by a token with the scope read, a client certificate, or one of type metrics.
enum MetricsEndpoints {
    static let all: [Endpoint] = ["/metrics", "/1.0/metrics"].map { path in
        .getWaiting(path, .scopeOrMetrics(.read), EndpointDocument(summary: "Metrics in the text format of Prometheus")) {
            (exchange) async throws(Problem) in
            let status = await exchange.member.status()
            return Answer(status: .ok, body: .plain(Array(text(exchange, status).utf8), contentType: PrometheusText.mediaType))
        }
    }

    private static func text(_ exchange: Exchange, _ status: ClusterStatus) -> String {
        var text = PrometheusText()
        addMember(to: &text, exchange, status)
        addCluster(to: &text, exchange, status)
        addLists(to: &text, exchange)
        addRequests(to: &text, exchange.settings.counters)
        return text.text
    }

    private static func addMember(to text: inout PrometheusText, _ exchange: Exchange, _ status: ClusterStatus) {
        let freshness = exchange.member.freshness(of: exchange.view)
        let own = status.members.first { $0.id == exchange.member.id }
        text.add("info", .gauge, "The program's version and the member's name, as labels.", [([("version", Build.version), ("member", exchange.member.name)], 1)])
        text.add("ready", .gauge, "1 while this member would vouch for tokens, as /readyz says it.", freshness.vouches && exchange.member.trouble == nil ? 1 : 0)
        text.add("state_age_seconds", .gauge, "Since this member's state was provably current.", freshness.ageMilliseconds.map { Double($0) / 1_000 })
        text.add("raft_term", .gauge, "The current term.", Double(status.term.rawValue))
        text.add("raft_commit_index", .gauge, "The newest entry known to be committed.", Double(status.commitIndex.rawValue))
        text.add("raft_applied_index", .gauge, "The newest entry that has taken effect here.", Double(status.appliedIndex.rawValue))
        text.add("raft_is_leader", .gauge, "1 on the leader.", status.leader == exchange.member.id ? 1 : 0)
        text.add("raft_is_voter", .gauge, "1 on a member that votes.", own?.role == .voter ? 1 : 0)
    }

    private static func addCluster(to text: inout PrometheusText, _ exchange: Exchange, _ status: ClusterStatus) {
        let state = exchange.state
        func each(_ value: (MemberStatus) -> Double?) -> [(labels: [(String, String)], value: Double?)] {
            status.members.map { ([("member", $0.name)], value($0)) }
        }
        text.add("member_online", .gauge, "1 for each member heard of lately, as seen from here.", each { $0.state == .online ? 1 : 0 })
        text.add("member_lag_entries", .gauge, "Committed entries that a member has still to apply.", each { $0.lag.map { Double($0) } })
        text.add("member_clock_skew_seconds", .gauge, "A member's wall clock less this one's.", each { $0.clockSkewMilliseconds.map { Double($0) / 1_000 } })
        text.add("member_certificate_expiry_timestamp_seconds", .gauge, "When a member's own certificate expires.", each { $0.certificateExpiresAt.map { Double($0) } })
        let stored: [(String, Int)] = [
            ("members", state.members.count), ("signing_keys", state.signingKeys.count), ("imported_keys", state.importedKeys.count),
            ("certificates", state.certificates.count), ("named_tokens", state.namedTokens.count), ("revoked_tokens", state.revokedTokens.count),
            ("broad_revocations", state.broadRevocations.count), ("join_tokens", state.joinTokens.count), ("add_tokens", state.addTokens.count),
        ]
        text.add("stored", .gauge, "What the replicated state holds, by kind.", stored.map { ([("kind", $0.0)], Double($0.1)) })
    }

    private static func addLists(to text: inout PrometheusText, _ exchange: Exchange) {
        let authorities = exchange.authorities
        func each(_ value: (AuthorityDescription) -> Double?) -> [(labels: [(String, String)], value: Double?)] {
            authorities.map { ([("authority", String($0.record.fingerprint.prefix(12))), ("name", $0.record.name)], value($0)) }
        }
        text.add("crl_next_update_timestamp_seconds", .gauge, "Until when an authority's CRL is good.", each { $0.list.map { Double($0.contents.nextUpdateAt) } })
        text.add(
            "crl_fetch_failures", .gauge, "Fetches of an authority's CRL that failed in a row; on the leader, which fetches.",
            each { $0.attempt.flatMap { $0.nextAt == nil ? nil : Double($0.failures) } })
        let counts = exchange.member.revocationListCounts
        text.add(
            "crl_fetches_total", .counter, "Fetches of CRLs from this member since its start, by how they ended.",
            [([("result", "done")], Double(counts.done)), ([("result", "failed")], Double(counts.failed))])
    }

    private static func addRequests(to text: inout PrometheusText, _ counters: RequestCounters) {
        text.add("http_answers_total", .counter, "Answers since the start, by class of status.", counters.answersByClass.map { ([("class", $0.name)], Double($0.count)) })
        text.add("tokens_accepted_total", .counter, "Tokens found good, of callers and of those asked about.", Double(counters.acceptedCount))
        text.add("tokens_refused_total", .counter, "Tokens found bad, by reason.", counters.refusedByReason.map { ([("reason", $0.name)], Double($0.count)) })
        text.add("calls_refused_total", .counter, "Calls by somebody without the scope that they need.", Double(counters.refusedCallsCount))
    }
}
