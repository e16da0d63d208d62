import FoundationEssentials
import Subprocess
import Testing

/// A proxy that runs one of the examples before an application, in front of a cluster. Made by `withGuardedPages`.
struct GuardedPages: Sendable {
    let cluster: TestCluster
    let port: Int
    let log: String

    /// A request by a client who also claims, in every spelling, to be somebody.
    func ask(_ token: String?, method: String = "GET", body: String? = nil) async throws -> Answer {
        var arguments = ["http://127.0.0.1:\(port)/page?x=1"]
        if let token { arguments += ["--header", "Authorization: Bearer \(token)"] }
        for name in Self.claimedNames { arguments += ["--header", "\(name): mallory"] }
        if method == "HEAD" { arguments.append("--head") }
        if body != nil { arguments += ["--data-binary", "@-"] }
        return try await Member.curl(arguments, input: body)
    }
}

extension GuardedPages {
    /// Each as the proxies write it, and with every choice of underscores for dashes.
    private static let claimedNames = ["X-Auth-Subject", "x-auth-scopes", "X-Auth-Token-Id", "X-Auth-Method"].flatMap { name in
        name.split(separator: "-").dropFirst().reduce([String(name.prefix { $0 != "-" })]) { spellings, part in
            spellings.flatMap { ["\($0)-\(part)", "\($0)_\(part)"] }
        }
    }

    /// What the examples demand of a token.
    static let scope = "reports", audience = "reports.example"

    fileprivate static func configuration(
        of kind: Guard, _ cluster: TestCluster, listen: Int, loopback: Int, application: Int, folder: String
    ) async throws -> GuardExample {
        var example = try GuardExample(kind.rawValue)
        let members = await cluster.members
        try example.replace("127.0.0.1:8080", by: "127.0.0.1:\(listen)")
        try example.replace("127.0.0.1:9000", by: "127.0.0.1:\(application)")
        let authority = "\(folder)/credence-authority.crt"
        switch kind {
        case .nginx, .haproxy, .caddy:
            try example.replace("127.0.0.1:8451", by: "127.0.0.1:\(loopback)")
        case .nginxTLS:
            for (index, port) in [8441, 8442, 8443].enumerated() {
                try example.replace("127.0.0.1:\(port)", by: members[index % members.count].address)
            }
            try example.replace("/etc/nginx/credence-authority.crt", by: authority)
        case .haproxyJWT:
            try example.replace("https://127.0.0.1:8441", by: "https://\(members[0].address)")
            try example.replace("/etc/haproxy/credence-key.pem", by: "\(folder)/credence-key.pem")
        case .apache, .apacheJWKS:
            try example.replace("https://127.0.0.1:8441", by: "https://\(members[0].address)")
            try example.replace("/etc/apache2/credence-authority.crt", by: authority)
            if kind == .apache { try example.replace("/etc/apache2/credence-token.conf", by: "\(folder)/credence-token.conf") }
        }
        return example
    }

    /// The files that the examples tell their readers to make, by the commands that they name.
    fileprivate static func writeFiles(for cluster: TestCluster, to folder: String) async throws {
        let member = await cluster[0], admin = await cluster.adminToken
        let authority = try await member.operate("cluster", "certificate", "--authority")
        try Files.write(authority.output, to: "\(folder)/credence-authority.crt")
        try Files.write(try await member.operate("key", "export").output, to: "\(folder)/credence-key.pem")
        let token = try await member.mint("apache", by: admin)
        try Files.write("OIDCOAuthIntrospectionClientAuthBearerToken \"\(token)\"\n", to: "\(folder)/credence-token.conf")
        try Files.write(try GuardExample("credence.lua").text, to: "\(folder)/credence.lua")
    }
}

/// A cluster whose first member also listens on loopback, and pages that are guarded by `kind`, for the length of `body`.
func withGuardedPages(
    _ kind: Guard, members names: [String] = ["m1"], _ body: (GuardedPages) async throws -> Void
) async throws {
    let loopback = try await FreePorts.take()
    let folder = try await GuardProgram.makeFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try await withCluster(names, firstArguments: ["--listen-loopback", "\(loopback)"]) { cluster in
        let application = try await Application.start(in: folder)
        let pages = GuardedPages(cluster: cluster, port: try await FreePorts.take(), log: "\(folder)/guard.log")
        let file = "\(folder)/\(kind.rawValue)"
        try await GuardedPages.writeFiles(for: cluster, to: folder)
        let example = try await GuardedPages.configuration(
            of: kind, cluster, listen: pages.port, loopback: loopback, application: application.port, folder: folder)
        try Files.write(example.text, to: file)
        let server = try await GuardProgram.start(kind.program, kind.arguments(folder, file), folder: folder, log: pages.log)
        do {
            _ = try await eventually("\(kind.program) serves") {
                guard server.isRunning else { throw TestFailure("\(kind.program) ended:\n\(Files.tail(pages.log))") }
                return try await pages.ask(nil).status == 0 ? nil : true
            }
            try await body(pages)
            #expect(server.isRunning, "\(kind.program) must still run:\n\(Files.tail(pages.log))")
        } catch {
            _ = try? await server.end(by: .terminate)
            await application.end()
            throw error
        }
        _ = try await server.end(by: .terminate)
        await application.end()
    }
}
