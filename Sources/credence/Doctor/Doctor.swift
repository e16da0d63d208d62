import ArgumentParser
import EventLoop
import HTTP
import HTTPTypes
import JOSE
import TLS

/// Looks at everything that goes wrong with clusters, and says what to do.
struct Doctor: Verb {
    static let configuration = CommandConfiguration(
        abstract: "Look at clocks, certificates, versions, keys, CRLs and the connections between all members, and say what to do.",
        discussion: "Ends with 0 when nothing failed, warnings or not, and with 1 otherwise.")
    @Flag(help: "Only what is not all right.") var brief = false
    @OptionGroup var connection: ConnectionOptions

    func perform() async throws(CommandFailure) {
        let remote = try connection.remote()
        let diagnosis = Diagnosis(now: WallClock.nowSeconds())
        var findings = [diagnosis.readiness(try await readiness(of: remote))]
        let status = try await remote.get("/1.0/cluster/status")
        let server = try await remote.get("/1.0")
        findings += diagnosis.cluster(status)
        findings.append(diagnosis.serverCertificate(server))
        findings += await look("signing keys") { () async throws(CommandFailure) in [diagnosis.keys(try await remote.get("/1.0/keys"))] }
        findings += await look("CRLs") { () async throws(CommandFailure) in diagnosis.revocationLists(try await remote.get("/1.0/crls")) }
        findings += await look("connections between members") { () async throws(CommandFailure) in
            diagnosis.reachability(try await askAll(of: status, server, remote))
        }
        show(findings)
        let failures = findings.count { $0.outcome == .failure }
        guard failures == 0 else { throw .refused(failures == 1 ? "one check failed" : "\(failures) checks failed") }
    }

    private func show(_ findings: [Finding]) {
        let shown = findings.filter { !brief || $0.outcome != .good }
        connection.format.show(
            .array(shown.map(\.json)),
            columns: [.init("CHECK", "check"), .init("OUTCOME", "outcome"), .init("DETAIL", "detail"), .init("WHAT TO DO", "advice")])
    }

    /// A check that this caller may not make is said to be left out.
    private func look(_ name: String, _ work: () async throws(CommandFailure) -> [Finding]) async -> [Finding] {
        do throws(CommandFailure) {
            return try await work()
        } catch {
            return [Finding(check: name, outcome: .skipped, detail: error.message)]
        }
    }

    /// Nil when it is ready.
    private func readiness(of remote: Remote) async throws(CommandFailure) -> String? {
        let answer = try await remote.send(ClientRequest(method: .get, target: "/readyz", fields: [.userAgent: "credence"], body: .none))
        guard answer.status != .ok else { return nil }
        let json = try? JSON(trusting: answer.body)
        let text = json?["reason"]?.stringValue ?? json?["error"]?.stringValue ?? String(decoding: answer.body.prefix(200), as: UTF8.self)
        return Table.printable(text)
    }

    private static let tokenSeconds: Int64 = 60
    private static let askTimeout: Duration = .seconds(5)

    /// Each member at its own address, by a token of a minute that only reads.
    private func askAll(
        of status: JSON, _ server: JSON, _ remote: Remote
    ) async throws(CommandFailure) -> [(name: String, status: Result<JSON, CommandFailure>)] {
        guard let fingerprint = server["environment"]?["certificate_fingerprint"]?.stringValue, !fingerprint.isEmpty else {
            throw .refused("the member does not tell its certificate to this caller")
        }
        let minted = try await remote.post(
            "/1.0/tokens", ["subject": "doctor", "scopes": ["read"], "expires_in": .integer(Self.tokenSeconds)])
        guard let token = minted["token"]?.stringValue else { throw .refused("no token could be made") }
        var answers: [(name: String, status: Result<JSON, CommandFailure>)] = []
        for member in status["members"]?.arrayValue ?? [] {
            guard let name = member["name"]?.stringValue, let address = member["addresses"]?.arrayValue?.first?.stringValue else { continue }
            do throws(CommandFailure) {
                let endpoint = try RemoteEndpoint.of(address, nil, .leafFingerprint(fingerprint))
                let asked = Remote(name: address, endpoint: endpoint, token: token)
                answers.append((name, .success(try await asked.call(.get, "/1.0/cluster/status", body: nil, timeout: Self.askTimeout))))
            } catch {
                answers.append((name, .failure(error)))
            }
        }
        return answers
    }
}
