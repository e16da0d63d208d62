import Cluster
import HTTPTypes
import JOSE
import Tokens

/// `/statuslists/{n}`: which named tokens are still good, for verifiers that ask seldom (IETF Token Status List).
enum StatusListEndpoint {
    static let all: [Endpoint] = [
        .getWaiting("/statuslists/{number}", .open, document) { (exchange) async throws(Problem) in
            try exchange.limitStrangers()
            guard exchange.member.freshness(of: exchange.view).isFresh else { throw .memberStale }
            guard let number = Int64(exchange.parameter("number")), exchange.parameter("number").utf8.first != UInt8(ascii: "+") else {
                throw .notFound()
            }
            let now = exchange.settings.wallClock()
            return try await exchange.offLoop {
                let token: String?
                do throws(MintError) {
                    token = try StatusList.token(number, in: exchange.view.tokens, now: now)
                } catch {
                    throw Problem(error)
                }
                guard let token else { throw Problem.notFound() }
                return Answer(status: .ok, body: .plain(Array(token.utf8), contentType: StatusList.mediaType))
                    .with(.cacheControl, "public, max-age=\(StatusList.secondsMax)")
            }
        }
    ]

    private static let document = EndpointDocument(
        summary: "A signed list with one bit for each named token: 0 while it is good (IETF Token Status List)", statuses: [200, 404, 429, 503])
}
