import Crypto
import JOSE
import Testing

/// C2SP/wycheproof's JSON Web Signature and JSON Web Key cases, for the algorithms of this build.
@Suite("Wycheproof", .enabled(if: WycheproofFile.folder != nil, "needs CREDENCE_VECTORS or ../shared/vectors"))
struct WycheproofTests {
    /// Cases that this store decides otherwise, by number.
    private static let skipped: [String: Set<Int64>] = [
        // 367, 370: called invalid padding, yet their bytes are those of case 357, which is valid.
        // 372, 373: called valid with a "?" inside a segment, which is not base64url (RFC 7515 §2).
        // 346, 350: the key says PS256 and the token PS384; a key is bound to its one algorithm (RFC 8725 §3.1).
        // 347, 351: the key says ES521, which is no algorithm (RFC 7518 §3.1).
        "json_web_signature_test.json": [346, 347, 350, 351, 367, 370, 372, 373],
        // 1: a set that mixes symmetric and public keys is ambiguous there; keys are imported one by one here.
        "json_web_key_test.json": [1],
    ]

    @Test("every signature is judged as expected", arguments: ["json_web_signature_test.json", "json_web_key_test.json"])
    func judged(file: String) throws {
        let json = try JSON(parsing: try #require(WycheproofFile.read(file)))
        var checked = 0
        for group in try #require(json["testGroups"]?.arrayValue) {
            let given = try #require(group["public"] ?? group["private"])
            let keys = given["keys"]?.arrayValue ?? [given]
            for test in try #require(group["tests"]?.arrayValue) {
                let id = try #require(test["tcId"]?.integerValue)
                guard Self.skipped[file]?.contains(id) != true else { continue }
                let isValid = test["result"] == "valid"
                let token = Array(try #require(test["jws"]?.stringValue).utf8)
                #expect(Self.verifies(token, keys) == isValid, "\(file) tcId \(id): \(test["comment"]?.stringValue ?? "")")
                checked += 1
            }
        }
        print("\(file): \(checked) cases judged, \(Self.skipped[file]?.count ?? 0) skipped by number")
        #expect(checked > 20)
    }

    /// What a holder of these keys answers: exactly one key by the header's `kid`, its algorithm the header's.
    private static func verifies(_ token: [UInt8], _ keys: [JSON]) -> Bool {
        guard let jws = try? JWSCompact(parsing: token.span) else { return false }
        let named = keys.filter { jws.header.keyID == nil || $0["kid"]?.stringValue == jws.header.keyID }
        guard named.count == 1, let key = try? JWSVerificationKey(importing: named[0]),
            jws.header.algorithm == key.algorithm
        else { return false }
        return key.isValidSignature(jws.signature.span, for: token.span.extracting(0..<jws.signedByteCount))
    }
}
