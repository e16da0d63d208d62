import Cluster
import Crypto
import EventLoop
import HTTP
import HTTPTypes
import Raft
import HashTreeCollections
import JOSE
import TrustStore

/// `GET /` and `GET /1.0`: what a client of Incus asks before anything else (docs/incus.md, "The server").
enum ServerEndpoints {
    static let all: [Endpoint] = [
        .get("/", .open, EndpointDocument(summary: "The API versions")) { (_) throws(Problem) in
            .sync(["/1.0"])
        },
        .get("/1.0", .open, EndpointDocument(summary: "The server, and how it sees the caller")) {
            (exchange) throws(Problem) in
            // Those who may not change it are shown none.
            let config = exchange.caller.holds(.read) ? ServerConfig.json(exchange.state.settings) : .object([:])
            return Answer.sync(exchange.caller.isTrusted ? trusted(exchange, config) : untrusted(config))
                .with(.eTag, EntityTag.of(config))
        },
        .put("/1.0", .scope(.admin), configuration, reading: ServerConfigBody.init) { (exchange, body) async throws(Problem) in
            try await exchange.changeServerConfig(body.config, isWhole: true)
        },
        .patch("/1.0", .scope(.admin), configuration, reading: ServerConfigBody.init) { (exchange, body) async throws(Problem) in
            try await exchange.changeServerConfig(body.config, isWhole: false)
        },
    ]

    private static let configuration = EndpointDocument(
        summary: "The settings that clients of Incus know; PUT sets what is absent back to its default",
        body: [.optional("config", .object, "\(ServerConfig.addTokenExpiry) and \(ServerConfig.joinTokenExpiry), such as 3H or 1d 12H.")],
        unknownMembers: .ignored, statuses: [200, 412])

    /// What we serve of the extensions that clients of Incus look for, and no more: an extension
    /// promised and not served fails in the middle of a command.
    static let extensions = [
        "etag", "patch", "clustering", "clustering_roles", "clustering_edit_roles", "clustering_failure_domains", "clustering_description", "clustering_architecture", "clustering_join_token",
        "clustering_update_cert",
        "cluster_join_token_expiry", "auth_user", "auth_tls_jwt", "api_filtering", "certificate_token", "certificate_update",
        "certificate_project", "certificate_self_renewal", "certificate_description", "explicit_trust_token", "remote_token_expiry", "metrics",
    ]

    private static func common(auth: String, extensions: JSON, config: JSON) -> JSONObject {
        [
            "api_extensions": extensions, "api_status": "stable", "api_version": "1.0", "auth": .string(auth),
            "public": false, "auth_methods": ["tls"], "config": config,
        ]
    }

    private static func untrusted(_ config: JSON) -> JSON {
        .object(common(auth: "untrusted", extensions: .null, config: config))
    }

    private static func trusted(_ exchange: Exchange, _ config: JSON) -> JSON {
        var server = common(auth: "trusted", extensions: .strings(extensions), config: config)
        server["auth_user_name"] = .string(exchange.caller.id)
        server["auth_user_method"] = .string(exchange.caller.authenticationMethod)
        server["environment"] = environment(exchange)
        return .object(server)
    }

    private static func environment(_ exchange: Exchange) -> JSON {
        let cluster = exchange.state.cluster
        let certificate = cluster?.serverCertificate.first.flatMap { try? Certificate(der: $0) }
        let authority = cluster.flatMap { try? Certificate(der: $0.shownAuthority) }
        let next = cluster.flatMap { $0.shownAuthority == $0.caCertificate ? nil : try? Certificate(der: $0.caCertificate) }
        let own = exchange.state.members[exchange.member.id]
        return .object([
            "addresses": .strings(own?.addresses ?? []),
            "architectures": .strings([Build.architecture]),
            "certificate": .string(certificate?.pem ?? ""),
            "certificate_fingerprint": .string(certificate?.fingerprint ?? ""),
            "certificate_authority": .string(authority?.pem ?? ""),
            "certificate_authority_next": .string(next?.pem ?? ""),
            "driver": "", "driver_version": "", "firewall": "",
            "kernel": "Linux", "kernel_architecture": .string(Build.architecture), "kernel_version": "",
            "kernel_features": .object([:]), "lxc_features": .object([:]),
            "os_name": "", "os_version": "", "project": "",
            "server": "credence", "server_clustered": true, "server_event_mode": "",
            "server_name": .string(exchange.member.name), "server_pid": 0,
            "server_version": .string(Build.version),
            "storage": "", "storage_version": "", "storage_supported_drivers": .array([]),
        ])
    }
}

extension Exchange {
    /// Compared with what this member knows after it has asked the leader: two changes of the same moment may both be made.
    fileprivate func changeServerConfig(_ config: JSONObject, isWhole: Bool) async throws(Problem) -> Answer {
        let change: SettingsChange
        do throws(JSONFieldError) {
            change = try ServerConfig.change(config, isWhole: isWhole)
        } catch {
            throw Problem(error)
        }
        if let given = request.head.value(of: .ifMatch) {
            do throws(ProposeError) { _ = try await member.readBarrier(timeout: conditions.timeout) } catch { throw Problem(error) }
            let now = EntityTag.of(ServerConfig.json(member.view.state.settings))
            func bare(_ tag: String) -> String { tag.filter { $0 != "\"" } }
            guard given == "*" || bare(given) == bare(now) else {
                throw Problem(.preconditionFailed, "ETag doesn't match: \(bare(now)) vs \(HeaderText.escaped(bare(given)))")
            }
        }
        if !change.isEmpty { _ = try await propose(.changeSettings(change)) }
        return .sync(.object([:]))
    }
}

extension Caller {
    /// As Incus names it in `auth_user_method`.
    var authenticationMethod: String {
        switch self {
        case .untrusted: ""
        case .operatingSystemUser: "unix"
        case .token: "token"
        case .certificate, .metrics: "tls"
        }
    }
}
