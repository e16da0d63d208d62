import Cluster
import EventLoop
import HTTP
import HTTPTypes
import JOSE
import Logging
import Raft
import Synchronization
import Tokens

/// From an answer or a problem to the bytes of a response, and one log line for each.
extension APIHandler {
    func encode(_ answer: Answer, for call: Call, caller: Caller, view: MemberView) -> OutgoingResponse {
        settings.counters.answered(status: answer.status.code)
        log(call.request, call.label, answer.status, caller, detail: nil)
        var fields = HTTPFields()
        var body: [UInt8] = []
        var content: ContentStream?, webSocket: WebSocketStream?
        switch answer.body {
        case .sync(let metadata):
            body = Envelope.sync(metadata).encoded()
            fields[.contentType] = "application/json"
        case .async(let metadata, let operation):
            body = Envelope.async(metadata, operation: operation).encoded()
            fields[.contentType] = "application/json"
        case .plain(let bytes, let contentType):
            body = bytes
            if !contentType.isEmpty { fields[.contentType] = contentType }
        case .stream(let stream, let contentType):
            content = stream
            fields[.contentType] = contentType
        case .webSocket(let stream): webSocket = stream
        }
        for field in answer.fields { fields[field.name] = field.value }
        var response = OutgoingResponse(
            status: answer.status, fields: fields, preencodedFields: commonFields(view, label: call.label), body: body)
        response.content = content
        response.webSocket = webSocket
        return response
    }

    func encode(
        _ problem: Problem, for request: IncomingRequest, label: RequestLabel, caller: Caller?, view: MemberView
    ) -> OutgoingResponse {
        let response = response(problem, isUnderAPI: Self.isUnderAPI(request.head), label: label, view: view)
        settings.counters.answered(status: response.status.code)
        log(request, label, response.status, caller, detail: problem.detail ?? problem.message)
        return response
    }

    /// Errors look the same everywhere but for the status of a missing credential: 403 under `/1.0`
    /// as in Incus, 401 elsewhere as RFC 6750 has it.
    func response(_ problem: Problem, isUnderAPI: Bool, label: RequestLabel, view: MemberView) -> OutgoingResponse {
        var status = problem.status
        var fields: HTTPFields = [.contentType: "application/json"]
        if let challenge = problem.challenge {
            fields[.wwwAuthenticate] = challenge.text
            if case .insufficientScope = challenge {} else if !isUnderAPI { status = .unauthorized }
        }
        if let seconds = problem.retryAfterSeconds { fields[.retryAfter] = String(seconds) }
        for field in problem.fields { fields[field.name] = field.value }
        if !problem.allow.isEmpty { fields[.allow] = problem.allow.joined(separator: ", ") }
        return OutgoingResponse(
            status: status, fields: fields, preencodedFields: commonFields(view, label: label),
            body: Envelope.error(problem.message, code: status.code).encoded())
    }

    static func isUnderAPI(_ head: HTTPHead) -> Bool {
        let path = head.bytes[head.pathRange]
        return path.starts(with: "/1.0".utf8) && (path.count == 4 || path.dropFirst(4).first == UInt8(ascii: "/"))
    }

    func commonFields(_ view: MemberView, label: RequestLabel) -> [UInt8] {
        commonFields(view, label: label, member.freshness(of: view))
    }

    /// What every answer carries. As bytes, since it is built for each one.
    func commonFields(_ view: MemberView, label: RequestLabel, _ freshness: Freshness) -> [UInt8] {
        var bytes: [UInt8] = []
        // With room for what an accepted token adds.
        bytes.reserveCapacity(Self.fieldBytesUsual)
        bytes += viewFields(at: view.index)
        // A member that never proved its state current has no age to tell.
        if let age = freshness.ageMilliseconds {
            bytes += "Credence-Age: ".utf8
            bytes.append(decimal: UInt64(clamping: age))
            bytes += "\r\n".utf8
        }
        bytes += "X-Request-Id: ".utf8
        label.append(to: &bytes)
        bytes += "\r\n".utf8
        return bytes
    }

    private static let fieldBytesUsual = 384

    /// The header lines with the member's name and the index, which only an entry of the log changes. An answer that had to
    /// wait is encoded on no loop, so this is no loop's.
    private func viewFields(at index: LogIndex) -> [UInt8] {
        viewFields.withLock { kept in
            if let kept, kept.index == index { return kept.bytes }
            let bytes = Array("Credence-Member: \(HeaderText.escaped(member.name))\r\nCredence-Index: \(index.rawValue)\r\n".utf8)
            kept = (index, bytes)
            return bytes
        }
    }

    /// The caller's own `X-Request-Id` when it is 1 to 128 visible ASCII characters, else a new one.
    func requestLabel(_ head: HTTPHead) -> RequestLabel {
        if let range = head.range(of: .requestID), (1...128).contains(range.count),
            head.bytes[range].allSatisfy({ $0 > 0x20 && $0 < 0x7F }), !head.bytes[range].starts(with: "eyJ".utf8)
        {
            return .callers(head.text(range))
        }
        return workspace.value.nextRequestLabel()
    }

    private func log(
        _ request: IncomingRequest, _ label: RequestLabel, _ status: HTTPResponse.Status, _ caller: Caller?, detail: String?
    ) {
        let isRefused = status.code == 401 || status.code == 403
        let level: Logger.Level = status.code >= 500 ? .warning : isRefused || status.code == 201 ? .info : .debug
        logger.log(
            level: level, "\(request.head.method.rawValue) \(loggedTarget(request.head)) \(status.code)",
            metadata: metadata(request, label, caller, detail))
    }

    func metadata(_ request: IncomingRequest, _ label: RequestLabel, _ caller: Caller?, _ detail: String?) -> Logger.Metadata {
        var metadata: Logger.Metadata = ["request": "\(label)"]
        if let caller { metadata["caller"] = "\(caller.id)" }
        if let peer = request.connection.peerAddress { metadata["peer"] = "\(peer)" }
        if case .untrusted(let reason?) = caller { metadata["refused"] = "\(reason.rawValue)" }
        if let detail { metadata["detail"] = "\(detail)" }
        return metadata
    }

    func loggedTarget(_ head: HTTPHead) -> String {
        LoggedTarget.redacted(head.bytes[head.targetRange])
    }
}
