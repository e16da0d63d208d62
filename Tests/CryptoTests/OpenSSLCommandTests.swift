import Crypto
import FoundationEssentials
import Subprocess
import Testing

/// The real `openssl` command judges what this program makes.
@Suite("openssl command")
struct OpenSSLCommandTests {
    private let authority = TestAuthority()

    @Test("openssl reads the same fingerprint, names and times")
    func fingerprint() async throws {
        let server = try authority.server()
        let text = try await openssl(["x509", "-noout", "-fingerprint", "-sha256", "-ext", "subjectAltName"], input: server.pem)
        let fingerprint = text.filter { $0 != ":" }.lowercased()
        #expect(fingerprint.contains("sha256 fingerprint=\(server.fingerprint)"))
        #expect(text.contains("DNS:credence.test, DNS:*.members.test, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1"))
    }

    @Test("openssl verifies both leaves under strict rules, and not under another authority")
    func chain() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "credence-crypto-\(Hex.encode(SecureRandom.bytes(8)))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for (name, pem) in try [
            ("ca", authority.certificate.pem), ("other", TestAuthority().certificate.pem), ("server", authority.server().pem),
            ("member", authority.member().pem),
        ] {
            try Data(pem.utf8).write(to: folder.appending(path: name))
        }
        func verify(_ leaf: String, _ purpose: String, _ root: String) -> [String] {
            ["verify", "-x509_strict", "-check_ss_sig", "-purpose", purpose, "-attime", "\(TestAuthority.madeAt + 5)",
             "-CAfile", folder.appending(path: root).path, folder.appending(path: leaf).path]
        }
        #expect(try await openssl(verify("server", "sslserver", "ca")).contains("OK"))
        #expect(try await openssl(verify("member", "sslserver", "ca")).contains("OK"))
        #expect(try await openssl(verify("member", "sslclient", "ca")).contains("OK"))
        await #expect(throws: CommandFailure.self) { try await openssl(verify("server", "sslclient", "ca")) }
        await #expect(throws: CommandFailure.self) { try await openssl(verify("server", "sslserver", "other")) }
    }

    @Test("openssl accepts a request's self-signature")
    func request() async throws {
        let der = try CertificateRequest.make(commonName: "member-1", uriNames: ["credence://a/b"], key: PrivateKey.generate(.p256))
        let text = try await openssl(["req", "-verify", "-noout", "-text"], input: PEM.encode(label: "CERTIFICATE REQUEST", der))
        #expect(text.contains("URI:credence://a/b"))
    }

    @Test("a key and certificate made by openssl are read")
    func foreign() async throws {
        let pem = try await openssl([
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "/dev/null", "-subj", "/O=x/CN=foreign", "-days", "2",
        ])
        let certificate = try Certificate(pem: pem)
        #expect(certificate.subjectCommonName == "foreign")
        #expect(try certificate.publicKey.type == .rsa(bits: 2048))
        let key = try PEM.decode(await openssl(["genpkey", "-algorithm", "ed25519"]))
        #expect(try PrivateKey(pkcs8: SecretBytes(key[0].bytes)).type == .ed25519)
    }

    /// Without a keyUsage extension only basicConstraints says that it may not issue.
    @Test("a certificate that is no authority has issued nothing, not even itself", arguments: [("FALSE", false), ("TRUE", true)])
    func basicConstraints(value: String, isAuthority: Bool) async throws {
        let configuration = "[req]\ndistinguished_name=dn\n[dn]\n"
        let pem = try await openssl(
            ["req", "-x509", "-config", "/dev/stdin", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
             "-keyout", "/dev/null", "-subj", "/CN=x", "-addext", "basicConstraints=CA:\(value)"],
            input: configuration)
        let certificate = try Certificate(pem: pem)
        #expect(certificate.isAuthority == isAuthority)
        #expect(certificate.isIssued(by: certificate) == isAuthority)
    }

    private struct CommandFailure: Error {
        let text: String
    }

    @discardableResult
    private func openssl(_ arguments: [String], input: String = "") async throws -> String {
        let result = try await run(
            .name("openssl"), arguments: Arguments(arguments), input: .string(input), output: .string(limit: 1 << 16),
            error: .string(limit: 1 << 16))
        let text = result.standardOutput + result.standardError
        guard result.terminationStatus.isSuccess else { throw CommandFailure(text: text) }
        return text
    }
}
