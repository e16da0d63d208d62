/// What the OpenAPI file says about an endpoint beyond its path, method and access.
struct EndpointDocument: Sendable {
    var summary: String
    var query: [Parameter] = []
    /// The members of the JSON body; nil when the endpoint reads none.
    var body: [Field]?
    var bodyType = BodyType.json
    /// Refused by name, except on resources shared with Incus.
    var unknownMembers = UnknownMembers.refused
    /// Statuses beyond those every endpoint may answer with.
    var statuses: [Int] = [200]
    /// Of an answer that goes on for as long as somebody listens.
    var streamType: String?

    enum UnknownMembers: Sendable { case refused, ignored }

    enum BodyType: String, Sendable {
        case json = "application/json"
        case form = "application/x-www-form-urlencoded"
        /// Bytes, without fields.
        case crl = "application/pkix-crl"
    }

    struct Parameter: Sendable {
        var name: String
        var summary: String
    }

    struct Field: Sendable {
        enum Kind: String, Sendable { case string, integer, boolean, strings, object }
        var name: String
        var kind: Kind
        var isRequired = false
        var summary: String
    }
}

extension EndpointDocument.Field {
    static func required(_ name: String, _ kind: Kind, _ summary: String) -> Self {
        Self(name: name, kind: kind, isRequired: true, summary: summary)
    }

    static func optional(_ name: String, _ kind: Kind, _ summary: String) -> Self {
        Self(name: name, kind: kind, summary: summary)
    }
}
