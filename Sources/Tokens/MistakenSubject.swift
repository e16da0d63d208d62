internal import Crypto
internal import HashTreeCollections
internal import JOSE
internal import TrustStore

/// Recognises what people write into `sub` where the fingerprint of their certificate belongs.
struct MistakenSubject {
    private let subject: String
    private let state: TrustState

    /// Certificates whose other hashes are tried; explaining must not hold up a member with a large store.
    static let certificatesTriedMax = 500

    init(_ subject: String, in state: TrustState) {
        self.subject = subject
        self.state = state
    }

    var hint: String? {
        if let metrics = state.certificates[subject], metrics.type != .client {
            return "that certificate is of type \(metrics.type.rawValue); only one of type client may sign tokens"
        }
        if let own = ownCertificate { return "that is \(own), which signs no client's tokens; use the fingerprint of your own certificate" }
        return misspelt ?? otherHash ?? shape
    }

    /// A certificate of the cluster itself.
    private var ownCertificate: String? {
        guard Fingerprint.isValid(subject) else { return nil }
        func isIt(_ der: [UInt8]) -> Bool { Hex.encode(SHA256.hash(der)) == subject }
        if let cluster = state.cluster {
            if isIt(cluster.caCertificate) { return "the cluster's CA certificate" }
            if cluster.serverCertificate.contains(where: isIt) { return "the certificate that members show to clients (type server)" }
        }
        return state.members.values.contains { isIt($0.certificate) } ? "the certificate of a member (type server)" : nil
    }

    /// The right hash in another spelling.
    private var misspelt: String? {
        var digits = subject
        for prefix in ["SHA256 Fingerprint=", "sha256 Fingerprint=", "SHA256:", "sha256:"] where digits.hasPrefix(prefix) {
            digits = String(digits.dropFirst(prefix.count))
        }
        let hasDecoration = digits != subject || digits.contains { $0 == ":" || $0.isWhitespace }
        digits = String(digits.filter { $0 != ":" && !$0.isWhitespace })
        let isUpper = digits != digits.lowercased()
        digits = digits.lowercased()
        if Fingerprint.isValid(digits), hasDecoration || isUpper {
            let what = [hasDecoration ? "has colons, spaces or a prefix" : nil, isUpper ? "has upper-case letters" : nil]
                .compactMap(\.self).joined(separator: " and ")
            let known = state.certificates[digits] == nil ? ", and no certificate with that fingerprint is trusted here" : ""
            return "sub \(what): write the 64 digits alone, in lower case\(known)"
        }
        if let bytes = Base64URL.decode(subject), bytes.count == SHA256.byteCount, let known = state.certificates[Hex.encode(bytes)] {
            return "sub is the fingerprint in base64url (x5t#S256): write it in hex: \(known.fingerprint)"
        }
        if digits.utf8.count >= 6, Fingerprint.isPrefix(digits), !Fingerprint.isValid(digits),
            let known = tried.first(where: { $0.fingerprint.hasPrefix(digits) })
        {
            return "sub is only the beginning of a fingerprint: write all 64 digits: \(known.fingerprint)"
        }
        return nil
    }

    private var tried: [TrustedCertificateRecord] { Array(state.certificates.values.prefix(Self.certificatesTriedMax)) }

    /// A hash of something else than the DER of a certificate we trust, or its name.
    private var otherHash: String? {
        let wanted = subject.lowercased()
        guard Fingerprint.isValid(wanted) else { return named }
        for record in tried {
            for (hash, what) in Self.otherHashes(of: record) where hash == wanted {
                return "sub is the SHA-256 of \(what), not of the certificate's DER: write \(record.fingerprint), as "
                    + "`openssl x509 -in client.crt -outform DER | sha256sum` prints it"
            }
        }
        return nil
    }

    private var named: String? {
        guard let record = tried.first(where: { $0.name.hasSameBytes(as: subject) }) else { return nil }
        return "sub is the name of a trusted certificate: write its fingerprint, \(record.fingerprint)"
    }

    private static func otherHashes(of record: TrustedCertificateRecord) -> [(hash: String, what: String)] {
        func hash(_ bytes: [UInt8]) -> String { Hex.encode(SHA256.hash(bytes)) }
        func hashes(ofPEM pem: String, _ what: String) -> [(String, String)] {
            let text = pem.hasSuffix("\n") ? String(pem.dropLast()) : pem
            let withCarriageReturns = (text + "\n").replacing("\n", with: "\r\n")
            return [text + "\n", text, withCarriageReturns].map { (hash(Array($0.utf8)), "the PEM text of \(what)") }
        }
        var found = hashes(ofPEM: PEM.encode(label: "CERTIFICATE", record.certificate), "the certificate")
        found.append((hash(Array(Base64.encode(record.certificate).utf8)), "the certificate's base64"))
        guard let certificate = try? Certificate(der: record.certificate) else { return found }
        let key = certificate.subjectPublicKeyInfo
        found.append((hash(key), "the public key"))
        return found + hashes(ofPEM: PEM.encode(label: "PUBLIC KEY", key), "the public key")
    }

    private var shape: String {
        switch subject.utf8.count {
        case 64 where Fingerprint.isValid(subject):
            "no certificate with this fingerprint is trusted here: it was never added, was removed, or belongs to another cluster"
        case 40 where Fingerprint.isPrefix(subject.lowercased()):
            "40 digits look like a SHA-1 fingerprint; the SHA-256 is needed: `openssl x509 -in client.crt -outform DER | sha256sum`"
        default:
            "a client's own token names its certificate: sub is the SHA-256 of the certificate's DER in lower-case hex; a token of "
                + "the cluster carries a kid instead"
        }
    }
}
