import FoundationEssentials
import JOSE

/// Somebody else's implementation of JWT, as a program under `Tests/InteropTools`.
enum ForeignLibrary: String, Sendable, CaseIterable {
    case pyJWT = "with_pyjwt.py"
    case joserfc = "with_joserfc.py"
    case jwcrypto = "with_jwcrypto.py"
    case authlib = "with_authlib.py"
    case pythonJOSE = "with_python_jose.py"
    case golangJWT = "with_golang_jwt"
    case nodeJOSE = "with_node_jose.js"
    case rubyJWT = "with_ruby_jwt.rb"
    case cryptJWT = "with_crypt_jwt.pl"
    case joseCommand = "with_jose.sh"
    case openssl = "with_openssl.sh"

    static let allAlgorithms = ["ES256", "ES384", "ES512", "EdDSA", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512"]

    /// Those with a public key that it knows.
    var algorithms: [String] {
        switch self {
        case .pythonJOSE: Self.allAlgorithms.filter { !$0.hasPrefix("P") && $0 != "EdDSA" }
        case .rubyJWT, .joseCommand: Self.allAlgorithms.filter { $0 != "EdDSA" }
        default: Self.allAlgorithms
        }
    }

    var signs: Bool { self != .joseCommand }
}

// MARK: - What it is asked

extension ForeignLibrary {
    /// Prints the subject; ends with an error when the library refuses the token.
    func verify(_ token: String, with keys: String, algorithm: String) async throws -> Command {
        try await run([
            "do": "verify", "token": .string(token), "jwks": try JSON(parsing: keys), "algorithm": .string(algorithm),
        ])
    }

    /// As above, for openssl, which takes one key in PEM as well.
    func verify(_ token: String, publicKey: String, algorithm: String) async throws -> Command {
        try await run(["do": "verify", "token": .string(token), "public_key": .string(publicKey), "algorithm": .string(algorithm)])
    }

    /// A token whose claims are this text, byte for byte, signed with a private key in PEM (PKCS #8).
    func sign(_ claims: String, key: String, algorithm: String, keyID: String? = nil) async throws -> String {
        var given: JSONObject = ["do": "sign", "claims": .string(claims), "key": .string(key), "algorithm": .string(algorithm)]
        given["kid"] = keyID.map(JSON.string)
        let signed = try await run(.object(given))
        guard signed.exitCode == 0 else { throw TestFailure("\(self) signed nothing: \(signed.transcript)") }
        return signed.line
    }

    private func run(_ given: JSON) async throws -> Command {
        let (program, arguments) = try await invocation()
        return try await Command.run(program, arguments, environment: ["NODE_PATH": "/usr/share/nodejs"], input: given.encodedString)
    }
}

// MARK: - Where it is

extension ForeignLibrary {
    private static let repository = #filePath.split(separator: "/").dropLast(4).map { "/" + $0 }.joined()
    private var file: String { "\(Self.repository)/Tests/InteropTools/\(rawValue)" }

    /// As `cluster/test` found or made them.
    private static let python = ProcessInfo.processInfo.environment["CREDENCE_PYTHON"] ?? "/usr/bin/python3"
    private static let pythonWithJoserfc =
        ProcessInfo.processInfo.environment["CREDENCE_JOSERFC_PYTHON"] ?? "\(repository)/.build/python/bin/python3"

    var isThere: Bool {
        get async {
            let probe: (String, [String]) =
                switch self {
                case .pyJWT: (Self.python, ["-c", "import jwt, cryptography"])
                case .joserfc: (Self.pythonWithJoserfc, ["-c", "import joserfc"])
                case .jwcrypto: ("/usr/bin/python3", ["-c", "import jwcrypto"])
                case .authlib: ("/usr/bin/python3", ["-c", "import authlib"])
                case .pythonJOSE: ("/usr/bin/python3", ["-c", "import jose"])
                case .golangJWT: ("test", ["-d", "/usr/share/gocode/src/github.com/golang-jwt/jwt", "-a", "-x", "/usr/bin/go"])
                case .nodeJOSE: ("node", ["-e", "require('/usr/share/nodejs/jose')"])
                case .rubyJWT: ("ruby", ["-e", "require 'jwt'"])
                case .cryptJWT: ("perl", ["-e", "use Crypt::JWT"])
                case .joseCommand: ("jose", ["alg"])
                case .openssl: ("openssl", ["version"])
                }
            return (try? await Command.run(probe.0, probe.1))?.exitCode == 0
        }
    }

    private func invocation() async throws -> (program: String, arguments: [String]) {
        switch self {
        case .pyJWT: (Self.python, [file])
        case .joserfc: (Self.pythonWithJoserfc, [file])
        case .jwcrypto, .authlib, .pythonJOSE: ("/usr/bin/python3", [file])
        case .golangJWT: (try await Self.golangProgram.value, [])
        case .nodeJOSE: ("node", [file])
        case .rubyJWT: ("ruby", [file])
        case .cryptJWT: ("perl", [file])
        case .joseCommand, .openssl: ("bash", [file])
        }
    }

    /// Go is compiled; once is enough.
    private static let golangProgram = Task {
        let program = "\(repository)/.build/interop/golang_jwt"
        let environment = ["GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOCACHE": "\(repository)/.build/interop/cache", "GOFLAGS": "-p=1"]
        let built = try await Command.run(
            "go", ["build", "-o", program, "\(golangJWT.file)/main.go"], environment: environment, secondsMax: 300)
        guard built.exitCode == 0 else { throw TestFailure("Go compiles nothing: \(built.transcript)") }
        return program
    }
}
