# shellcheck shell=bash
# The one table that cluster/bench ends with. Sourced, never run. Needs $work.

# Both sides of a row, their ratio, and whether it keeps within the budget.
compare() { # what ours other-side theirs at-most|at-least budget-ratio
    awk -v what="$1" -v ours="$2" -v name="$3" -v theirs="$4" -v bound="$5" -v budget="$6" 'BEGIN {
        ratio = ours / theirs
        met = bound == "at-most" ? ratio <= budget : ratio >= budget
        printf "%s\t%s\t%s %s\t%.3f\t%s %s\t%s\n", what, ours, name, theirs, ratio, bound, budget, met ? "met" : "NOT met"
    }' >>"$work/table"
}

# A row that is measured against a number.
limit() { # what ours unit [at-most|at-least budget]
    awk -v what="$1" -v ours="$2" -v unit="$3" -v bound="${4-}" -v budget="${5-}" 'BEGIN {
        verdict = bound == "" ? "" : (bound == "at-most" ? ours <= budget : ours >= budget) ? "met" : "NOT met"
        printf "%s\t%s %s\t-\t-\t%s\t%s\n", what, ours, unit, bound == "" ? "-" : bound " " budget " " unit, verdict
    }' >>"$work/table"
}

# What could not be measured, and why, in one line.
cannot() {
    say "NOT MEASURED: $*"
    say "NOT MEASURED: $*" >>"$work/notes"
}

print_table() {
    [ -s "$work/table" ] || [ -s "$work/notes" ] || return 0
    step "Ratios count, numbers alone describe this machine and what else it did (load average $(cut -d ' ' -f 1-3 /proc/loadavg))"
    if [ -s "$work/table" ]; then
        { printf 'what\tCredence\tbeside\tratio\tbudget\t\n' && cat "$work/table"; } |
            awk -F '\t' '{
                for (i = 1; i <= 6; i++) { cell[NR, i] = $i; if (length($i) > width[i]) width[i] = length($i) }
            } END {
                for (n = 1; n <= NR; n++) {
                    line = ""
                    for (i = 1; i <= 6; i++) line = line sprintf("%-" width[i] + 2 "s", cell[n, i])
                    sub(/ +$/, "", line)
                    print line
                }
            }'
    fi
    if [ -s "$work/notes" ]; then cat "$work/notes"; fi
}

# The middle one of the numbers on standard input, one a line.
median() { sort -n | awk '{ all[NR] = $1 } END { print NR % 2 ? all[(NR + 1) / 2] : (all[NR / 2] + all[NR / 2 + 1]) / 2 }'; }

divide() { # a b digits
    awk -v a="$1" -v b="$2" -v digits="$3" 'BEGIN { printf "%.*f", digits, a / b }'
}
