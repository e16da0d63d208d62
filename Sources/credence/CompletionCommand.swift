import ArgumentParser

struct CompletionCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "completion", abstract: "Print a script with which a shell completes commands and options.",
        discussion: """
            bash  source <(credence completion bash)
            zsh   credence completion zsh > ~/.zfunc/_credence, with ~/.zfunc in fpath before compinit
            fish  credence completion fish > ~/.config/fish/completions/credence.fish
            """)

    @Argument(help: "bash, zsh or fish.") var shell: Shell

    enum Shell: String, ExpressibleByArgument, CaseIterable {
        case bash, zsh, fish

        var kind: CompletionShell {
            switch self {
            case .bash: .bash
            case .zsh: .zsh
            case .fish: .fish
            }
        }
    }

    func perform() async throws(CommandFailure) {
        Terminal.out(Credence.completionScript(for: shell.kind))
    }
}
