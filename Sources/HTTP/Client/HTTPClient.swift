package import EventLoop
internal import HTTPTypes

/// Sends requests from one loop, each on a connection of its own.
///
/// A fresh connection per request costs a handshake and buys that a request is never sent into a connection the server
/// is about to close, where nobody could say whether it was acted on.
package final class HTTPClient: Sendable {
    private let loop: EventLoop
    private let limits: HTTPLimits

    /// - Parameter bodyBytesMax: the longest response body accepted.
    package init(loop: EventLoop, bodyBytesMax: Int = 64 * 1024 * 1024) {
        self.loop = loop
        var limits = HTTPLimits()
        limits.bodyBytesMax = bodyBytesMax
        self.limits = limits
    }

    /// - Parameter timeout: for everything: name, connection, handshake, request and response. Cancelling the task
    ///   ends it at once, as `connectionLost`.
    package func send(
        _ request: ClientRequest, to endpoint: HTTPEndpoint, timeout: Duration
    ) async throws(HTTPClientError) -> ClientResponse {
        let bytes = try request.encoded(host: endpoint.hostField)
        return try await run(
            LoopBound(ClientExchange(bytes, method: request.method, to: endpoint, limits: limits, on: loop), on: loop), timeout)
    }

    /// As `send`, for an answer that is too long to be held: the content of a successful one goes to `receive` as it comes,
    /// on the loop; that of any other is in the response.
    ///
    /// - Parameters:
    ///   - silenceMax: how long nothing may come.
    ///   - receive: false to end it, as `connectionLost`.
    package func download(
        _ request: ClientRequest, from endpoint: HTTPEndpoint, silenceMax: Duration,
        receive: @escaping @Sendable ([UInt8]) -> Bool
    ) async throws(HTTPClientError) -> ClientResponse {
        let bytes = try request.encoded(host: endpoint.hostField)
        var limits = limits
        limits.bodyBytesMax = .max
        return try await run(
            LoopBound(
                ClientExchange(bytes, method: request.method, to: endpoint, limits: limits, on: loop, receive: receive), on: loop),
            silenceMax)
    }

    private func run(_ exchange: LoopBound<ClientExchange>, _ timeout: Duration) async throws(HTTPClientError) -> ClientResponse {
        let loop = loop
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<ClientExchange.Outcome, Never>) in
                let isRunning = loop.execute {
                    exchange.value.start(timeout: timeout) { continuation.resume(returning: $0) }
                }
                if !isRunning { continuation.resume(returning: .failure(.unreachable(.loopEnded))) }
            }
        } onCancel: {
            loop.execute { exchange.value.finish(.failure(.connectionLost)) }
        }
        return try result.get()
    }
}
