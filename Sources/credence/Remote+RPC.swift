import HTTP
import HTTPTypes
import JOSE

extension Remote {
    /// One call of JSON-RPC.
    ///
    /// - Returns: its `result`.
    func rpc(_ method: String, _ params: JSON) async throws(CommandFailure) -> JSON {
        var fields: HTTPFields = [.userAgent: "credence", .contentType: "application/json"]
        if let token { fields[.authorization] = "Bearer \(token)" }
        let call: JSON = ["jsonrpc": "2.0", "id": 1, "method": .string(method), "params": params]
        let response = try await send(ClientRequest(method: .post, target: "/rpc/v1", fields: fields, body: .bytes(call.encoded())))
        guard response.status == .ok else { throw refusal(response) }
        guard let answer = try? JSON(trusting: response.body), case .object = answer else {
            throw .unreachable("\(name) does not answer as Credence does; is it the right port?")
        }
        if let result = answer["result"] { return result }
        let message = Table.printable(answer["error"]?["message"]?.stringValue ?? "no result")
        let isMissingToken = token == nil && message.hasPrefix("missing permission")
        throw .refused(message + (isMissingToken ? "; give --token or CREDENCE_TOKEN, or run this as root or the daemon's user on a member's machine" : ""))
    }

    /// A refused token has no words with it; other answers come in the envelope.
    private func refusal(_ response: ClientResponse) -> CommandFailure {
        let envelope = try? JSON(trusting: response.body)
        let reason = envelope?["error"]?.stringValue ?? response.status.reasonPhrase
        return .refused(Table.printable(reason) + advice(response))
    }
}
