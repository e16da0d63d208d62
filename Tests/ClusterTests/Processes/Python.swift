import FoundationEssentials
import JOSE

/// The Python that `cluster/test` found or made.
enum Python {
    static let program = ProcessInfo.processInfo.environment["CREDENCE_PYTHON"] ?? "/usr/bin/python3"

    static var hasPyJWT: Bool {
        get async {
            let imported = try? await Command.run(program, ["-c", "import jwt, cryptography"])
            return imported?.exitCode == 0
        }
    }

    /// Prints the bit of a token in a status list whose signature is good.
    static func status(of token: String, in list: String, with keys: String) async throws -> Command {
        let script = """
            import base64, json, sys, zlib, jwt
            given = json.load(sys.stdin)
            kid = jwt.get_unverified_header(given["list"])["kid"]
            key = jwt.PyJWK({key["kid"]: key for key in given["jwks"]["keys"]}[kid])
            claims = jwt.decode(given["list"], key.key, algorithms=["ES256"])
            packed = claims["status_list"]["lst"]
            bits = zlib.decompress(base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4)))
            place = jwt.decode(given["token"], options={"verify_signature": False})["status"]["status_list"]
            assert place["uri"] == claims["sub"], (place, claims["sub"])
            print(bits[place["idx"] // 8] >> place["idx"] % 8 & 1)
            """
        let given: JSON = ["token": .string(token), "list": .string(list), "jwks": try JSON(parsing: keys)]
        return try await Command.run(program, ["-c", script], input: given.encodedString)
    }

    /// Prints an administrator's token as a node makes them.
    static func nodeToken(secret hex: String, algorithm: String) async throws -> Command {
        let script = """
            import jwt, sys
            print(jwt.encode({"Allow": ["admin"]}, bytes.fromhex(sys.argv[1]), algorithm=sys.argv[2]))
            """
        return try await Command.run(program, ["-c", script, hex, algorithm])
    }
}
