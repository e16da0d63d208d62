import Cluster
import Crypto
import JOSE
import TrustStore

/// The certificate that all members show to clients.
enum ServerCertificateEndpoints {
    private static let path = "/1.0/cluster/certificate"

    static let all: [Endpoint] = [
        .put(path, .scope(.admin), replacement, reading: ServerCertificateBody.init) { (exchange, body) async throws(Problem) in
            let (chain, key) = try body.parsed(at: exchange.settings.wallClock())
            let requestID = try exchange.requestID
            do throws(ProposeError) {
                try await exchange.member.setServerCertificate(chain, key: key, by: exchange.actor, requestID: requestID)
            } catch {
                throw Problem(error)
            }
            return .sync(.object([:]))
        },
        .delete(path, .scope(.admin), reset) { (exchange) async throws(Problem) in
            let requestID = try exchange.requestID
            do throws(ProposeError) {
                try await exchange.member.resetServerCertificate(by: exchange.actor, requestID: requestID)
            } catch {
                throw Problem(error)
            }
            return .sync(.object([:]))
        },
    ]

    private static let replacement = EndpointDocument(
        summary: "Show clients a certificate of your own, on every member from now on; nobody but you renews it",
        body: [
            .required("cluster_certificate", .string, "PEM, the leaf first, then what is between it and its root."),
            .required("cluster_certificate_key", .string, "Its private key in PEM, not encrypted. Kept sealed, and never shown again."),
        ],
        unknownMembers: .ignored)

    private static let reset = EndpointDocument(
        summary: "Show clients a new certificate of the cluster's CA again, with a new key and the names of all members' addresses")
}

/// The body of a PUT of the certificate.
struct ServerCertificateBody {
    private let certificate: String
    private let key: String

    static let textBytesMax = 64 << 10

    init(_ reader: inout JSONObjectReader) throws(JSONFieldError) {
        certificate = try reader.string("cluster_certificate", max: Self.textBytesMax)
        key = try reader.string("cluster_certificate_key", max: Self.textBytesMax)
    }

    /// Fit to be shown: what clients would turn away is refused here, where somebody can do something about it.
    func parsed(at now: Int64) throws(Problem) -> (chain: [Certificate], key: PrivateKey) {
        let chain: [Certificate]
        do throws(CryptoError) {
            let blocks = try PEM.decode(certificate).filter { $0.label == "CERTIFICATE" }
            var parsed: [Certificate] = []
            for block in blocks { parsed.append(try Certificate(der: block.bytes)) }
            chain = parsed
        } catch {
            throw .field("cluster_certificate", "must be certificates in PEM: \(error)")
        }
        guard let leaf = chain.first, chain.count <= StateLimits.chainCountMax else {
            throw .field("cluster_certificate", "must hold 1 to \(StateLimits.chainCountMax) certificates in PEM")
        }
        _ = try CertificateFitness.checked(leaf, at: now)
        for (lower, upper) in zip(chain, chain.dropFirst()) where !lower.isIssued(by: upper) {
            throw .field("cluster_certificate", "must hold the leaf first, and after each certificate the one that issued it")
        }
        guard !leaf.dnsNames.isEmpty || !leaf.ipAddresses.isEmpty else {
            throw .field("cluster_certificate", "names nothing in subjectAltName, so clients would turn it away")
        }
        guard leaf.mayServe else {
            throw .field("cluster_certificate", "is not for servers by its key usages (extendedKeyUsage serverAuth), so clients would turn it away")
        }
        return (chain, try parsedKey(of: leaf))
    }

    private func parsedKey(of leaf: Certificate) throws(Problem) -> PrivateKey {
        let parsed: PrivateKey
        do throws(CryptoError) {
            parsed = try PrivateKey(pem: key)
        } catch {
            throw .field("cluster_certificate_key", "must be one private key in PEM, not encrypted (openssl pkey -in FILE decrypts one): \(error)")
        }
        guard parsed.publicKey.spki == leaf.subjectPublicKeyInfo else {
            throw .field("cluster_certificate_key", "is not the key of the first certificate")
        }
        return parsed
    }
}
