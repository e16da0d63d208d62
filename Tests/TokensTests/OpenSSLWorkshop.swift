import Crypto
import FoundationEssentials
import Subprocess

/// Certificates and revocation lists made by the `openssl` command in a directory of its own, and its verdict about them.
final class OpenSSLWorkshop {
    struct CommandFailure: Error { let text: String }

    let folder: URL
    private var crlNumbers: [String: Int] = [:]

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "credence-authorities-\(Hex.encode(SecureRandom.bytes(8)))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    func path(_ name: String) -> String { folder.appending(path: name).path }

    func write(_ name: String, _ text: String) throws { try Data(text.utf8).write(to: folder.appending(path: name)) }

    func read(_ name: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: folder.appending(path: name))) }

    func certificate(_ name: String) throws -> Certificate { try Certificate(pem: String(decoding: read("\(name).pem"), as: UTF8.self)) }

    /// For tests in which no error but ours may be thrown: of what cannot be read there is nothing.
    func list(_ name: String) -> [UInt8] { (try? read("\(name).crl")) ?? [] }

    @discardableResult
    func openssl(_ arguments: [String]) async throws -> String {
        let result = try await run(
            .name("openssl"), arguments: Arguments(arguments), output: .string(limit: 1 << 16), error: .string(limit: 1 << 16))
        let text = result.standardOutput + result.standardError
        guard result.terminationStatus.isSuccess else { throw CommandFailure(text: text) }
        return text
    }

    static let authority = ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign"]
    static let client = ["basicConstraints=critical,CA:FALSE", "keyUsage=critical,digitalSignature", "extendedKeyUsage=clientAuth"]

    private func key(_ name: String, _ kind: [String]) async throws {
        try await openssl(["genpkey", "-out", path("\(name).key")] + kind)
    }

    private static let p256 = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]

    static let rsa = ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]
    static let ed25519 = ["-algorithm", "ED25519"]

    func root(
        _ name: String, subject: String? = nil, days: Int = 3650, key kind: [String] = p256, extensions: [String] = authority
    ) async throws {
        try await key(name, kind)
        try write("\(name).cnf", "[req]\ndistinguished_name=dn\nprompt=no\nx509_extensions=v3\n[dn]\nCN=\(subject ?? name)\n[v3]\n"
            + (extensions + ["subjectKeyIdentifier=hash", "authorityKeyIdentifier=keyid:always"]).joined(separator: "\n") + "\n")
        try await openssl(["req", "-x509", "-new", "-config", path("\(name).cnf"), "-key", path("\(name).key"), "-days", "\(days)", "-out", path("\(name).pem")])
    }

    func issue(
        _ name: String, subject: String? = nil, by issuer: String, days: Int = 30, key kind: [String] = p256, extensions: [String]
    ) async throws {
        try await key(name, kind)
        try write("\(name).cnf", "[req]\ndistinguished_name=dn\nprompt=no\n[dn]\nCN=\(subject ?? name)\n[v3]\n"
            + (extensions + ["subjectKeyIdentifier=hash", "authorityKeyIdentifier=keyid:always"]).joined(separator: "\n") + "\n")
        try await openssl(["req", "-new", "-config", path("\(name).cnf"), "-key", path("\(name).key"), "-out", path("\(name).csr")])
        try await openssl([
            "x509", "-req", "-in", path("\(name).csr"), "-CA", path("\(issuer).pem"), "-CAkey", path("\(issuer).key"), "-days", "\(days)",
            "-set_serial", "0x" + Hex.encode([0x40] + SecureRandom.bytes(15)), "-extfile", path("\(name).cnf"), "-extensions", "v3",
            "-out", path("\(name).pem"),
        ])
    }

    /// Another certificate for the name and key of `authority`, by another issuer.
    func crossCertify(_ authority: String, as name: String, by issuer: String) async throws {
        try await openssl([
            "req", "-new", "-config", path("\(authority).cnf"), "-key", path("\(authority).key"), "-out", path("\(name).csr"),
        ])
        try await openssl([
            "x509", "-req", "-in", path("\(name).csr"), "-CA", path("\(issuer).pem"), "-CAkey", path("\(issuer).key"), "-days", "1000",
            "-set_serial", "0x" + Hex.encode([0x40] + SecureRandom.bytes(15)), "-extfile", path("\(authority).cnf"), "-extensions", "v3",
            "-out", path("\(name).pem"),
        ])
    }

    /// - Parameters:
    ///   - revoked: certificates, by name, or serial numbers in hexadecimal.
    ///   - number: hexadecimal; nil counts up.
    func revocationList(
        _ name: String, by issuer: String, revoked: [String] = [], days: Int = 7, number: String? = nil, extensions: [String] = [],
        digest: String = "sha256", options: [String] = []
    ) async throws {
        let serials = try revoked.map { Self.isHex($0) ? $0 : Hex.encode(try certificate($0).serial) }
        let entries = serials.map { "R\t491231235959Z\t200101000000Z\t\($0.uppercased())\tunknown\t/CN=x\n" }
        try write("\(name).index", entries.joined())
        crlNumbers[issuer, default: 0] += 1
        let digits = number ?? String(crlNumbers[issuer] ?? 1, radix: 16)
        try write("\(name).number", (digits.utf8.count % 2 == 0 ? "" : "0") + digits + "\n")
        try write("\(name).cnf", """
            [ca]
            default_ca=own
            [own]
            database=\(path("\(name).index"))
            crlnumber=\(path("\(name).number"))
            default_md=\(digest)
            crl_extensions=crl
            [crl]
            authorityKeyIdentifier=keyid:always
            \(extensions.joined(separator: "\n"))

            """)
        try await openssl([
            "ca", "-gencrl", "-config", path("\(name).cnf"), "-keyfile", path("\(issuer).key"), "-cert", path("\(issuer).pem"),
            "-crldays", "\(days)", "-out", path("\(name).crl"),
        ] + options)
    }

    private static func isHex(_ text: String) -> Bool { text.utf8.count > 20 && text.allSatisfy(\.isHexDigit) }

    /// What `openssl verify` says of a client certificate.
    func accepts(_ leaf: String, sent: [String], root: String, lists: [String], at now: Int64) async throws -> Bool {
        func joined(_ names: [String], _ suffix: String, as file: String) throws -> String {
            try write(file, names.map { String(decoding: try read("\($0).\(suffix)"), as: UTF8.self) }.joined())
            return path(file)
        }
        var arguments = [
            "verify", "-x509_strict", "-purpose", "sslclient", "-auth_level", "2", "-no-CApath", "-no-CAstore", "-attime", "\(now)",
            "-CAfile", path("\(root).pem"),
        ]
        if !sent.isEmpty { arguments += ["-untrusted", try joined(sent, "pem", as: "sent.bundle")] }
        if !lists.isEmpty { arguments += ["-crl_check_all", "-CRLfile", try joined(lists, "crl", as: "lists.bundle")] }
        do {
            return try await openssl(arguments + [path("\(leaf).pem")]).contains(": OK")
        } catch is CommandFailure {
            return false
        }
    }
}
