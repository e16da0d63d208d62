import FoundationEssentials
import Subprocess
import Testing

extension ClusterTests {
    @Suite("The documentation")
    struct DocumentationTests {
        @Test("what stands in the boxes of the quickstart, the operating guide and the integrations works, from the first line to the last")
        func boxes() async throws {
            let folder = "/tmp/credence-test-\(UInt32.random(in: .min ... .max))"
            try Files.makeDirectory(folder)
            defer { if ProcessInfo.processInfo.environment["CREDENCE_KEEP_TEST_DATA"] == nil { try? Files.remove(folder) } }
            let python = await Python.hasPyJWT
            let machines = DocumentedMachines(
                folder: folder, ports: (shared: try await FreePorts.take(), laptop: try await FreePorts.take()), modules: python ? ["jwt"] : [])
            let pages = try DocumentationPage.executable
            #expect(pages.flatMap(\.boxes).count { $0.machine != nil } > 40, "the boxes are still found")
            try Files.write(machines.script(of: pages), to: "\(folder)/script")
            let done = try await Command.run(
                "bash", ["\(folder)/script"],
                environment: ["CREDENCE_UNDER_TEST": Binary.path, "PYTHON": python ? Python.program : nil], input: "", secondsMax: 500)
            #expect(done.exitCode == 0, "\(String(done.errorOutput.suffix(4_000)))")
        }

        @Test("a box that fails, or ends with another code than it says, is a failure, and its page and line are named")
        func failingBoxes() async throws {
            let folder = "/tmp/credence-test-\(UInt32.random(in: .min ... .max))"
            try Files.makeDirectory(folder)
            defer { try? Files.remove(folder) }
            let machines = DocumentedMachines(folder: folder, ports: (1, 2), modules: [])
            for (box, isGood) in [("```sh run m1\nfalse\ntrue\n```", false), ("```sh run m1 exit=4\ntrue\n```", false), ("```sh run m1 exit=1\nfalse\n```", true)] {
                let page = DocumentationPage(path: "docs/x.md", text: box)
                try Files.write(machines.script(of: [page]), to: "\(folder)/script")
                let done = try await Command.run("bash", ["\(folder)/script"], environment: ["CREDENCE_UNDER_TEST": Binary.path], input: "")
                #expect((done.exitCode == 0) == isGood && done.errorOutput.contains("docs/x.md, line 1, on m1"), "\(box)\n\(done.transcript)")
            }
        }

        @Test("every link leads to a file that is there, and to a heading in it", arguments: DocumentationPage.all)
        func links(path: String) throws {
            let page = try DocumentationPage(path)
            let folder = path.split(separator: "/").dropLast().joined(separator: "/")
            for (line, target) in page.links where !target.contains("://") {
                let parts = target.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
                let file = parts[0].isEmpty ? path : URL(filePath: "/\(folder)/\(parts[0])").standardized.path.trimmingPrefix("/").description
                #expect(FileManager.default.fileExists(atPath: "\(DocumentationPage.root)/\(file)"), "\(path):\(line): \(target)")
                guard parts.count == 2, file.hasSuffix(".md") else { continue }
                #expect(try DocumentationPage(file).anchors.contains(parts[1]), "\(path):\(line): \(target)")
            }
        }

        @Test("every error that a member logs, every line of the doctor and every reason of /readyz is in the table of alarms")
        func alarms() throws {
            let table = Files.text("\(DocumentationPage.root)/docs/operating/README.md")
            var count = 0
            for path in try Files.all(below: "\(DocumentationPage.root)/Sources") where path.hasSuffix(".swift") {
                for message in Self.literals(in: Files.text(path), after: ["logger.error(", "logger.critical("]) {
                    count += 1
                    #expect(table.contains(message), "\(path) logs “\(message)”")
                }
            }
            #expect(count > 12, "the messages are still found")
            let diagnosis = Files.text("\(DocumentationPage.root)/Sources/credence/Doctor/Diagnosis.swift")
            let checks = Self.literals(in: diagnosis, after: ["check: ", "check = ", "check = isOwn ? \"the cluster's CRL\" : "])
            #expect(Set(checks).count > 10, "the checks are still found")
            for check in checks { #expect(table.contains("`\(check)"), "the doctor looks at “\(check)”") }
            let ready = Files.text("\(DocumentationPage.root)/Sources/API/PublicEndpoints.swift")
            let reasons = Self.literals(in: ready, after: [".unavailable("])
            #expect(reasons.count == 2)
            for reason in reasons { #expect(table.contains("`\(reason)"), "/readyz says “\(reason)”") }
        }

        @Test("every metric is explained to operators")
        func metrics() throws {
            let page = Files.text("\(DocumentationPage.root)/docs/operating/monitoring.md")
            let source = Files.text("\(DocumentationPage.root)/Sources/API/MetricsEndpoints.swift")
            let names = Self.literals(in: source, after: ["text.add("])
            #expect(names.count > 15, "the metrics are still found")
            for name in names { #expect(page.contains("`credence_\(name)`"), "\(name)") }
        }

        /// The first literal behind each of these, as far as it is the same every time: up to the first value or mark.
        private static func literals(in source: String, after openings: [String]) -> [String] {
            openings.flatMap { opening in
                source.split(separator: opening, omittingEmptySubsequences: false).dropFirst().compactMap { rest in
                    let text = rest.drop { $0.isWhitespace }
                    guard text.first == "\"" else { return nil }
                    let literal = text.dropFirst().prefix { !"\"\\;:,".contains($0) }
                    return literal.isEmpty ? nil : String(literal.trimmingSuffix { $0 == " " })
                }
            }
        }
    }
}
