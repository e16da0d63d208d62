import Crypto
import JOSE

/// What the answers of members mean for who runs them. Values in, values out; times in Unix seconds.
struct Diagnosis {
    let now: Int64

    static let skewWarningMilliseconds: Int64 = 500
    static let skewFailureMilliseconds: Int64 = 5_000
    static let lagWarning: Int64 = 1_000
    static let expiryWarningSeconds: Int64 = 30 * 86_400
    static let listWarningSeconds: Int64 = 86_400

    /// Of `GET /1.0/cluster/status` of one member.
    func cluster(_ status: JSON) -> [Finding] {
        let members = status["members"]?.arrayValue ?? []
        return [leader(status), member(status), quorum(members), versions(members)] + members.flatMap(member(of:))
    }

    private func leader(_ status: JSON) -> Finding {
        if let leader = status["leader"]?.stringValue {
            return Finding(check: "leader", outcome: .good, detail: "\(leader) leads, term \(Table.cell(status["term"]))")
        }
        return Finding(
            check: "leader", outcome: .failure, detail: "this member knows of no leader, so nothing can be changed",
            advice: "start the members that are offline; if most of the voters are lost for ever: credence member recover")
    }

    private func member(_ status: JSON) -> Finding {
        let troubles = [
            ("halted", "restart it; its log says whether that helps"), ("out_of_service", "credence member heal"),
            ("storage_trouble", "make room on its disk, or replace the disk"),
        ]
        for (name, advice) in troubles {
            guard let reason = status[name]?.stringValue else { continue }
            return Finding(check: "asked member", outcome: .failure, detail: reason, advice: advice)
        }
        if status["recovering"] == true {
            return Finding(
                check: "asked member", outcome: .warning, detail: "its disk lost what it had acknowledged; it gets that back and does not vote until then")
        }
        return Finding(check: "asked member", outcome: .good, detail: "takes part in the log, applied index \(Table.cell(status["applied_index"]))")
    }

    private func quorum(_ members: [JSON]) -> Finding {
        let voters = members.filter { $0["role"] == "voter" }
        let online = voters.count { $0["state"] == "online" }
        let needed = voters.count / 2 + 1
        let spare = online - needed
        let detail = "\(online) of \(voters.count) voters online, \(needed) needed"
        if spare < 0 {
            return Finding(
                check: "quorum", outcome: .failure, detail: detail,
                advice: "start the voters that are offline; if they are lost for ever: credence member recover")
        }
        if spare == 0 {
            return Finding(
                check: "quorum", outcome: .warning, detail: "\(detail): none may fail",
                advice: online < voters.count
                    ? "bring the others back, or replace them: credence cluster remove, then cluster add" : "add members: credence cluster add NAME")
        }
        return Finding(check: "quorum", outcome: .good, detail: "\(detail): \(spare) may fail")
    }

    private func versions(_ members: [JSON]) -> Finding {
        let versions = Set(members.compactMap { $0["version"]?.stringValue }).sorted()
        if versions.count > 1 {
            return Finding(
                check: "versions", outcome: .warning, detail: "members run \(versions.joined(separator: " and "))",
                advice: "upgrade the older ones; new kinds of changes wait for that")
        }
        return Finding(check: "versions", outcome: .good, detail: versions.first ?? "unknown")
    }

    private func member(of entry: JSON) -> [Finding] {
        let name = entry["name"]?.stringValue ?? "?"
        guard entry["state"] == "online" else {
            let silence = entry["last_contact_ms"]?.integerValue.map { "no word for \($0 / 1_000) s" } ?? "no word since this member started"
            return [
                Finding(
                    check: "member \(name)", outcome: .failure, detail: silence,
                    advice: "look at its process and its log (journalctl -u credence); if the machine is gone: credence cluster remove \(name)")
            ] + certificate(entry, name)
        }
        return [progress(entry, name), clock(entry, name)] + certificate(entry, name)
    }

    private func progress(_ entry: JSON, _ name: String) -> Finding {
        if let lag = entry["lag"]?.integerValue, lag > Self.lagWarning {
            return Finding(
                check: "member \(name)", outcome: .warning, detail: "\(lag) entries behind",
                advice: "wait, if it has just started; else look at the load of its disk and network")
        }
        return Finding(check: "member \(name)", outcome: .good, detail: "online, \(Table.cell(entry["role"])), up to date")
    }

    private func clock(_ entry: JSON, _ name: String) -> Finding {
        let check = "clock of \(name)"
        guard let skew = entry["clock_skew_ms"]?.integerValue else {
            return Finding(check: check, outcome: .skipped, detail: "it has not said its time yet")
        }
        let size = skew.magnitude
        let detail = "\(size) ms \(skew < 0 ? "behind" : "ahead of") the asked member"
        let advice = "set up NTP on both (timedatectl set-ntp true); a token's times are judged by each member's own clock"
        if size >= UInt64(Self.skewFailureMilliseconds) { return Finding(check: check, outcome: .failure, detail: detail, advice: advice) }
        if size >= UInt64(Self.skewWarningMilliseconds) { return Finding(check: check, outcome: .warning, detail: detail, advice: advice) }
        return Finding(check: check, outcome: .good, detail: detail)
    }

    private func certificate(_ entry: JSON, _ name: String) -> [Finding] {
        guard let text = entry["certificate_expires_at"]?.stringValue, let expiresAt = RFC3339.seconds(text) else { return [] }
        return [expiry("certificate of \(name)", expiresAt, advice: "the leader renews it by itself; its log says why it does not")]
    }

    private func expiry(_ check: String, _ expiresAt: Int64, advice: String) -> Finding {
        let detail = "until \(RFC3339.text(expiresAt))"
        if expiresAt <= now { return Finding(check: check, outcome: .failure, detail: "expired: \(detail)", advice: advice) }
        if expiresAt - now < Self.expiryWarningSeconds { return Finding(check: check, outcome: .warning, detail: detail, advice: advice) }
        return Finding(check: check, outcome: .good, detail: detail)
    }

    /// Of `GET /1.0`: what clients see.
    func serverCertificate(_ server: JSON) -> Finding {
        let check = "certificate for clients"
        guard let pem = server["environment"]?["certificate"]?.stringValue, let certificate = try? Certificate(pem: pem) else {
            return Finding(check: check, outcome: .skipped, detail: "the member does not tell it to this caller")
        }
        return expiry(check, certificate.notAfterAt, advice: "one of the cluster's CA is renewed by itself; your own: credence cluster update-certificate")
    }

    /// Of `GET /readyz`.
    func readiness(_ reason: String?) -> Finding {
        guard let reason else { return Finding(check: "ready", outcome: .good, detail: "the asked member vouches for tokens") }
        return Finding(
            check: "ready", outcome: .failure, detail: reason,
            advice: "a member vouches once it has heard from a leader with a majority behind it; see the lines below")
    }

    /// Of `GET /1.0/keys`.
    func keys(_ keys: JSON) -> Finding {
        let active = (keys.arrayValue ?? []).filter { $0["state"] == "active" }.compactMap { $0["algorithm"]?.stringValue }
        guard !active.isEmpty else {
            return Finding(check: "signing keys", outcome: .failure, detail: "none is active, so no token can be made", advice: "credence key rotate")
        }
        return Finding(check: "signing keys", outcome: .good, detail: "active: \(Set(active).sorted().joined(separator: ", "))")
    }

    /// Of `GET /1.0/crls`.
    func revocationLists(_ lists: JSON) -> [Finding] {
        (lists.arrayValue ?? []).compactMap { list in
            guard let text = list["next_update"]?.stringValue, let next = RFC3339.seconds(text) else { return nil }
            let isOwn = list["authority"] == nil
            let check = isOwn ? "the cluster's CRL" : "CRL of \(Table.cell(list["issuer"]))"
            let advice = isOwn ? "the leader signs it anew by itself; its log says why it does not" : "credence authority import-crl, or give the authority a --crl-url"
            if next <= now { return Finding(check: check, outcome: .failure, detail: "overdue since \(text)", advice: advice) }
            if next - now < Self.listWarningSeconds { return Finding(check: check, outcome: .warning, detail: "next due \(text)", advice: advice) }
            return Finding(check: check, outcome: .good, detail: "next due \(text)")
        }
    }

    /// What each member says of the others.
    ///
    /// - Parameter answers: by name; the status, or why there is none.
    func reachability(_ answers: [(name: String, status: Result<JSON, CommandFailure>)]) -> [Finding] {
        answers.map { name, answer in
            let check = "seen from \(name)"
            switch answer {
            case .failure(let failure):
                return Finding(
                    check: check, outcome: .warning, detail: "it cannot be asked from here: \(failure.message)",
                    advice: "is its address right (credence cluster address), and its port open to this machine?")
            case .success(let status):
                let silent = (status["members"]?.arrayValue ?? []).filter { $0["state"] != "online" }.compactMap { $0["name"]?.stringValue }
                guard !silent.isEmpty else { return Finding(check: check, outcome: .good, detail: "all members answer it") }
                return Finding(
                    check: check, outcome: .failure, detail: "does not hear \(silent.joined(separator: ", "))",
                    advice: "open the port between these machines, both ways")
            }
        }
    }
}
