import Testing

/// What one layer may know of the others.
struct LayerRule: Sendable, CustomTestStringConvertible {
    let name: String
    let mayImport: Set<String>
    let mayImportC: Bool

    var testDescription: String { name }

    init(_ name: String, imports: Set<String> = [], c: Bool = false) {
        self.name = name
        mayImport = imports
        mayImportC = c
    }

    /// The lowest first. A layer that is missing from `imports` is out of reach, even when it stands lower.
    static let bottomUp: [LayerRule] = [
        LayerRule("CUV"),
        LayerRule("COpenSSL"),
        LayerRule("CSodium"),
        LayerRule("EventLoop", imports: ["CUV"], c: true),
        LayerRule("Crypto", imports: ["COpenSSL", "CSodium"], c: true),
        LayerRule("TLS", imports: ["COpenSSL", "Crypto", "EventLoop"], c: true),
        LayerRule("HTTP", imports: ["EventLoop", "TLS", "Crypto"]),
        LayerRule("JOSE", imports: ["Crypto"]),
        LayerRule("Raft"),
        LayerRule("TrustStore", imports: ["JOSE", "Raft"]),
        LayerRule("Tokens", imports: ["TrustStore", "Raft", "JOSE", "Crypto"]),
        LayerRule("Storage", imports: ["Raft", "TrustStore", "JOSE", "Crypto"], c: true),
        LayerRule("Cluster", imports: ["Raft", "TrustStore", "Tokens", "JOSE", "Storage", "HTTP", "TLS", "Crypto", "EventLoop"]),
        LayerRule("API", imports: ["Cluster", "TrustStore", "Tokens", "JOSE", "HTTP", "TLS", "Crypto", "EventLoop", "Raft"]),
        LayerRule(
            "credence",
            imports: ["API", "Cluster", "TrustStore", "Tokens", "JOSE", "HTTP", "TLS", "Crypto", "EventLoop"]),
    ]

    /// Asking for a passphrase without showing it is a matter of the terminal, which no layer below has a use for.
    static let filesThatMayImportC: Set = ["credence/Terminal.swift"]
}
