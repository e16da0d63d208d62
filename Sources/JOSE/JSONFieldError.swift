/// What is wrong with one field of a request or a stored record, in words for the caller who sent it.
/// The value sent is never repeated: it may be a secret put into the wrong field.
package struct JSONFieldError: Error, Equatable, Sendable {
    /// Path of the field as the caller knows it, such as `member.address`; empty for the whole body.
    package let field: String
    /// Such as `field "expires_in" must be an integer from 1 to 31536000`.
    package let message: String

    /// The rule that the field breaks, such as `must be a string`.
    package init(field: String, _ rule: String) {
        self.field = field
        message = field.isEmpty ? "the body \(rule)" : "field \(QuotedText.quoted(field)) \(rule)"
    }

    package init(unknownField field: String) {
        self.field = field
        message = "unknown field \(QuotedText.quoted(field))"
    }
}

extension JSONFieldError: CustomStringConvertible {
    package var description: String { message }
}
