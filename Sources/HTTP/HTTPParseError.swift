package import HTTPTypes

/// Why a message was refused before anybody looked at what it asks for. Never carries the sender's bytes.
/// After any of these the connection closes: where the next message would begin is no longer known.
package enum HTTPParseError: Error, Equatable, Sendable, CaseIterable {
    case bareLineFeed
    case malformedRequestLine
    case malformedTarget
    case malformedStatusLine
    case foldedField
    case malformedField
    case missingHost
    case repeatedHost
    case invalidHost
    case hostDisagreesWithTarget
    case repeatedAuthorization
    case invalidContentLength
    case repeatedContentLength
    case lengthWithTransferCoding
    case repeatedTransferCoding
    case transferCodingBeforeHTTP11
    case malformedChunk
    case chunkExtensionsTooLong
    case unexpectedEnd
    case timedOut
    case bodyTooLarge
    case startLineTooLong
    case unknownExpectation
    case headerTooLarge
    case tooManyFields
    case trailerTooLarge
    case unsupportedTransferCoding
    case unsupportedMethod
    case unsupportedVersion

    /// The answer that RFC 9110, RFC 9112 or RFC 6585 names for it.
    package var status: HTTPResponse.Status {
        switch self {
        case .bareLineFeed, .malformedRequestLine, .malformedTarget, .malformedStatusLine, .foldedField, .malformedField,
            .missingHost, .repeatedHost, .invalidHost, .hostDisagreesWithTarget, .repeatedAuthorization,
            .invalidContentLength, .repeatedContentLength, .lengthWithTransferCoding, .repeatedTransferCoding,
            .transferCodingBeforeHTTP11, .malformedChunk, .chunkExtensionsTooLong, .unexpectedEnd:
            .badRequest
        case .timedOut: .requestTimeout
        case .bodyTooLarge: .contentTooLarge
        case .startLineTooLong: .uriTooLong
        case .unknownExpectation: .expectationFailed
        case .headerTooLarge, .tooManyFields, .trailerTooLarge: .requestHeaderFieldsTooLarge
        case .unsupportedTransferCoding, .unsupportedMethod: .notImplemented
        case .unsupportedVersion: .httpVersionNotSupported
        }
    }
}

extension HTTPParseError: CustomStringConvertible {
    /// One line for the sender, in words.
    package var description: String {
        switch self {
        case .bareLineFeed: "a line must end with CR LF"
        case .malformedRequestLine: "malformed request line"
        case .malformedTarget: "malformed request target"
        case .malformedStatusLine: "malformed status line"
        case .foldedField: "a header line must not begin with a blank"
        case .malformedField: "malformed header line"
        case .missingHost: "the Host header is missing"
        case .repeatedHost: "more than one Host header"
        case .invalidHost: "invalid Host header"
        case .hostDisagreesWithTarget: "the Host header and the request target name different hosts"
        case .repeatedAuthorization: "more than one Authorization header"
        case .invalidContentLength: "invalid Content-Length"
        case .repeatedContentLength: "more than one Content-Length"
        case .lengthWithTransferCoding: "Content-Length together with Transfer-Encoding"
        case .repeatedTransferCoding: "more than one Transfer-Encoding"
        case .transferCodingBeforeHTTP11: "Transfer-Encoding in an HTTP/1.0 message"
        case .malformedChunk: "malformed chunk"
        case .chunkExtensionsTooLong: "chunk extensions too long"
        case .unexpectedEnd: "the message ended early"
        case .timedOut: "the request took too long to arrive"
        case .bodyTooLarge: "request body too large"
        case .startLineTooLong: "request line too long"
        case .unknownExpectation: "only Expect: 100-continue is known"
        case .headerTooLarge: "request headers too large"
        case .tooManyFields: "too many request headers"
        case .trailerTooLarge: "trailers too large"
        case .unsupportedTransferCoding: "only Transfer-Encoding: chunked is supported"
        case .unsupportedMethod: "CONNECT is not supported"
        case .unsupportedVersion: "only HTTP/1.1 and HTTP/1.0 are supported"
        }
    }
}
