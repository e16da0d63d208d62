import Cluster
import Crypto
import HTTPTypes
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
            let config: JSON = .object([:])
            return Answer.sync(exchange.caller.isTrusted ? trusted(exchange, config) : untrusted(config))
                .with(.eTag, EntityTag.of(config))
        },
    ]

    /// What we serve of the extensions that clients of Incus look for, and no more: an extension
    /// promised and not served fails in the middle of a command.
    static let extensions = [
        "etag", "patch", "clustering", "clustering_roles", "clustering_architecture", "clustering_join_token",
        "cluster_join_token_expiry", "auth_user", "auth_tls_jwt", "api_filtering", "certificate_token", "certificate_update",
        "certificate_project", "certificate_self_renewal", "certificate_description", "explicit_trust_token", "metrics",
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
        let authority = cluster.flatMap { try? Certificate(der: $0.caCertificate) }
        let own = exchange.state.members[exchange.member.id]
        return .object([
            "addresses": .strings(own?.addresses ?? []),
            "architectures": .strings([Build.architecture]),
            "certificate": .string(certificate?.pem ?? ""),
            "certificate_fingerprint": .string(certificate?.fingerprint ?? ""),
            "certificate_authority": .string(authority?.pem ?? ""),
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

extension Caller {
    /// As Incus names it in `auth_user_method`.
    var authenticationMethod: String {
        switch self {
        case .untrusted: ""
        case .operatingSystemUser: "unix"
        case .token: "token"
        case .certificate: "tls"
        }
    }
}
