import Testing

extension ClusterTests {
    @Suite("In shells and on terminals")
    struct ShellTests {
        /// What bash offers when the cursor stands behind `words`, as its completion asks for it.
        private func completions(_ words: [String]) async throws -> [String] {
            let script = """
                set -u
                export PATH="$(dirname "$0"):$PATH"
                set +u
                source <("$0" completion bash)
                [ "$(complete -p credence)" != "" ] || exit 9
                function_name="$(complete -p credence | sed -n 's/.*-F \\([^ ]*\\).*/\\1/p')"
                COMP_WORDS=("$@")
                COMP_CWORD=$(($# - 1))
                COMP_LINE="$*"
                COMP_POINT=${#COMP_LINE}
                "$function_name" credence "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}" 2>/dev/null
                printf '%s\\n' "${COMPREPLY[@]}"
                """
            let done = try await Command.run("bash", ["--norc", "-c", script, Binary.path] + words)
            #expect(done.exitCode == 0, "\(done.transcript)")
            return done.output.split(separator: "\n").map { String($0.trimmingSuffix { $0 == " " }) }
        }

        @Test("bash completes nouns, verbs, options and their values", arguments: [
            ("credence clu", "cluster"), ("credence token cre", "create"), ("credence token create --sub", "--subject"), ("credence completion b", "bash"),
            ("credence token list --format y", "yaml"),
        ])
        func bash(line: String, word: String) async throws {
            let found = try await completions(line.split(separator: " ").map(String.init))
            #expect(found == [word], "\(found)")
        }

        @Test("the other shells get scripts, an unknown one is usage; nothing offers what is not for people")
        func scripts() async throws {
            for shell in ["bash", "zsh", "fish"] {
                let script = try await Command.run(Binary.path, ["completion", shell])
                #expect(script.exitCode == 0 && script.output.contains("cluster") && !script.output.contains("manual page"), "\(shell)")
            }
            #expect(try await Command.run(Binary.path, ["completion", "tcsh"]).exitCode == 2)
        }

        @Test("man(1) has nothing against any page", .enabled("no man: see cluster/test") { (try? await Command.run("man", ["--version"]))?.exitCode == 0 })
        func manual() async throws {
            let names = try await Command.run(Binary.path, ["manual", "--list"])
            #expect(names.exitCode == 0 && names.output.split(separator: "\n").contains("credence-token"))
            for name in names.output.split(separator: "\n") {
                let page = try await Command.run(Binary.path, ["manual", String(name)])
                let shown = try await Command.run(
                    "sh", ["-c", "cat >\"$0.1\"; LC_ALL=C.UTF-8 MANWIDTH=100 man --warnings -l \"$0.1\"; rm \"$0.1\"", "/tmp/credence-test-\(UInt32.random(in: .min ... .max))"], input: page.output)
                #expect(shown.errorOutput == "", "\(name): \(shown.errorOutput)")
                #expect(shown.output.contains("SYNOPSIS") && shown.output.contains("SEE ALSO"), "\(name)")
            }
        }

        @Test("a mistyped command is one line that says what may have been meant, and exit code 2")
        func mistyped() async throws {
            let refused = try await Command.run(Binary.path, ["clutser", "list"])
            #expect(refused.exitCode == 2 && refused.output == "", "\(refused.transcript)")
            #expect(refused.errorOutput == "Error: there is no command \"credence clutser\"; did you mean `credence cluster list`?\n")
        }

        @Test("colours on a terminal, and none with NO_COLOR or into a pipe")
        func colours() async throws {
            let command = "\(Binary.path) cluster list --address unix:/nonexistent/x"
            let onTerminal: [String: String?] = ["TERM": "xterm", "NO_COLOR": nil]
            let coloured = try await Command.run("script", ["-qec", command, "/dev/null"], environment: onTerminal)
            #expect(coloured.output.contains("\u{1B}[31mError:"), "\(coloured.transcript)")
            let plain = try await Command.run("script", ["-qec", command, "/dev/null"], environment: onTerminal.merging(["NO_COLOR": "1"]) { $1 })
            #expect(plain.output.contains("Error:") && !plain.output.contains("\u{1B}["), "\(plain.transcript)")
            let piped = try await Command.run("sh", ["-c", command], environment: onTerminal)
            #expect(piped.errorOutput.hasPrefix("Error:"), "\(piped.transcript)")
        }
    }
}
