#!/usr/bin/env bash
# The outside checks: a fresh `make run`, the command lines and .run/access.json, and nothing else.
# Names, numbers and phones are made up anew each time. Every check says what it found; the
# script ends with 0 only if all of them held.
set -u
cd "$(dirname "$0")/../.."
bin=$PWD/.venv/bin
work=$(mktemp -d)
failed=0
passed=0

check() { # check "what" command...: the command must succeed
    local what=$1
    shift
    if "$@" >"$work/out" 2>&1; then
        passed=$((passed + 1))
        echo "ok    $what"
    else
        failed=$((failed + 1))
        echo "FAIL  $what"
        sed 's/^/      | /' "$work/out" | tail -n 20
    fi
}
same() { [ "$1" = "$2" ] || { echo "got '$1', wanted '$2'"; return 1; }; }
access() { "$bin/python" -c "import json;a=json.load(open('.run/access.json'));print($1)"; }
exits() { # exits CODE command...: runs it, keeps its output in $work/answer
    local wanted=$1
    shift
    "$@" >"$work/answer" 2>"$work/said"
    local got=$?
    [ "$got" = "$wanted" ] || { echo "exit $got, wanted $wanted"; cat "$work/answer" "$work/said"; return 1; }
}
answer() { "$bin/python" -c "import json,sys;print(json.loads(open('$work/answer').readline())$1)"; }

make stop >/dev/null 2>&1
rm -rf .run
check "make run, from nothing" make run
[ -f .run/access.json ] || { echo "make run left no access.json"; exit 1; }

for part in tests/acceptance/parts/*.sh; do
    echo "== $(basename "$part" .sh)"
    # shellcheck disable=SC1090
    . "$part"
done

make stop >/dev/null 2>&1
rm -rf "$work"
echo "$passed held, $failed failed"
[ "$failed" = 0 ]
