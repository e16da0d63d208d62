import Cluster
import EventLoop
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
            return try await list(number, exchange)
        }
    ]

    private static func list(_ number: Int64, _ exchange: Exchange) async throws(Problem) -> Answer {
        let now = exchange.settings.wallClock(), index = exchange.view.index
        switch exchange.workspace.value.statusLists.begin(number, at: index, now: now, secondsMax: StatusList.secondsMax) {
        case .known(let token): return answer(token)
        case .busy: throw .unavailable("busy: a status list is being made; ask again")
        case .make: break
        }
        let made = await exchange.outcomeOffLoop {
            let token: String?
            do throws(MintError) {
                token = try StatusList.token(number, in: exchange.view.tokens, now: now)
            } catch {
                throw Problem(error)
            }
            guard let token else { throw Problem.notFound() }
            return token
        }
        exchange.workspace.value.statusLists.end(number, at: index, now: now, token: try? made.get())
        return try answer(made.get())
    }

    private static func answer(_ token: String) -> Answer {
        Answer(status: .ok, body: .plain(Array(token.utf8), contentType: StatusList.mediaType))
            .with(.cacheControl, "public, max-age=\(StatusList.secondsMax)")
    }

    private static let document = EndpointDocument(
        summary: "A signed list with one bit for each named token: 0 while it is good (IETF Token Status List)", statuses: [200, 404, 429, 503])
}
