/// The members of a JSON object, in the order they were written, each name once.
package struct JSONObject: Equatable, Sendable {
    package struct Member: Equatable, Sendable {
        package let name: String
        package var value: JSON
    }

    package private(set) var members: [Member]

    package init() {
        members = []
    }

    /// A name given twice is our own mistake: objects made by strangers come from the parser, which refuses it.
    package init(_ elements: [(String, JSON)]) {
        members = elements.map { Member(name: $0.0, value: $0.1) }
        for index in members.indices {
            precondition(
                !members[..<index].contains { $0.name == members[index].name },
                "a JSON object literal names a member twice")
        }
    }

    /// For the parser, which has already refused names given twice.
    init(uniqueMembers: [Member]) {
        members = uniqueMembers
    }

    package var names: [String] { members.map(\.name) }
    package var isEmpty: Bool { members.isEmpty }

    /// Names are compared byte for byte, not by Unicode equivalence: a signed name is its bytes.
    package subscript(name: String) -> JSON? {
        get { position(of: name).map { members[$0].value } }
        set {
            switch (position(of: name), newValue) {
            case (let position?, let value?): members[position].value = value
            case (let position?, nil): members.remove(at: position)
            case (nil, let value?): members.append(Member(name: name, value: value))
            case (nil, nil): break
            }
        }
    }

    func position(of name: String) -> Int? {
        let wanted = name.utf8.span
        // By place, since a closure would be given copies of all members, which count references.
        for place in members.indices where members[place].name.hasBytes(wanted) { return place }
        return nil
    }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (String, JSON)...) {
        self.init(elements)
    }
}
