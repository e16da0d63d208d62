import EventLoop
import HTTP
import HTTPTypes

extension Remote {
    /// A member with a large state copies and checks it before the first byte.
    static let downloadSilenceMax: Duration = .seconds(300)

    /// The content of a successful answer, as it comes.
    func download(_ request: ClientRequest, into download: BackupDownload) async throws(CommandFailure) {
        var request = request
        request.fields[.userAgent] = "credence"
        if let token { request.fields[.authorization] = "Bearer \(token)" }
        let loop: EventLoop
        do throws(EventLoopError) {
            loop = try EventLoop(name: "client")
        } catch {
            throw .refused("cannot start an event loop: \(error)")
        }
        defer { loop.shutdown() }
        let response = try await response(to: request, on: loop, into: download)
        // Of any other answer this says what is wrong.
        guard response.status.kind != .successful else { return }
        _ = try metadata(of: response)
    }

    private func response(
        to request: ClientRequest, on loop: EventLoop, into download: BackupDownload
    ) async throws(CommandFailure) -> ClientResponse {
        var failure = HTTPClientError.timedOut
        for endpoint in [endpoint] + others {
            do throws(HTTPClientError) {
                return try await HTTPClient(loop: loop).download(request, from: endpoint, silenceMax: Self.downloadSilenceMax) {
                    download.receive($0)
                }
            } catch {
                failure = error
                // Of another one something may have arrived already.
                guard case .unreachable = error else { break }
            }
        }
        guard !download.hasFailed else { throw .refused("\(download.path) could not be written; is there space on its disk?") }
        if case .connectionLost = failure { throw .unreachable("\(name) closed the connection before all of it was there; nothing was kept, try again") }
        throw .unreachable(describe(failure, Self.downloadSilenceMax))
    }
}
