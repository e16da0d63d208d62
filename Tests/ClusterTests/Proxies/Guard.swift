/// A way to guard pages with tokens, shown by an example under `cluster/proxies`.
enum Guard: String, Sendable, CaseIterable {
    case nginx = "nginx.conf"
    case nginxTLS = "nginx-tls.conf"
    case haproxy = "haproxy.cfg"
    case haproxyJWT = "haproxy-jwt.cfg"
    case caddy = "Caddyfile"
    case apache = "apache.conf"
    case apacheJWKS = "apache-jwks.conf"

    var program: String {
        switch self {
        case .nginx, .nginxTLS: "nginx"
        case .haproxy, .haproxyJWT: "haproxy"
        case .caddy: "caddy"
        case .apache, .apacheJWKS: "apache2"
        }
    }

    /// Whether a member is asked about each request. One that is not cannot know what was revoked.
    var asks: Bool {
        switch self {
        case .nginx, .nginxTLS, .haproxy, .caddy, .apache: true
        case .haproxyJWT, .apacheJWKS: false
        }
    }

    /// What it says when no member vouches. Apache's module takes every failure for a bad token.
    var statusWhenNobodyVouches: Int { self == .apache ? 401 : 503 }

    var arguments: (_ folder: String, _ file: String) -> [String] {
        switch program {
        case "nginx": { ["-e", "stderr", "-p", $0, "-c", $1] }
        case "caddy": { ["run", "--adapter", "caddyfile", "--config", $1] }
        case "haproxy": { ["-db", "-C", $0, "-f", $1] }
        default: { ["-D", "FOREGROUND", "-d", $0, "-f", $1] }
        }
    }
}
