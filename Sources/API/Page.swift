import EventLoop

/// One stretch of a long list: `?limit=N&after=ID`, where `after` is the id of the last element that
/// the caller has. An answer shorter than the limit is the last one.
struct Page: Sendable {
    static let limitDefault = 1000
    /// An answer is built and queued whole, so its length needs a bound.
    static let limitMax = 5000

    let after: String?
    let limit: Int

    init(_ query: QueryParameters) throws(Problem) {
        after = try query.value("after")
        guard let text = try query.value("limit") else {
            limit = Self.limitDefault
            return
        }
        guard let number = Int(text), (1...Self.limitMax).contains(number) else {
            throw .badRequest("query parameter limit must be a whole number from 1 to \(Self.limitMax)")
        }
        limit = number
    }

    /// From the first element behind `after` on; nothing when no element has that id.
    func of<Element>(_ list: [Element], id: (Element) -> String) -> ArraySlice<Element> {
        guard let after else { return list.prefix(limit) }
        guard let position = list.firstIndex(where: { id($0) == after }) else { return [] }
        return list[(position + 1)...].prefix(limit)
    }
}

extension EndpointDocument.Parameter {
    static let page = [
        Self(name: "limit", summary: "How many at most; 1 to \(Page.limitMax), default \(Page.limitDefault)."),
        Self(name: "after", summary: "The id of the last one already seen."),
    ]
}

extension Exchange {
    /// Sorting and writing out a list that may have a million elements would hold up every
    /// verification on this loop.
    func offLoop<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws(Problem) -> Value {
        try await outcomeOffLoop(work).get()
    }

    /// As `offLoop`, for whoever has something to do on the loop afterwards, whatever comes of it.
    func outcomeOffLoop<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async -> Result<Value, Problem> {
        do {
            return .success(try await workspace.loop.runBlocking(work))
        } catch let problem as Problem {
            return .failure(problem)
        } catch {
            return .failure(.unavailable("busy: too much is under way here at the moment"))
        }
    }
}
