/// Public keys as `/.well-known/jwks.json` publishes them (RFC 7517 §5).
package struct JWKSet: Sendable {
    package static let keysCountMax = 256

    package let keys: [JWK]

    package init(_ keys: [JWK]) {
        self.keys = keys
    }

    /// RFC 7517 §5: keys of a kind not understood are skipped; one that is broken is an error.
    package init(_ json: JSON) throws(JWKError) {
        let elements: [JSON]
        do {
            var reader = try JSONObjectReader(json)
            elements = try reader.array("keys", max: Self.keysCountMax)
        } catch {
            throw .malformed(error)
        }
        var keys: [JWK] = []
        for element in elements {
            do {
                keys.append(try JWK(element))
            } catch .unsupported, .wrongUse, .algorithmMissing {
                continue
            } catch {
                throw error
            }
        }
        guard Set(keys.map(\.keyID)).count == keys.count else { throw .duplicateKeyID }
        self.keys = keys
    }

    package var json: JSON {
        ["keys": .array(keys.map(\.json))]
    }
}
