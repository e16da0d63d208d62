package import Crypto
package import HTTPTypes

/// A complete answer.
package struct ClientResponse: Sendable {
    package var status: HTTPResponse.Status
    package var fields: HTTPFields
    package var body: [UInt8]
    /// What the server presented, leaf first; empty without TLS.
    package var peerCertificates: [Certificate]
}
