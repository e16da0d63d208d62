internal import COpenSSL
internal import Crypto

/// One end of one TLS connection over memory: ciphertext goes in by `feed`, comes out by `takeOutgoing`, and nothing here
/// knows a socket. Order of use: `advanceHandshake` after each `feed` until it says `.done`, then `read` and `write`; after every
/// call, also a failed one, send what is outgoing, since it may be an alert.
///
/// Not Sendable: used by one thread at a time.
@safe package final class TLSSession {
    package enum Handshake: Equatable { case needsMore, done }

    enum ReadResult: Equatable {
        /// `hasMore` is false when another read is certain to find nothing.
        case bytes(Int, hasMore: Bool)
        case needsMore
        /// The peer has said close_notify.
        case closedByPeer
    }

    /// Ciphertext that may wait unread. A stream stops reading its socket long before.
    package static let unreadBytesMax = 256 << 10
    /// A memory BIO keeps the size it once grew to; above this it is replaced when empty.
    static let idleBufferBytesMax = 16 << 10

    package let context: TLSContext
    /// +1 from `SSL_new`, returned in `deinit`. Owns the two BIOs.
    let ssl: OpaquePointer
    private(set) var input: OpaquePointer
    private(set) var output: OpaquePointer
    private var inputHighWater = 0
    private var failure: TLSError?
    private var hasSentCloseNotify = false

    /// `serverName` is what a client sends as SNI: a DNS name, never an address.
    package init(context: TLSContext, serverName: String? = nil) throws(TLSError) {
        TLSErrorQueue.clear()
        guard let ssl = unsafe SSL_new(context.context), let input = unsafe BIO_new(BIO_s_mem()),
            let output = unsafe BIO_new(BIO_s_mem())
        else { throw TLSErrorQueue.drain() }
        self.context = context
        unsafe self.ssl = ssl
        unsafe self.input = input
        unsafe self.output = output
        unsafe SSL_set0_rbio(ssl, input)
        unsafe SSL_set0_wbio(ssl, output)
        switch context.side {
        case .server: unsafe SSL_set_accept_state(ssl)
        case .client: unsafe SSL_set_connect_state(ssl)
        }
        if let serverName, context.side == .client {
            guard unsafe cossl_ssl_set_server_name(ssl, serverName) == 1 else { throw TLSErrorQueue.drain() }
        }
    }

    deinit {
        unsafe SSL_free(ssl)
    }

    // MARK: Ciphertext

    package func feed(_ ciphertext: borrowing Span<UInt8>) throws(TLSError) {
        guard !ciphertext.isEmpty else { return }
        let waiting = unsafe cossl_bio_pending(input)
        guard ciphertext.count <= Self.unreadBytesMax - waiting else { throw fail(.inputNotRead) }
        let fed = unsafe ciphertext.withUnsafeBytes { unsafe BIO_write(input, $0.baseAddress, CInt($0.count)) }
        guard Int(fed) == ciphertext.count else { throw fail(.library(reason: "out of memory")) }
        inputHighWater = max(inputHighWater, waiting + ciphertext.count)
    }

    package var hasOutgoing: Bool { unsafe cossl_bio_pending(output) > 0 }
    var outgoingByteCount: Int { unsafe cossl_bio_pending(output) }

    /// Appends everything that is to be sent.
    package func takeOutgoing(into buffer: inout [UInt8]) {
        withOutgoing { bytes in
            unsafe bytes.withUnsafeBufferPointer { unsafe buffer.append(contentsOf: $0) }
        }
    }

    /// Lends everything that is to be sent, where it lies, and then forgets it. `body` must not use the session.
    func withOutgoing(_ body: (borrowing Span<UInt8>) -> Void) {
        var start: UnsafeMutablePointer<UInt8>?
        let count = unsafe cossl_bio_contents(output, &start)
        guard count > 0 else { return }
        unsafe body(Span(_unsafeElements: UnsafeBufferPointer(start: start, count: count)))
        if count > Self.idleBufferBytesMax, let smaller = unsafe BIO_new(BIO_s_mem()) {
            unsafe SSL_set0_wbio(ssl, smaller)
            unsafe output = smaller
        } else {
            _ = unsafe cossl_bio_reset(output)
        }
    }

    /// Gives back the memory of a large read once all of it has been used.
    func trimInput() {
        guard inputHighWater > Self.idleBufferBytesMax, unsafe cossl_bio_pending(input) == 0,
            let smaller = unsafe BIO_new(BIO_s_mem())
        else { return }
        unsafe SSL_set0_rbio(ssl, smaller)
        unsafe input = smaller
        inputHighWater = 0
    }

    /// Call when the transport has ended: `.truncated` unless the peer said so first, inside the session.
    package func endOfInput() throws(TLSError) {
        guard hasReceivedCloseNotify else { throw fail(.truncated) }
    }

    package var hasReceivedCloseNotify: Bool {
        unsafe SSL_get_shutdown(ssl) & SSL_RECEIVED_SHUTDOWN != 0
    }

    // MARK: Handshake

    package func advanceHandshake() throws(TLSError) -> Handshake {
        if let failure { throw failure }
        TLSErrorQueue.clear()
        let result = unsafe SSL_do_handshake(ssl)
        if result == 1 { return .done }
        switch unsafe SSL_get_error(ssl, result) {
        case SSL_ERROR_WANT_READ: return .needsMore
        case SSL_ERROR_ZERO_RETURN: throw fail(.sessionEnded)
        default: throw fail(TLSErrorQueue.drain())
        }
    }

    package var isEstablished: Bool {
        unsafe failure == nil && SSL_is_init_finished(ssl) == 1
    }

    // MARK: Plaintext

    /// Decrypts into `buffer`, at most one record. Only after the handshake.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(TLSError) -> ReadResult {
        if let failure { throw failure }
        TLSErrorQueue.clear()
        var count = 0
        let result = unsafe SSL_read_ex(ssl, buffer.baseAddress, buffer.count, &count)
        if result == 1 {
            return .bytes(count, hasMore: unsafe cossl_bio_pending(input) > 0 || SSL_pending(ssl) > 0)
        }
        switch unsafe SSL_get_error(ssl, result) {
        case SSL_ERROR_WANT_READ: return .needsMore
        case SSL_ERROR_ZERO_RETURN: return .closedByPeer
        default: throw fail(TLSErrorQueue.drain())
        }
    }

    /// Appends all plaintext there is. False once the peer has said close_notify.
    package func read(into buffer: inout [UInt8]) throws(TLSError) -> Bool {
        while true {
            let start = buffer.count
            buffer.append(contentsOf: repeatElement(0, count: Self.recordBytesMax))
            var result = Result<ReadResult, TLSError>.success(.needsMore)
            unsafe buffer.withUnsafeMutableBytes { bytes in
                do throws(TLSError) {
                    result = .success(try unsafe read(into: UnsafeMutableRawBufferPointer(rebasing: bytes[start...])))
                } catch {
                    result = .failure(error)
                }
            }
            guard case .success(.bytes(let count, let hasMore)) = result else {
                buffer.removeSubrange(start...)
                return try result.get() != .closedByPeer
            }
            buffer.removeSubrange((start + count)...)
            if !hasMore { return !hasReceivedCloseNotify }
        }
    }

    /// RFC 8446 §5.1: the longest plaintext of a record.
    static let recordBytesMax = 16 << 10

    /// Encrypts all of `plaintext` into what is outgoing. Only after the handshake and before `sendCloseNotify`.
    package func write(_ plaintext: borrowing Span<UInt8>) throws(TLSError) {
        if let failure { throw failure }
        guard !hasSentCloseNotify, isEstablished else { throw .sessionEnded }
        guard !plaintext.isEmpty else { return }
        TLSErrorQueue.clear()
        let written = unsafe plaintext.withUnsafeBytes { plaintext in
            var count = 0
            // A memory BIO takes everything, so there is no partial write to continue.
            return unsafe SSL_write_ex(ssl, plaintext.baseAddress, plaintext.count, &count) == 1 ? count : -1
        }
        guard written == plaintext.count else { throw fail(TLSErrorQueue.drain()) }
    }

    package func write(_ plaintext: [UInt8]) throws(TLSError) {
        try write(plaintext.span)
    }

    /// Ends this side's stream of plaintext; reading goes on.
    package func sendCloseNotify() {
        guard isEstablished, !hasSentCloseNotify else { return }
        hasSentCloseNotify = true
        TLSErrorQueue.clear()
        _ = unsafe SSL_shutdown(ssl)
        TLSErrorQueue.clear()
    }

    /// Ciphertext, and plaintext of a record that has been read in part.
    var unreadByteCount: Int { unsafe cossl_bio_pending(input) + Int(SSL_pending(ssl)) }
    var hasUnread: Bool { unreadByteCount > 0 }

    private func fail(_ error: TLSError) -> TLSError {
        if failure == nil { failure = error }
        return error
    }
}
