package import HTTPTypes

/// An answer before it is put on the wire. The connection adds the framing (Content-Length, Connection) and Date, and
/// leaves the content out for HEAD, so no handler can get these wrong: such fields are ignored here.
package struct OutgoingResponse: Sendable {
    package var status: HTTPResponse.Status
    package var fields: HTTPFields
    /// Ready `name: value CRLF` lines for hot paths, written as they are. Only from constants or checked values.
    package var preencodedFields: [UInt8]
    package var body: [UInt8]
    /// In place of `body`.
    package var content: ContentStream?
    /// In place of any content: the connection goes on in this protocol. With the status 101, and for a request whose
    /// handshake was accepted.
    package var webSocket: WebSocketStream?
    /// Ask the connection to close after this answer.
    package var closesConnection = false

    package init(
        status: HTTPResponse.Status, fields: HTTPFields = [:], preencodedFields: [UInt8] = [], body: [UInt8] = []
    ) {
        self.status = status
        self.fields = fields
        self.preencodedFields = preencodedFields
        self.body = body
    }

    package init(status: HTTPResponse.Status, contentType: String, fields: HTTPFields = [:], text: String) {
        var fields = fields
        fields[.contentType] = contentType
        self.init(status: status, fields: fields, body: Array(text.utf8))
    }
}
