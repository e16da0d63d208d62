import FoundationEssentials
import JOSE

/// A user with a key and a certificate, both made by `openssl`, and tokens made by it and a shell alone.
struct OpenSSLClient: Sendable {
    enum SignatureForm: Sendable {
        case raw
        /// As `openssl dgst -sign` leaves it.
        case der
        /// Over the text and a line break, as `echo` writes it.
        case overLine
    }

    let keyFile, certificateFile, fingerprint: String
    private let directory: String

    /// With a new key on P-384, or with one that is there already.
    init(in directory: String, name: String = "client", privateKey: String? = nil) async throws {
        self.directory = directory
        keyFile = "\(directory)/\(name).key"
        certificateFile = "\(directory)/\(name).crt"
        if let privateKey { try Data(privateKey.utf8).write(to: URL(filePath: keyFile)) }
        let key = privateKey == nil ? ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:secp384r1", "-nodes", "-keyout", keyFile] : ["-key", keyFile]
        let made = try await Command.run("openssl", ["req", "-x509"] + key + ["-out", certificateFile, "-days", "30", "-subj", "/CN=\(name)"])
        guard made.exitCode == 0 else { throw TestFailure("openssl made no certificate: \(made.transcript)") }
        fingerprint = try await Command.run("sh", ["-c", "openssl x509 -in \(certificateFile) -outform DER | sha256sum | cut -d' ' -f1"]).line
    }

    var curlOptions: [String] { ["--cert", certificateFile, "--key", keyFile] }

    /// Asks who it is over one connection, and holds that open until the other side ends it: exit code 0, or 124 when nobody did.
    func keepOpen(to member: Member, output: String, secondsMax: Int = 40) async throws -> Command {
        let script = """
            mkfifo "$1.in"
            { printf 'GET /1.0 HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n'; exec sleep 60; } >"$1.in" &
            keeper=$!
            timeout "$5" openssl s_client -quiet -connect "$2" -cert "$3" -key "$4" <"$1.in" >"$1" 2>"$1.err"
            status=$?
            kill "$keeper" 2>/dev/null
            [ "$status" != 124 ] || exit 124
            exit 0
            """
        return try await Command.run(
            "bash", ["-c", script, "open", output, member.address, certificateFile, keyFile, String(secondsMax)], secondsMax: secondsMax + 20)
    }

    /// A token of the client's RSA key whose signature is PSS, whatever the header says.
    func tokenWithPSS(header algorithm: String) async throws -> String {
        let script = """
            encode() { base64 -w0 | tr '+/' '-_' | tr -d '='; }
            signed="$(printf %s '{"alg":"\(algorithm)","typ":"JWT"}' | encode).$(printf %s "$1" | encode)"
            printf '%s.%s' "$signed" "$(printf %s "$signed" | openssl dgst -sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32 -sign "$2" | encode)"
            """
        let claims = #"{"sub":"\#(fingerprint)","exp":\#(Int64(Date().timeIntervalSince1970) + 60)}"#
        let made = try await Command.run("bash", ["-c", script, "token", claims, keyFile])
        guard made.exitCode == 0 else { throw TestFailure("the shell made no token: \(made.transcript)") }
        return made.output
    }

    /// A token of the client's P-384 key.
    ///
    /// - Parameter encoder: what turns bytes into base64url, if it does.
    func token(
        claims: String? = nil, algorithm: String = "ES384", signatureForm: SignatureForm = .raw,
        encoder: String = "base64 -w0 | tr '+/' '-_' | tr -d '='"
    ) async throws -> String {
        let now = Int64(Date().timeIntervalSince1970)
        let claims = claims ?? #"{"sub":"\#(fingerprint)","exp":\#(now + 60),"nbf":\#(now),"iat":\#(now)}"#
        // `openssl asn1parse` prints R and S of the DER signature; each is padded to the 48 bytes of the curve.
        let raw = """
            openssl asn1parse -inform DER | sed -n 's/.*INTEGER *:-*//p' | while read -r number; do printf '%096s' "$number" | tr ' ' 0; done \
            | while read -r -n 2 pair; do printf "\\\\x$pair"; done
            """
        let form = signatureForm == .der ? "cat" : raw
        let printer = signatureForm == .overLine ? "printf '%s\\n'" : "printf %s"
        let script = """
            encode() { \(encoder); }
            signed="$(printf %s '{"alg":"\(algorithm)","typ":"JWT"}' | encode).$(printf %s "$1" | encode)"
            printf '%s.%s' "$signed" "$(\(printer) "$signed" | openssl dgst -sha384 -sign "$2" | \(form) | encode)"
            """
        let made = try await Command.run("bash", ["-c", script, "token", claims, keyFile])
        guard made.exitCode == 0, made.output.contains(".") else { throw TestFailure("the shell made no token: \(made.transcript)") }
        return made.output
    }
}
