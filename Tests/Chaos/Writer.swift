import Dispatch
import JOSE

/// Goes on revoking while a member joins, through whichever member answers.
final class Writer {
    private let stop = StopFlag()
    private let gathered = Gathered<TrackedToken>()
    private let thread: DispatchSemaphore
    private var hasEnded = false

    init(_ sockets: [String]) {
        let (stop, gathered) = (stop, gathered)
        thread = Threads.start {
            let clients = sockets.map(UnixHTTPClient.init)
            var turn = 0
            while !stop.isSet {
                turn += 1
                let client = clients[turn % clients.count]
                if let token = client.mintOnce(), client.revokeOnce(token.id) != nil { gathered.add(token) }
                Clock.pause(seconds: 0.01)
            }
        }
    }

    /// Those whose revocation was acknowledged.
    var revoked: [TrackedToken] { gathered.all }

    func finish() {
        guard !hasEnded else { return }
        hasEnded = true
        stop.set()
        thread.wait()
    }
}

extension UnixHTTPClient {
    func mintOnce() -> TrackedToken? {
        call("POST", "/1.0/tokens", ["subject": "chaos", "scopes": ["read"], "expires_in": 86_400], seconds: 5)?.metadata.token
    }

    /// Returns the revocation's id.
    func revokeOnce(_ tokenID: String) -> String? {
        let reply = call("POST", "/1.0/revocations", ["token_id": .string(tokenID), "wait": "committed"], seconds: 10)
        return reply.flatMap { $0.status < 300 ? $0.metadata["id"]?.stringValue : nil }
    }

    /// For a cluster to which nothing is done: asks until it is answered.
    func mint() -> TrackedToken { retrying(mintOnce) }
    func revoke(_ tokenID: String) -> String { retrying { revokeOnce(tokenID) } }

    private func retrying<Value>(_ attempt: () -> Value?) -> Value {
        while true {
            if let value = attempt() { return value }
            Clock.pause(seconds: 0.05)
        }
    }

    /// `accepted`, or why not.
    func verdict(on token: TrackedToken) -> String {
        let answer = call("POST", "/1.0/tokens/verify", ["token": .string(token.text)], seconds: 10)?.metadata
        return answer?["valid"]?.boolValue == true ? "accepted" : answer?["reason"]?.stringValue ?? "no answer"
    }
}
