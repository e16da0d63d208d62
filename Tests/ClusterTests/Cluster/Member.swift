import JOSE

/// One member as a test talks to it: where it listens and where its files are. Whether it runs is `TestCluster`'s matter.
struct Member: Sendable, Equatable {
    let name: String
    let port: Int
    /// The test's own folder; everything of this member is below it.
    let directory: String

    var address: String { "127.0.0.1:\(port)" }
    var data: String { "\(directory)/\(name)" }
    var socket: String { "\(data)/credence.sock" }
    var log: String { "\(directory)/\(name).log" }
}

// MARK: - HTTP, through curl

extension Member {
    /// Over TLS, as any client would. Whom curl trusts is another test's matter (`MintVerifyRevokeTests`).
    func call(
        _ method: String, _ path: String, _ body: JSON? = nil, token: String? = nil, options: [String] = []
    ) async throws -> Answer {
        var arguments = ["--request", method, "--insecure"]
        if let token { arguments += ["--header", "Authorization: Bearer \(token)"] }
        if body != nil { arguments += ["--header", "Content-Type: application/json", "--data-binary", "@-"] }
        arguments += options + ["https://\(address)\(path)"]
        return try await Self.curl(arguments, input: body?.encodedString)
    }

    /// Over the Unix socket, as a local operator: admin without any token.
    func callLocally(_ method: String, _ path: String, _ body: JSON? = nil, options: [String] = []) async throws -> Answer {
        var arguments = ["--request", method, "--unix-socket", socket]
        if body != nil { arguments += ["--header", "Content-Type: application/json", "--data-binary", "@-"] }
        return try await Self.curl(arguments + options + ["http://localhost\(path)"], input: body?.encodedString)
    }

    static func curl(_ arguments: [String], input: String? = nil) async throws -> Answer {
        let options = ["--silent", "--max-time", "30", "--write-out", Answer.writeOut]
        return Answer(try await Command.run("curl", options + arguments, input: input))
    }
}

// MARK: - What tests ask for all the time

extension Member {
    func isReady() async throws -> Bool {
        try await callLocally("GET", "/readyz").status == 200
    }

    /// The verdict of `POST /1.0/tokens/verify`: `valid`, `reason`, `claims` and so on. Asked as a local operator, or over
    /// TLS by `caller`: a stranger is told less. With `index` the member answers once it has applied that entry.
    func verdict(on token: String, from index: Int64? = nil, by caller: String? = nil) async throws -> JSON {
        let options = index.map { ["--header", "Credence-Min-Index: \($0)"] } ?? []
        let path = "/1.0/tokens/verify", body: JSON = ["token": .string(token)]
        let answer =
            if let caller {
                try await call("POST", path, body, token: caller, options: options)
            } else {
                try await callLocally("POST", path, body, options: options)
            }
        guard answer.status == 200 else { throw TestFailure("\(name) gave no verdict: \(answer.summary)") }
        return answer.metadata
    }

    /// `more` are further fields of the request, in place of those made here.
    func mint(
        _ subject: String, scopes: [String] = ["read"], by admin: String, algorithm: String? = nil, _ more: JSONObject = [:]
    ) async throws -> String {
        var request: JSONObject = ["subject": .string(subject), "scopes": .strings(scopes), "expires_in": 3600]
        request["algorithm"] = algorithm.map(JSON.string)
        for field in more.members { request[field.name] = field.value }
        let answer = try await call("POST", "/1.0/tokens", .object(request), token: admin)
        guard let token = answer.metadata["token"]?.stringValue else {
            throw TestFailure("\(name) minted nothing: \(answer.summary)")
        }
        return token
    }

    /// The index of the revocation; nil when this member did not acknowledge it.
    func revoke(_ token: String, by admin: String) async throws -> Int64? {
        let body: JSON = ["token": .string(token), "wait": "committed"]
        let answer = try await call("POST", "/1.0/revocations", body, token: admin)
        guard answer.status == 200 || answer.status == 201 else { return nil }
        return answer.metadata["index"]?.integerValue
    }
}

// MARK: - The command line

extension Member {
    /// The operator's command, towards this member's Unix socket.
    func operate(_ arguments: String...) async throws -> Command {
        try await operate(arguments)
    }

    func operate(_ arguments: [String]) async throws -> Command {
        try await Command.run(Binary.path, arguments, environment: ["CREDENCE_ADDRESS": "unix:\(socket)", "CREDENCE_TOKEN": nil])
    }

    /// What `serve` needs for this member, whatever else it is told.
    func serveArguments(_ more: [String] = []) -> [String] {
        ["serve", "--data", data, "--name", name, "--listen", address] + more
    }
}
