import EventLoop
import TLS

/// Opens a TLS connection to another member: this member's own certificate on one side, the other's
/// pinned key on the other. Confined to the cluster loop.
struct PeerDialer {
    typealias Completion = (Result<any Transport, any Error>) -> Void

    let loop: EventLoop
    let identity: MemberIdentity
    let peerProtocol: String

    static let connectTimeout: Duration = .seconds(1)
    static let handshakeTimeout: Duration = .seconds(5)

    enum Problem: Error, CustomStringConvertible {
        case noAddress
        case wrongProtocol
        case handshakeTimedOut

        var description: String {
            switch self {
            case .noAddress: "its name has no address"
            case .wrongProtocol: "it does not speak the peer protocol; is it a Credence member?"
            case .handshakeTimedOut: "its TLS handshake took longer than \(handshakeTimeout)"
            }
        }
    }

    /// `completion` runs once, on the loop, later.
    func dial(_ address: String, attempt: Int, publicKey: [UInt8], completion: @escaping Completion) {
        let target: HostPort
        let context: TLSContext
        do {
            target = try HostPort(parsing: address)
            context = try TLSContext.client(
                identity: identity.tls, alpn: [peerProtocol], verification: .leafPublicKey(spki: publicKey))
        } catch {
            let later = LoopBound(confined: completion, on: loop)
            loop.execute { later.value(.failure(error)) }
            return
        }
        if let literal = SocketAddress(target) { return connect(to: literal, context, completion) }
        let bound = LoopBound(confined: completion, on: loop)
        Task(executorPreference: loop) { [self] in
            let resolved: Result<[SocketAddress], any Error>
            do {
                resolved = .success(try await loop.resolve(host: target.host, port: target.port))
            } catch {
                resolved = .failure(error)
            }
            loop.execute {
                switch resolved {
                case .success(let addresses):
                    // Another one at each attempt, so that an unreachable family does not hide the other.
                    guard !addresses.isEmpty else { return bound.value(.failure(Problem.noAddress)) }
                    connect(to: addresses[attempt % addresses.count], context, bound.value)
                case .failure(let error): bound.value(.failure(error))
                }
            }
        }
    }

    private func connect(to address: SocketAddress, _ context: TLSContext, _ completion: @escaping Completion) {
        ByteStream.connect(to: address, on: loop, timeout: Self.connectTimeout) { result in
            switch result {
            case .success(let stream): shakeHands(over: stream, context, completion)
            case .failure(let error): completion(.failure(error))
            }
        }
    }

    private func shakeHands(over stream: ByteStream, _ context: TLSContext, _ completion: @escaping Completion) {
        let secure: TLSStream
        do {
            secure = try TLSStream(over: stream, context: context)
        } catch {
            stream.close()
            return completion(.failure(error))
        }
        let timer = LoopTimer(on: loop)
        secure.onHandshake = { [peerProtocol, unowned secure] result in
            timer.cancel()
            switch result {
            case .success where secure.negotiatedProtocol == peerProtocol: completion(.success(secure))
            case .success:
                secure.close()
                completion(.failure(Problem.wrongProtocol))
            case .failure(let error): completion(.failure(error))
            }
        }
        // The timer is held by the stream's callback, and lets go of the stream when it is cancelled.
        timer.schedule(after: Self.handshakeTimeout) {
            secure.close()
            completion(.failure(Problem.handshakeTimedOut))
        }
        secure.start()
    }
}
