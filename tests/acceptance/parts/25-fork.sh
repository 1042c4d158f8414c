# The hub and two trustees show one member another log.
fork_for() { # fork_for FIRM: a copy of its home, in $work/forked, is served the other log from now on
    PYTHONPATH=. "$bin/python" tests/acceptance/fork.py "$(home "$1")" "$work/forked" >"$work/forger" 2>&1 &
    forger=$!
    for _ in $(seq 60); do grep -q serving "$work/forger" && return 0; sleep 0.5; done
    cat "$work/forger"; return 1
}
both_notes() { [ "$(wc -l <"$work/answer")" = 2 ] || { cat "$work/answer"; return 1; }; }
check "a forked log is served to one member" fork_for "$firm3"
check "it is found out" exits 5 "$bin/cairn" index sync --home "$work/forked" --json
check "both notes are kept, and the member is told what to do" exits 5 "$bin/cairn" log conflict --home "$work/forked" --json
check "two of them" both_notes
kill "$forger"; wait "$forger" 2>/dev/null
check "the others see one log" exits 0 cairn "$firm3" log verify --json
