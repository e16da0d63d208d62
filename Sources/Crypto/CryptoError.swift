/// What can go wrong below `JOSE`, `TLS` and `Storage`. No case carries an input: reasons are texts of
/// this program or of OpenSSL's own reason table.
package enum CryptoError: Error, Equatable, Sendable {
    /// The bytes are not one complete, canonical encoding of `subject`.
    case malformed(Subject)
    /// Well-formed, but of a kind that this program does not use.
    case unsupported(Subject)
    /// Well-formed and useless: anybody can find the private half.
    case weak(Subject)
    /// A sealed message, or a request's own signature, does not belong to its key and context.
    case authenticationFailed
    /// A length or cost parameter is outside the bounds of the call.
    case outOfBounds(Subject)
    /// OpenSSL refused for another reason.
    case library(operation: String, reason: String)

    package enum Subject: String, Sendable {
        case publicKey = "public key"
        case privateKey = "private key"
        case secretKey = "secret key"
        case certificate
        case revocationList = "certificate revocation list"
        case certificateRequest = "certificate request"
        case certificateName = "name in a certificate"
        case serialNumber = "serial number"
        case validity = "validity period"
        case sealedMessage = "sealed message"
        case derivationParameters = "key derivation parameters"
        case pem = "PEM text"
    }
}

extension CryptoError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .malformed(let subject): "malformed \(subject.rawValue)"
        case .unsupported(let subject): "unsupported \(subject.rawValue)"
        case .weak(let subject): "\(subject.rawValue) of a faulty generator (CVE-2017-15361); make a new one"
        case .authenticationFailed: "authentication failed"
        case .outOfBounds(let subject): "\(subject.rawValue) out of bounds"
        case .library(let operation, let reason): "\(operation): \(reason)"
        }
    }
}
