/// The protected header of a JWS, of which only three fields matter here. Fields that bring their own
/// key (`jwk`, `jku`, `x5c`, `x5u`) are ignored like any unknown one: a token never names its judge.
package struct JOSEHeader: Equatable, Sendable {
    /// `alg` as written; `JWSAlgorithm(rawValue:)` says whether it is one of ours.
    package let algorithmName: String
    package let keyID: String?
    package let type: String?

    package var algorithm: JWSAlgorithm? { JWSAlgorithm(exactName: algorithmName) }

    package init(parsing bytes: [UInt8]) throws(JWSError) {
        let json: JSON
        do {
            json = try JSON(parsing: bytes)
        } catch {
            throw .headerNotJSON(error)
        }
        guard case .object(let object) = json else { throw .headerNotAnObject }
        try self.init(object)
    }

    private init(_ object: JSONObject) throws(JWSError) {
        guard object["crit"] == nil else { throw .criticalExtension }
        guard object["b64"] == nil else { throw .unencodedPayload }
        guard let name = object["alg"]?.stringValue else { throw .invalidHeaderField("alg") }
        algorithmName = name
        keyID = try Self.optionalString("kid", of: object)
        type = try Self.optionalString("typ", of: object)
    }

    private static func optionalString(_ name: String, of object: JSONObject) throws(JWSError) -> String? {
        switch object[name] {
        case nil: nil
        case .string(let value): value
        default: throw .invalidHeaderField(name)
        }
    }
}

extension JWSAlgorithm {
    /// Longer than any of ours.
    private static let nameBytesMax = 16

    /// The algorithm whose name is these very bytes; `String` equality would also accept
    /// canonically equivalent spellings.
    init?(exactName name: String) {
        guard name.utf8.count <= Self.nameBytesMax, let algorithm = JWSAlgorithm(rawValue: name), name.hasSameBytes(as: algorithm.rawValue) else {
            return nil
        }
        self = algorithm
    }
}
