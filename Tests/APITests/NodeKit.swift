import Crypto
import JOSE

@testable import API

/// Tokens as a Forest or Lotus node makes them, and its secret.
struct Node {
    let secret: [UInt8]

    init(_ byte: UInt8) { secret = Array(repeating: byte, count: 32) }

    func token(_ payload: String, header: String = #"{"alg":"HS256","typ":"JWT"}"#) -> String {
        let signed = Base64URL.encode(Array(header.utf8)) + "." + Base64URL.encode(Array(payload.utf8))
        return signed + "." + Base64URL.encode(HMAC(.sha256).authenticate(Array(signed.utf8), key: SecretBytes(secret)))
    }

    var adminToken: String { token(#"{"Allow":["read","write","sign","admin"]}"#) }
    var readToken: String { token(#"{"Allow":["read"]}"#) }

    func importing(_ kind: String = "lotus", name: String? = nil) -> JSON {
        var body: JSONObject = ["kind": .string(kind), "private_key": .string(Base64.encode(secret))]
        body["name"] = name.map(JSON.string)
        return .object(body)
    }
}
