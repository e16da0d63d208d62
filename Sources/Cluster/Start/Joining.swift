import Crypto
import EventLoop
import HTTP
import HTTPTypes
import JOSE
import Logging
import Raft
import TLS

/// The joiner's side of a join: asks each address of the token in turn until one admits it.
struct Joining {
    static let attemptTimeout: Duration = .seconds(15)
    static let answerBytesMax = 4 << 20

    let token: JoinToken
    let memberID: MemberID
    let key: PrivateKey
    let advertise: [String]
    let loop: EventLoop
    let logger: Logger

    /// A refusal by a member is final; only what could not be reached or had no leader is tried elsewhere.
    func run() async throws(StartError) -> JoinResponse {
        let client = HTTPClient(loop: loop, bodyBytesMax: Self.answerBytesMax)
        let body = try request().json.encoded()
        var failures: [String] = []
        for address in token.addresses {
            logger.notice("joining: asking a member to admit this one", metadata: ["address": "\(address)", "name": "\(token.serverName)"])
            switch await attempt(address, body: body, client: client) {
            case .admitted(let response):
                logger.notice("joining: admitted; its CA is the one in the token", metadata: ["address": "\(address)", "members": "\(response.peers.count + 1)"])
                return response
            case .refused(let reason): throw .joinRefused(address: address, reason: reason)
            case .unavailable(let reason):
                logger.warning("joining: this member does not help; trying the next", metadata: ["address": "\(address)", "reason": "\(reason)"])
                failures.append("\(address): \(reason)")
            }
        }
        throw .joinUnreachable(failures)
    }

    private enum Attempt {
        case admitted(JoinResponse)
        case refused(String)
        case unavailable(String)
    }

    private func request() throws(StartError) -> JoinRequest {
        do {
            return JoinRequest(
                serverName: token.serverName, secret: token.secret, memberID: memberID,
                certificateRequest: try CertificateRequest.make(commonName: token.serverName, uriNames: [], key: key),
                addresses: advertise)
        } catch {
            throw .crypto(error)
        }
    }

    private func attempt(_ address: String, body: [UInt8], client: HTTPClient) async -> Attempt {
        do {
            let target = try HostPort(parsing: address)
            let context = try TLSContext.client(identity: nil, alpn: ["http/1.1"], verification: .custom(isAnchored))
            let answer = try await client.send(
                ClientRequest(
                    method: .post, target: "/1.0/cluster/join", fields: [.contentType: "application/json"],
                    body: .bytes(body)),
                to: .tls(host: target.host, port: target.port, context, serverName: nil),
                timeout: Self.attemptTimeout)
            return try read(answer)
        } catch HTTPClientError.tls(.peerNotTrusted) {
            return .unavailable(
                "its certificate is not of the cluster that made the token (expected the fingerprint \(token.fingerprint)); was it replaced since?")
        } catch {
            return .unavailable("\(error)")
        }
    }

    /// The hash in the token is the only anchor: that of the cluster's CA, which must be in the chain and have issued the
    /// leaf, or that of the leaf itself, when an operator brought it.
    private var isAnchored: @Sendable ([Certificate]) -> Bool {
        { [anchor = token.fingerprint] chain in
            PeerVerification.leafFingerprint(anchor).accepts(chain) || PeerVerification.authority(sha256Hex: anchor).accepts(chain)
        }
    }

    private func read(_ answer: ClientResponse) throws -> Attempt {
        let json = try JSON(parsing: answer.body)
        guard answer.status == .ok, let metadata = json["metadata"] else {
            let reason = json["error"]?.stringValue ?? "HTTP status \(answer.status.code)"
            let mayPass = answer.status.kind == .serverError || answer.status == .tooManyRequests
            return mayPass ? .unavailable(reason) : .refused(reason)
        }
        let response = try JoinResponse(json: metadata)
        // Whoever answered was recognised by the token; the CA it names must have issued what it says it issued.
        let certificate = try Certificate(der: response.certificate)
        guard certificate.subjectPublicKeyInfo == key.publicKey.spki, certificate.isIssued(by: try Certificate(der: response.caCertificate))
        else { return .refused("its answer names another cluster CA or another member's key; report this") }
        return .admitted(response)
    }
}
