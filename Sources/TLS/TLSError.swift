/// Why a TLS session could not be set up or went wrong. Reasons are OpenSSL's own texts, never input.
package enum TLSError: Error, Equatable, Sendable {
    /// A local certificate, key or protocol name that OpenSSL does not accept.
    case unusableIdentity(reason: String)
    /// The peer speaks no TLS version that is spoken here, which is 1.3 only.
    case noCommonVersion
    /// The peer offered only application protocols that nobody here speaks.
    case noCommonProtocol
    /// The peer is not the one that was to be reached.
    case peerNotTrusted
    /// The peer sent a fatal alert (RFC 8446 §6.2).
    case alertReceived(UInt8)
    /// The peer's bytes are not TLS, or break its rules.
    case protocolViolation(reason: String)
    /// The connection ended without close_notify, so its last bytes may be missing.
    case truncated
    /// More unread ciphertext than `TLSSession.unreadBytesMax`.
    case inputNotRead
    /// The session was shut down or has failed before.
    case sessionEnded
    /// OpenSSL failed on this side.
    case library(reason: String)
}

extension TLSError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unusableIdentity(let reason): "unusable TLS certificate or key: \(reason)"
        case .noCommonVersion: "the peer does not speak TLS 1.3"
        case .noCommonProtocol: "the peer asked for an application protocol that is not served here"
        case .peerNotTrusted: "the peer's certificate is not the expected one"
        case .alertReceived(let number): "the peer refused the connection: \(Self.alertName(number)) (TLS alert \(number))"
        case .protocolViolation(let reason): "the peer does not follow TLS 1.3: \(reason)"
        case .truncated: "the connection ended in the middle of a TLS session"
        case .inputNotRead: "more than \(TLSSession.unreadBytesMax) bytes of TLS input wait to be read"
        case .sessionEnded: "the TLS session has ended"
        case .library(let reason): "TLS failed: \(reason)"
        }
    }

    /// RFC 8446 §6, of those that operators meet.
    private static func alertName(_ number: UInt8) -> String {
        switch number {
        case 0: "close notify"
        case 10: "unexpected message"
        case 20: "bad record MAC"
        case 40: "handshake failure"
        case 42: "bad certificate"
        case 43: "unsupported certificate"
        case 44: "certificate revoked"
        case 45: "certificate expired"
        case 46: "certificate unknown"
        case 48: "unknown certificate authority"
        case 70: "protocol version"
        case 116: "certificate required"
        case 120: "no application protocol"
        default: "refused"
        }
    }
}
