/// The machines that the documentation speaks of, as folders of this one: `mN` at 10.0.0.N, with its own /var/lib/credence
/// and /etc/credence. All that is real is the members; names of places are replaced by others.
struct DocumentedMachines {
    let folder: String
    /// Two in a row that are free.
    let ports: (shared: Int, laptop: Int)
    /// Modules of Python that are there.
    let modules: Set<String>

    /// All boxes of the pages as one script, which names each on standard error before it is run, and ends at the first failure.
    func script(of pages: [DocumentationPage]) -> String {
        var parts = [Self.preamble.replacing("@folder@", with: folder).replacing("@port@", with: String(ports.shared))]
        for page in pages {
            for box in page.boxes {
                if let name = box.value("file") { parts.append("cat >\"$FOLDER/work/\(name)\" <<'END_OF_BOX'\n\(placed(box.text, on: "m1"))\nEND_OF_BOX") }
                guard let machine = box.machine else { continue }
                let place = "\(page.path), line \(box.line), on \(machine)"
                if let module = box.value("needs"), !modules.contains(module) {
                    parts.append("echo '##### left out, for want of \(module): \(place)' >&2")
                    continue
                }
                parts.append("echo '##### \(place)' >&2\non \(machine)")
                let text = placed(box.text, on: machine)
                if let code = box.value("exit") {
                    parts.append("set +e\n\(text)\n[ $? = \(code) ] || { echo 'the exit code is not \(code)' >&2; exit 1; }\nset -e")
                } else {
                    parts.append(text)
                }
                if box.text.contains("credence serve") { parts.append("served") }
            }
        }
        return parts.joined(separator: "\n") + "\n"
    }

    private func placed(_ text: String, on machine: String) -> String {
        text.replacing("/var/lib/credence", with: "\(folder)/\(machine)/data").replacing("/etc/credence", with: "\(folder)/\(machine)/etc")
            .replacing("10.0.0.", with: "127.0.0.").replacing(":8443", with: ":\(ports.shared)").replacing(":8441", with: ":\(ports.laptop)")
    }

    /// `systemctl` starts, stops and restarts the member of its machine, as the unit would, and waits for it as systemd does. Its
    /// `rm` is the real one: what pages delete lies in the folder.
    private static let preamble = #"""
        set -euo pipefail
        export FOLDER=@folder@ MACHINE=
        unset CREDENCE_ADDRESS CREDENCE_TOKEN CREDENCE_FINGERPRINT CREDENCE_API_INFO CREDENCE_REMOTE
        mkdir -p "$FOLDER/bin" "$FOLDER/work"
        touch "$FOLDER/pids"
        cat >"$FOLDER/bin/credence" <<'END'
        #!/usr/bin/env bash
        # A member in the foreground leaves its process id. One that is set up listens on its own address only: all machines are one.
        case "${1-}-$MACHINE" in
            serve-*) echo $$ >>"$FOLDER/pids"; exec "$CREDENCE_UNDER_TEST" "$@" >>"$FOLDER/$MACHINE.log" 2>&1 </dev/null ;;
            init-m*) exec "$CREDENCE_UNDER_TEST" "$@" --listen "127.0.0.${MACHINE#m}:@port@" --config "$FOLDER/$MACHINE/etc/credence.yaml" ;;
            *) exec "$CREDENCE_UNDER_TEST" "$@" ;;
        esac
        END
        cat >"$FOLDER/bin/systemctl" <<'END'
        #!/usr/bin/env bash
        set -euo pipefail
        home=$FOLDER/$MACHINE
        [ "${!#}" = credence ] || exit 5
        stop() {
            [ -s "$home.pid" ] || return 0
            kill -TERM "$(cat "$home.pid")" 2>/dev/null || true
            while kill -0 "$(cat "$home.pid")" 2>/dev/null; do sleep 0.05; done
            rm "$home.pid"
        }
        start() {
            [ ! -s "$home.pid" ] || return 0
            setsid "$CREDENCE_UNDER_TEST" serve --config "$home/etc/credence.yaml" >>"$home.log" 2>&1 </dev/null &
            echo $! | tee -a "$FOLDER/pids" >"$home.pid"
            until curl --silent --fail --output /dev/null --unix-socket "$home/data/credence.sock" http://localhost/healthz; do
                kill -0 "$(cat "$home.pid")" 2>/dev/null || { tail -n 5 "$home.log" >&2; exit 1; }
                sleep 0.05
            done
        }
        case $1 in
            enable | start) start ;;
            stop | disable) stop ;;
            restart) stop; start ;;
            reload) kill -HUP "$(cat "$home.pid")" ;;
            *) exit 5 ;;
        esac
        END
        [ -z "${PYTHON-}" ] || printf '#!/bin/sh\nexec "%s" "$@"\n' "$PYTHON" >"$FOLDER/bin/python3"
        chmod +x "$FOLDER"/bin/*
        export PATH=$FOLDER/bin:$PATH
        cd "$FOLDER/work"
        trap 'exit 143' TERM
        trap 'xargs --no-run-if-empty kill -KILL <"$FOLDER/pids" 2>/dev/null || true' EXIT

        on() {
            [ "$MACHINE" != "$1" ] || return 0
            export MACHINE=$1 CREDENCE_DATA=$FOLDER/$1/data CREDENCE_CONFIG_DIR=$FOLDER/$1/config
            mkdir -p "$FOLDER/$1/etc"
        }
        served() {
            until curl --silent --fail --output /dev/null --unix-socket "$CREDENCE_DATA/credence.sock" http://localhost/readyz; do
                kill -0 "$(tail -n 1 "$FOLDER/pids")" || { tail -n 5 "$FOLDER/$MACHINE.log" >&2; exit 1; }
                sleep 0.05
            done
        }
        """#
}
