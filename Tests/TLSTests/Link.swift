import TLS

/// A client and a server joined by memory.
final class Link {
    let client: TLSSession
    let server: TLSSession
    private(set) var clientError: TLSError?
    private(set) var serverError: TLSError?
    private var isClientDone = false
    private var isServerDone = false
    /// May change what one side sends before the other gets it. The first argument tells whether the client sent it.
    var tamper: ((Bool, [UInt8]) -> [UInt8])?
    /// At most this many bytes per feed.
    var pieceBytesMax = Int.max

    init(client: TLSContext, server: TLSContext, serverName: String? = nil) throws {
        self.client = try TLSSession(context: client, serverName: serverName)
        self.server = try TLSSession(context: server)
    }

    var isEstablished: Bool { isClientDone && isServerDone && clientError == nil && serverError == nil }

    /// Lets both sides speak until neither has anything to say.
    func handshake() {
        for _ in 0..<20 {
            if clientError == nil {
                do throws(TLSError) { isClientDone = try client.advanceHandshake() == .done } catch { clientError = error }
            }
            let toServer = carry(from: client, isClient: true)
            if serverError == nil {
                do throws(TLSError) {
                    try feed(toServer, to: server)
                    isServerDone = try server.advanceHandshake() == .done
                } catch {
                    serverError = error
                }
            }
            let toClient = carry(from: server, isClient: false)
            if clientError == nil, !toClient.isEmpty {
                do throws(TLSError) { try feed(toClient, to: client) } catch { clientError = error }
            }
            if toServer.isEmpty && toClient.isEmpty { return }
        }
    }

    private func carry(from side: TLSSession, isClient: Bool) -> [UInt8] {
        var bytes: [UInt8] = []
        side.takeOutgoing(into: &bytes)
        return tamper.map { $0(isClient, bytes) } ?? bytes
    }

    private func feed(_ bytes: [UInt8], to side: TLSSession) throws(TLSError) {
        var start = 0
        while start < bytes.count {
            let end = min(bytes.count, start + min(pieceBytesMax, bytes.count))
            try side.feed(bytes.span.extracting(start..<end))
            if !side.isEstablished { _ = try side.advanceHandshake() }
            start = end
        }
    }

    /// What `from` has to send, moved to `to` and decrypted there.
    @discardableResult
    func deliver(from: TLSSession, to: TLSSession) throws(TLSError) -> [UInt8] {
        try feed(carry(from: from, isClient: from === client), to: to)
        var plaintext: [UInt8] = []
        _ = try to.read(into: &plaintext)
        return plaintext
    }
}
