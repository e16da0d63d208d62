import EventLoop
import HTTP
import HTTPTypes
import Testing

@Suite struct ServerConnectionTests {
    @Test("requests that arrive together are answered in order")
    func pipelining() {
        var world = MachineWorld()
        world.receive(get("/1") + "POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi" + get("/3"))
        #expect(world.handled.map(\.target) == ["/1", "/2", "/3"])
        #expect(world.output.components(of: "HTTP/1.1 200 OK\r\n") == 3)
        #expect(world.lastStep == .wait)
    }

    @Test("a request waits, unread, until the one before it is answered")
    func oneAtATime() {
        var world = MachineWorld()
        world.answersAtOnce = false
        world.receive(get("/1") + get("/2"))
        #expect(world.handled.map(\.target) == ["/1"])
        #expect(world.heldBytes == get("/2").utf8.count)
        world.pump()
        #expect(world.handled.count == 1)
        world.answer()
        world.pump()
        #expect(world.handled.map(\.target) == ["/1", "/2"])
    }

    @Test("100-continue is sent only when the client must be waiting for it")
    func expectation() {
        let text = "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
        var waiting = MachineWorld()
        waiting.receive(text + "Content-Length: 2\r\n\r\n")
        #expect(waiting.output == "<100>")
        #expect(waiting.handled.isEmpty)
        waiting.receive("hi")
        #expect(waiting.handled.map(\.body) == [Array("hi".utf8)])

        for unneeded in ["Content-Length: 2\r\n\r\nhi", "Content-Length: 0\r\n\r\n", "\r\n"] {
            var world = MachineWorld()
            world.receive(text + unneeded)
            #expect(world.handled.count == 1)
            #expect(!world.output.contains("<100>"), "\(unneeded)")
        }

        var old = MachineWorld()
        old.receive("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        #expect(old.output == "")
    }

    @Test("a body that will be refused is not asked for")
    func refusedExpectation() {
        var world = MachineWorld()
        world.receive("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 9999999\r\n\r\n")
        #expect(world.refusals == [.bodyTooLarge])
        #expect(!world.output.contains("<100>"))
    }

    @Test(
        "a request whose body is not to be read is answered at once, and nothing after its head is taken for another",
        arguments: ["Content-Length: 40", "Content-Length: 9", "Content-Length: 99999999", "Transfer-Encoding: chunked", "Expect: 100-continue\r\nContent-Length: 40"])
    func bodyLeftUnread(framing: String) {
        var world = MachineWorld(readsBody: { _ in false })
        world.receive("POST /1 HTTP/1.1\r\nHost: a\r\n\(framing)\r\n\r\n")
        #expect(world.handled.map(\.target) == ["/1"])
        #expect(world.output.contains("Connection: close\r\n") && !world.output.contains("<100>"), "\(world.output)")
        #expect(world.after == .linger)
        world.receive("123456789" + get("/2"))
        #expect(world.handled.count == 1 && world.heldBytes == 0)

        var bodiless = MachineWorld(readsBody: { _ in false })
        bodiless.receive("POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n" + get("/2"))
        #expect(bodiless.handled.map(\.target) == ["/1", "/2"], "a connection without bodies goes on")
    }

    @Test("HEAD gets the length of the content and none of it, in refusals too")
    func headHasNoContent() {
        var world = MachineWorld()
        world.receive("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(world.output == "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n")
        world.receive("HEAD / HTTP/1.1\r\n\r\n")
        #expect(world.output.hasSuffix("HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\nConnection: close\r\n\r\n"))
    }

    @Test("a client that asks for the close gets it, and what it sends afterwards is not read")
    func clientCloses() {
        for text in ["GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "GET / HTTP/1.0\r\n\r\n"] {
            var world = MachineWorld()
            world.receive(text + get("/late"))
            #expect(world.handled.count == 1)
            #expect(world.after == .close)
            #expect(world.output.contains("\r\nConnection: close\r\n"))
            #expect(world.heldBytes == 0)
        }
    }

    @Test("a handler can ask for the close")
    func handlerCloses() {
        var world = MachineWorld()
        world.response.closesConnection = true
        world.receive(get("/"))
        #expect(world.output.contains("\r\nConnection: close\r\n"))
        #expect(world.after == .linger)
    }

    @Test("a client that sends its head too slowly gets 408 however steadily it drips")
    func slowHead() {
        var world = MachineWorld()
        for byte in "GET / HTT".utf8 {
            world.receive([byte])
            world.pass(.seconds(1))
        }
        #expect(world.refusals.isEmpty)
        world.pass(.seconds(1))
        #expect(world.refusals == [.timedOut])
        #expect(world.output.hasPrefix("HTTP/1.1 408 "))
        #expect(world.after == .linger)
    }

    @Test("a body has a time limit of its own, which dripping does not extend")
    func slowBody() {
        var world = MachineWorld()
        world.receive("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n")
        for _ in 0..<29 {
            world.pass(.seconds(1))
            world.receive("x")
        }
        #expect(world.refusals.isEmpty)
        world.pass(.seconds(1))
        #expect(world.refusals == [.timedOut])
    }

    @Test("a connection that never speaks, or has nothing more to say, is closed without a word")
    func idle() {
        var silent = MachineWorld()
        silent.pass(.seconds(10))
        #expect(silent.lastStep == .close)
        #expect(silent.output == "")

        var kept = MachineWorld()
        kept.receive(get("/"))
        let output = kept.output
        kept.pass(.seconds(74))
        #expect(kept.lastStep == .wait)
        kept.pass(.seconds(1))
        #expect(kept.lastStep == .close)
        #expect(kept.output == output)
    }

    @Test("a handler has no time limit here, and its connection no deadline")
    func slowHandler() {
        var world = MachineWorld()
        world.answersAtOnce = false
        world.receive(get("/"))
        #expect(world.machine.deadline == nil)
        world.pass(.seconds(3600))
        #expect(world.lastStep == .wait)
    }

    @Test("a client that does not read gets no further answers once too many bytes wait for it, until it has read them")
    func slowReader() {
        var world = MachineWorld()
        world.receive(get("/1"))
        world.machine.outputQueued(ServerConnection.queuedBytesMax, at: world.now)
        world.receive(get("/2"))
        world.machine.outputQueued(ServerConnection.queuedBytesMax + 1, at: world.now)
        world.receive(get("/3"))
        #expect(world.handled.map(\.target) == ["/1", "/2"])
        world.machine.outputQueued(0, at: world.now)
        world.pump()
        #expect(world.handled.map(\.target) == ["/1", "/2", "/3"])
    }

    @Test("a client that reads slowly keeps its connection, one that makes no progress is cut off")
    func stalledReader() {
        var world = MachineWorld()
        world.receive(get("/1"))
        world.machine.outputQueued(1000, at: world.now)
        world.pass(.seconds(29))
        world.machine.outputQueued(999, at: world.now)
        world.pass(.seconds(29))
        #expect(world.lastStep == .wait)
        world.machine.outputQueued(999, at: world.now)
        world.pass(.seconds(1))
        #expect(world.lastStep == .abort)
    }

    @Test("streamed content is sent for as long as its length allows and an hour at most, however steadily its client reads a little", arguments: [
        (1_000, 60), (100 * 65_536, 160), (1 << 40, 3_600),
    ] as [(UInt64, Int)])
    func slowContent(byteCount: UInt64, seconds: Int) {
        var world = MachineWorld()
        world.response.content = ContentStream(byteCount: byteCount) { nil }
        world.receive(get("/1"))
        #expect(world.after == .content)
        for second in 1..<seconds {
            world.machine.outputQueued(10_000 - second, at: world.now)
            world.pass(.seconds(1))
            #expect(world.lastStep == .wait)
        }
        #expect(world.machine.deadline == world.now + .seconds(1))
        world.pass(.seconds(1))
        #expect(world.lastStep == .abort)
    }

    @Test("a client has so long for each piece of an answer without end, however steadily it reads a little, and as long again for the next")
    func slowPiece() {
        var world = MachineWorld()
        world.response.content = ContentStream(endless: { nil })
        world.receive(get("/1"))
        #expect(world.after == .stream)
        world.machine.outputQueued(0, at: world.now)
        world.pass(.seconds(100_000))
        #expect(world.lastStep == .wait && world.machine.deadline == nil, "there is nothing that it could read")
        for _ in 0..<2 {
            for second in 1..<60 {
                world.machine.outputQueued(10_000 - second, at: world.now)
                world.pass(.seconds(1))
                #expect(world.lastStep == .wait)
            }
            world.machine.outputQueued(0, at: world.now)
        }
        world.machine.outputQueued(10_000, at: world.now)
        for second in 1...60 {
            world.machine.outputQueued(10_000 - second, at: world.now)
            world.pass(.seconds(1))
            #expect(world.lastStep == (second < 60 ? .wait : .abort))
        }
    }

    @Test("a half-closed client gets its answers, also to pipelined requests, then the close")
    func halfClose() {
        var world = MachineWorld()
        world.answersAtOnce = false
        world.receive(get("/1") + get("/2"))
        world.machine.inputEnded()
        world.answer()
        world.pump()
        #expect(world.handled.map(\.target) == ["/1", "/2"])
        world.answer()
        world.pump()
        #expect(world.lastStep == .close)
    }

    @Test("a client that leaves in the middle of a request is not answered")
    func earlyEnd() {
        for text in ["", "GET", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabc"] {
            var world = MachineWorld()
            world.receive(text)
            world.machine.inputEnded()
            world.pump()
            #expect(world.lastStep == .close)
            #expect(world.output == "")
            #expect(world.handled.isEmpty)
        }
    }

    @Test("stopping closes an idle connection and lets a request in hand be answered")
    func stopping() {
        var idle = MachineWorld()
        idle.receive(get("/"))
        idle.perform(idle.machine.stop())
        #expect(idle.lastStep == .close)

        var busy = MachineWorld()
        busy.answersAtOnce = false
        busy.receive(get("/1") + get("/2"))
        busy.perform(busy.machine.stop())
        #expect(busy.lastStep == .wait)
        busy.answer()
        #expect(busy.output.contains("\r\nConnection: close\r\n"))
        busy.pump()
        #expect(busy.handled.map(\.target) == ["/1"])

        var halfSent = MachineWorld()
        halfSent.receive("GET / HT")
        halfSent.perform(halfSent.machine.stop())
        halfSent.receive("TP/1.1\r\nHost: a\r\n\r\n")
        #expect(halfSent.handled.count == 1)
        #expect(halfSent.output.contains("\r\nConnection: close\r\n"))
    }

    @Test("a refused client may go on sending up to a bound, and for a while")
    func lingering() {
        var world = MachineWorld()
        world.receive("bad\r\n")
        world.receive([UInt8](repeating: 0, count: ServerConnection.lingerBytesMax))
        #expect(world.lastStep == .wait)
        #expect(world.heldBytes == 0)
        world.receive([0])
        #expect(world.lastStep == .close)

        var slow = MachineWorld()
        slow.receive("bad\r\n")
        slow.pass(.seconds(2))
        #expect(slow.lastStep == .abort)

        var polite = MachineWorld()
        polite.receive("bad\r\n")
        polite.machine.inputEnded()
        polite.pump()
        #expect(polite.lastStep == .close)
    }
}

extension String {
    fileprivate func components(of part: String) -> Int {
        var count = 0
        var rest = self[...]
        while let range = rest.firstRange(of: part) {
            count += 1
            rest = rest[range.upperBound...]
        }
        return count
    }
}
