/// The bounds on one received message. Each has a test at the bound and one above it.
package struct HTTPLimits: Sendable, Equatable {
    /// Longest request or status line in bytes, without its CRLF. Above: 414.
    package var startLineBytesMax = 8 * 1024
    /// All field lines with their CRLFs, in bytes, without the empty line. Above: 431.
    package var headerBytesMax = 32 * 1024
    /// Field lines in a head; the same bound holds for trailers. Above: 431.
    package var fieldsMax = 100
    /// The decoded body in bytes. Above: 413.
    package var bodyBytesMax = 1024 * 1024
    /// Hexadecimal digits of one chunk size; eight cannot overflow. Above: 400.
    package var chunkSizeDigitsMax = 8
    /// All chunk extensions of one message in bytes (RFC 9112 §7.1.1 asks for a bound). Above: 400.
    package var chunkExtensionBytesMax = 4 * 1024
    /// The trailer section of a chunked body in bytes, its last CRLF included. Above: 431.
    package var trailerBytesMax = 8 * 1024

    package init() {}
}
