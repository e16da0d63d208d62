internal import COpenSSL

/// Textual encoding (RFC 7468).
package enum PEM {
    package static let textBytesMax = 256 << 10
    package static let blocksMax = 16

    package struct Block: Equatable, Sendable {
        /// What stands after BEGIN, such as `CERTIFICATE`.
        package let label: String
        package let bytes: [UInt8]

        package init(label: String, bytes: [UInt8]) {
            self.label = label
            self.bytes = bytes
        }
    }

    /// Lines of 64 characters between the label's BEGIN and END lines, with a newline at the end.
    package static func encode(label: String, _ bytes: [UInt8]) -> String {
        guard let bio = unsafe BIO_new(BIO_s_mem()) else { preconditionFailure("PEM failed: out of memory") }
        defer { unsafe BIO_free(bio) }
        let written = unsafe bytes.withUnsafeBufferPointer { bytes in
            unsafe PEM_write_bio(bio, label, "", bytes.baseAddress, bytes.count)
        }
        precondition(written > 0, "PEM failed: out of memory")
        var text = [UInt8](repeating: 0, count: unsafe cossl_bio_pending(bio))
        let count = unsafe text.withUnsafeMutableBytes { text in
            unsafe BIO_read(bio, text.baseAddress, CInt(text.count))
        }
        return String(decoding: text.prefix(Int(max(0, count))), as: UTF8.self)
    }

    /// All blocks, in order. Text around them is ignored (RFC 7468 §5.2); blocks with headers, which are the
    /// encrypted ones, are refused, and so is a text without any block.
    ///
    /// - Parameter bytesMax: of the text; a long revocation list is longer than anything else.
    package static func decode(_ text: String, bytesMax: Int = textBytesMax) throws(CryptoError) -> [Block] {
        var text = text
        text.makeContiguousUTF8()
        let source = text.utf8
        guard source.count <= bytesMax, !source.contains(0) else { throw .malformed(.pem) }
        let blocks: [Block]? = unsafe source.withContiguousStorageIfAvailable { source in
            guard !source.isEmpty, let bio = unsafe BIO_new_mem_buf(source.baseAddress, CInt(source.count)) else { return [] }
            defer { unsafe BIO_free(bio) }
            return unsafe readBlocks(bio)
        } ?? nil
        OpenSSLErrorQueue.clear()
        guard let blocks, !blocks.isEmpty else { throw .malformed(.pem) }
        return blocks
    }

    /// nil for a broken block.
    private static func readBlocks(_ bio: OpaquePointer) -> [Block]? {
        var blocks: [Block] = []
        while true {
            OpenSSLErrorQueue.clear()
            var name: UnsafeMutablePointer<CChar>?
            var header: UnsafeMutablePointer<CChar>?
            var data: UnsafeMutablePointer<UInt8>?
            var count = 0
            guard unsafe PEM_read_bio(bio, &name, &header, &data, &count) == 1 else {
                // "No start line" is how the end of the text looks.
                return cossl_err_reason(ERR_peek_last_error()) == PEM_R_NO_START_LINE ? blocks : nil
            }
            defer {
                unsafe CRYPTO_free(name, "", 0)
                unsafe CRYPTO_free(header, "", 0)
                unsafe CRYPTO_clear_free(data, count, "", 0)
            }
            guard let name = unsafe name, let header = unsafe header, unsafe header[0] == 0,
                let data = unsafe data, blocks.count < blocksMax
            else { return nil }
            let bytes = unsafe Array(UnsafeBufferPointer(start: data, count: count))
            blocks.append(Block(label: unsafe String(cString: name), bytes: bytes))
        }
    }
}
