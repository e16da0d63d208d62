import Crypto
package import HTTP
import TrustStore

/// Why a CRL was not fetched, or not put in force. The texts hold nothing of what the server sent but its status.
package enum RevocationListFetchError: Error, Equatable, Sendable {
    case noAuthority
    case noURL
    /// Somebody else is at it.
    case underWay
    case server(HTTPClientError)
    case status(Int)
    /// What came is no list to put in force.
    case refused(RevocationListRefusal)
    /// The log did not take it.
    case notCommitted(ProposeError)
    /// No thread to fetch on.
    case noThread
}

extension RevocationListFetchError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .noAuthority: "the authority was removed meanwhile"
        case .noURL: "the authority has no crl_url"
        case .underWay: "the CRL is being fetched already"
        case .server(.unreachable(let reason)): "the server was not reached: \(reason)"
        case .server(.timedOut): "the server did not send it all within \(RevocationListFetch.timeout.components.seconds) s"
        case .server(.connectionLost): "the server closed the connection early"
        case .server(.malformedResponse(.bodyTooLarge)): "the server sends more than \(RevocationList.derBytesMax) bytes"
        case .server(.malformedResponse(let error)): "the server's answer is not HTTP: \(error)"
        case .server(.invalidRequest): "crl_url cannot be asked for"
        case .server(.tls(let error)): "\(error)"
        case .status(let code) where (300..<400).contains(code): "the server answered \(code); redirects are not followed, set crl_url to where the CRL is"
        case .status(let code): "the server answered \(code)"
        case .refused(let refusal): "the CRL is refused: \(refusal)"
        case .notCommitted(.refused(let refusal)): "the CRL is refused: \(refusal.message)"
        case .notCommitted(let error): "the log did not take the CRL: \(error)"
        case .noThread: "no thread could be started for it"
        }
    }
}
