internal import Crypto

/// Why bytes are not the JSON this parser accepts, and where.
package struct JSONError: Error, Equatable, Sendable {
    package enum Problem: Equatable, Sendable {
        case endsTooEarly, unexpectedByte, bytesAfterTheEnd
        case tooDeep, duplicateName
        case invalidNumber, numberOutOfRange
        case invalidUTF8, invalidEscape, loneSurrogate, controlCharacter, tooManyMarks
    }

    package let problem: Problem
    /// Position of the offending byte in the text parsed.
    package let offset: Int

    package init(problem: Problem, offset: Int) {
        self.problem = problem
        self.offset = offset
    }
}

extension JSONError: CustomStringConvertible {
    package var description: String {
        "invalid JSON at byte \(offset): \(problem.words)"
    }
}

extension JSONError.Problem {
    var words: String {
        switch self {
        case .endsTooEarly: "the text ends too early"
        case .unexpectedByte: "unexpected character"
        case .bytesAfterTheEnd: "there is more after the end"
        case .tooDeep: "nested more than \(JSONParser.depthMax) deep"
        case .duplicateName: "an object names a member twice"
        case .invalidNumber: "not a number as RFC 8259 writes them"
        case .numberOutOfRange: "the number is out of range"
        case .invalidUTF8: "the text is not UTF-8"
        case .invalidEscape: "unknown escape in a string"
        case .loneSurrogate: "half of a surrogate pair in a string"
        case .tooManyMarks: "more than \(StreamSafeText.marksMax) combining marks on one letter"
        case .controlCharacter: "unescaped control character in a string"
        }
    }
}
