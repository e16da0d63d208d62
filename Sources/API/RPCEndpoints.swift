import HTTP
import HTTPTypes
import JOSE
import Tokens

/// JSON-RPC 2.0 as Forest and Lotus nodes speak it.
enum RPCEndpoints {
    /// Calls in one body: what one request may make this loop do.
    static let batchCallsMax = 64

    static let all: [Endpoint] = RPCVersion.allCases.map { version in
        Endpoint(
            method: .post, path: PathPattern(version.path), access: .open, document: document,
            work: .waiting { (exchange) async throws(Problem) in
                try await answer(RPCRequest(exchange: exchange, version: version))
            })
    }

    private static let document = EndpointDocument(
        summary: "JSON-RPC 2.0: Filecoin.AuthNew, Filecoin.AuthVerify, Filecoin.Version, rpc.discover; one call, or an array "
            + "of at most \(batchCallsMax). The token comes as Authorization: Bearer T, Authorization: T or ?token=T; without one "
            + "the permission is read",
        query: [EndpointDocument.Parameter(name: "token", summary: "The token, for clients that cannot send headers.")],
        body: [],
        statuses: [200, 204, 401, 429, 503])

    private static func answer(_ request: RPCRequest) async throws(Problem) -> Answer {
        if case .untrusted(let reason?) = request.exchange.caller {
            guard reason != .memberStale else { throw .memberStale }
            // With nothing in it, as Lotus and Forest answer.
            let hint = reason.isDisclosable ? reason.rawValue : nil
            return Answer(status: .unauthorized, body: .plain([], contentType: ""))
                .with(.wwwAuthenticate, BearerChallenge.invalidToken(hint: hint).text)
        }
        try request.exchange.requireJSONContentType()
        let body: JSON
        do throws(JSONError) {
            body = try JSON(parsing: request.exchange.request.body)
        } catch {
            return reply(error: .parse("\(error)"), to: .null)
        }
        guard case .array(let calls) = body else {
            return try await answer(body, request).map { .json($0) } ?? nothing
        }
        guard (1...batchCallsMax).contains(calls.count) else {
            return reply(error: .invalidRequest("a batch holds 1 to \(batchCallsMax) calls"), to: .null)
        }
        return try await answer(batch: calls, request)
    }

    /// One after the other, in their order: a token made by one may be what the next one asks about.
    private static func answer(batch calls: [JSON], _ request: RPCRequest) async throws(Problem) -> Answer {
        var answers: [JSON] = []
        for call in calls {
            if let answer = try await answer(call, request) { answers.append(answer) }
        }
        return answers.isEmpty ? nothing : .json(.array(answers))
    }

    /// Nil for a notification, whatever became of it (§4.1).
    private static func answer(_ json: JSON, _ request: RPCRequest) async throws(Problem) -> JSON? {
        let call: RPCCall
        do throws(RPCError) {
            call = try RPCCall(json)
        } catch {
            return response(["error": error.json], to: RPCCall.answerID(of: json))
        }
        do throws(RPCFailure) {
            let result = try await perform(call, request)
            return call.id.map { response(["result": result], to: $0) }
        } catch {
            switch error {
            case .call(let error): return call.id.map { response(["error": error.json], to: $0) }
            case .request(let problem): throw problem
            }
        }
    }

    private static func perform(_ call: RPCCall, _ request: RPCRequest) async throws(RPCFailure) -> JSON {
        guard let method = RPCMethod.named(call.method) else { throw .call(.methodNotFound) }
        guard request.exchange.caller.mayCall(method) else {
            throw .call(.missingPermission(method.name, method.permission))
        }
        do throws(RPCError) { try method.checkCount(call.params) } catch { throw .call(error) }
        return try await method.work(request, call.params)
    }

    private static func response(_ outcome: JSONObject, to id: JSON) -> JSON {
        var response: JSONObject = ["jsonrpc": "2.0"]
        for member in outcome.members { response[member.name] = member.value }
        response["id"] = id
        return .object(response)
    }

    private static func reply(error: RPCError, to id: JSON) -> Answer {
        .json(response(["error": error.json], to: id))
    }

    private static let nothing = Answer(status: .noContent, body: .plain([], contentType: ""))
}

extension Caller {
    /// Without any token everybody may read here; with one, what the token permits, which can be less.
    fileprivate func mayCall(_ method: RPCMethod) -> Bool {
        if case .untrusted(nil) = self { return method.permission == .read }
        return holds(method.permission)
    }
}
