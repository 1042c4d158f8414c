# Sealed details: three groups' evidence, two analysts, two trustees, and nobody else.
analyst() { local who=$1; shift; "$bin/cairn" analyst "$@" --home "$(access "a['analysts'][$who]['home']")"; }
trustee() { local who=$1; shift; "$bin/cairn-trustee" "$@" --home "$(access "a['trustees'][$who]['home']")"; }
cosigned() { # waits until trustee 0 shows the opening with its evidence
    for _ in $(seq 40); do trustee 0 requests 2>/dev/null | grep -q "$1" && return 0; sleep 0.5; done
    echo "opening $1 is not shown"; return 1
}
ask() { # ask REPORT: exit code of the request, the answer in $work/answer
    analyst 0 opening request --report "$1" --reason T1 --json
}

inquiry "acc-2-$$" "$(name)" "$shared" >"$work/d.jsonl"
check "firm 2 files the phone of firms 0 and 1" exits 0 cairn "$firm2" report "$work/d.jsonl" --json
check "analyst 0 asks for firm 0's report" exits 0 ask "$first_id"
opening=$(answer "['opening']")
check "nobody confirms its own request" exits 6 analyst 0 opening confirm "$opening" --json
check "analyst 1 confirms" exits 0 analyst 1 opening confirm "$opening" --json
check "trustees see it with their own ticks" cosigned "$opening"
check "one trustee approves" exits 0 trustee 0 approve "$opening"
check "one of two stays shut" exits 1 analyst 0 opening read "$opening" --json
check "a second approves" exits 0 trustee 1 approve "$opening"
check "two open it" exits 0 analyst 0 opening read "$opening" --json
check "and the made-up name is read" grep -q "$canary" "$work/answer"
check "firm 0 syncs" sync_firm "$firm0"
check "and is told" bash -c "'$bin/cairn' status --home '$(home "$firm0")' --json | grep -q '$opening'"

hunt_again() {
    find .run -type f $(access "' '.join('-not -path \'%s/*\'' % m['home'] for m in a['members'] + a['analysts'])" | sed "s#$PWD/##g" | tr -d "'") >"$work/files"
    access "'\n'.join([a['hub']['log']] + [t['log'] for t in a['trustees']])" >>"$work/files"
    "$pg_bin/pg_dump" "$database" >"$work/dump.sql"
    echo "$work/dump.sql" >>"$work/files"
    "$bin/python" tests/acceptance/hunt.py "$work/files" "$canary" "$shared" "$digits"
}
check "still no trace of the name or the number outside firms' and analysts' homes" hunt_again

lone=$(phone)
for at in $(seq 1000); do inquiry "lone-$at-$$" "$(name)" "$lone"; done >"$work/lone.jsonl"
check "one firm files 1,000 reports" exits 0 cairn "$firm1" report "$work/lone.jsonl" --json
lone_id=$(answer "['report_id']")
check "they open nothing" exits 6 ask "$lone_id"
check "too few groups" same "$(answer "['reason']")" too-few-groups

left=$(phone)
right=$(phone)
two_phones() { inquiry "$1" "$(name)" "$2" | sed "s/\"phones\":\[\"$2\"\]/\"phones\":[\"$2\",\"$3\"]/"; }
inquiry "chain-a-$$" "$(name)" "$left" >"$work/chain-a.jsonl"
two_phones "chain-b-$$" "$left" "$right" >"$work/chain-b.jsonl"
inquiry "chain-c-$$" "$(name)" "$right" >"$work/chain-c.jsonl"
check "A of a chain is filed" exits 0 cairn "$firm0" report "$work/chain-a.jsonl" --json
chain_a=$(answer "['report_id']")
check "B, which shares one phone with each" exits 0 cairn "$firm1" report "$work/chain-b.jsonl" --json
chain_b=$(answer "['report_id']")
check "and C" exits 0 cairn "$firm2" report "$work/chain-c.jsonl" --json
chain_c=$(answer "['report_id']")
check "A can't be opened" exits 6 ask "$chain_a"
check "C can't be opened" exits 6 ask "$chain_c"
check "B can" exits 0 ask "$chain_b"
