internal import HashTreeCollections
internal import JOSE
internal import TrustStore

extension ExplainerWalk {
    /// Key and signature of a token that names no key: here the one finds the other.
    ///
    /// - Returns: the id of the key that made it.
    mutating func checkImportedKey(_ jws: DecodedSegments) -> String? {
        let received = token
        let signed = received.span.extracting(0..<jws.signedByteCount)
        do {
            let key = try view.importedKey(of: jws.signature.span, over: signed)
            pass(.key, "no kid, HS256: tried with the imported keys; \(QuotedText.quoted(key.id)) made it\(origin(of: key.id))")
            pass(.signature, "HS256, \(jws.signature.count) bytes, over the \(jws.signedByteCount) bytes received")
            return key.id
        } catch .badSignature {
            let count = view.state.importedKeys.count
            pass(.key, "no kid, HS256: tried with \(count) imported \(count == 1 ? "key" : "keys")")
            fail(
                .signature, .badSignature, "no imported key made it",
                hint: "the secret of the node that made it is not imported (credence key import), or was removed, or the token was changed")
        } catch {
            fail(
                .key, error, "kid absent, and no HS256 secret is imported that it could be tried with",
                hint: "tokens of the cluster carry a kid; for those of a Forest or Lotus node, import its secret (credence key import)")
            skip(.signature, "there is no key to check it with")
        }
        return nil
    }

    private func origin(of id: String) -> String {
        guard let record = view.state.importedKeys[id] else { return "" }
        return ", \(record.origin.rawValue)" + (record.name.map { " " + QuotedText.quoted($0) } ?? "")
    }
}
