# A wrong join is cut by two people, and the recall reaches a home that last synced before it.
reviewer() { "$bin/cairn" reviewer "$@" --home "$(access "a['reviewers'][0]['home']")"; }
official() { "$bin/cairn" analyst recall "$@" --home "$(access "a['analysts'][0]['home']")"; }
line_with() { # line_with WORD EXPRESSION: of the JSON line that has WORD
    "$bin/python" -c "
import json, sys
(one,) = [json.loads(line) for line in open('$work/answer') if sys.argv[1] in line][:1]
print(eval(sys.argv[2]))" "$1" "$2"
}

switchboard=$(phone)
noor=$(name)
sapphire=$(name)
inquiry "recall-0-$$" "$noor" "$switchboard" >"$work/r0.jsonl"
inquiry "recall-1-$$" "$noor" "$switchboard" >"$work/r1.jsonl"
inquiry "recall-2-$$" "$sapphire" "$switchboard" >"$work/r2.jsonl"
inquiry "recall-3-$$" "$sapphire" "$switchboard" >"$work/r3.jsonl"
inquiry "recall-asked-$$" "$noor" "$switchboard" >"$work/asked.jsonl"
check "two firms report one tenant of a centre" exits 0 cairn "$firm0" report "$work/r0.jsonl" --json
check "the second too" exits 0 cairn "$firm1" report "$work/r1.jsonl" --json
check "two firms report another tenant under the same phone" exits 0 cairn "$firm2" report "$work/r2.jsonl" --json
wrong_id=$(answer "['report_id']")
check "the second too" exits 0 cairn "$twin0" report "$work/r3.jsonl" --json
check "the index is published" publish
check "firm 3 syncs" sync_firm "$firm3"
check "firm 3 looks and is shown the card" exits 3 cairn "$firm3" check "$work/asked.jsonl" --json
old=$work/old-home
cp -r "$(home "$firm3")" "$old"
check "firm 2 is alerted" exits 3 cairn "$firm2" alerts --sync --json
check "firm 2 disputes: not ours" exits 0 cairn "$firm2" not-ours "recall-2-$$" --json
check "the reviewer sees the dispute" exits 0 reviewer list --json
case=$(line_with "$wrong_id" "one['case']")
check "and where it would come apart: 2 and 2" same "$(line_with "$wrong_id" "sorted(map(len, one['parts']))")" "[2, 2]"
check "the reviewer orders the cut" exits 0 reviewer recall "$case" --reason WRONG-JOIN --json
cut=$(answer "['cut']")
check "one person changes nothing" same "$(answer "['status']")" ordered
check "a firm can't confirm it" exits 1 "$bin/cairn" analyst recall confirm "$cut" --json --home "$(home "$firm0")"
check "an analyst confirms" exits 0 official confirm "$cut" --json
check "and it is cut" same "$(answer "['status']")" cut
cut_logged() { for _ in $(seq 40); do [ "$(psql "select count(*) from translog_leaves where kind = 'cut'")" -ge 1 ] && return 0; sleep 0.5; done; return 1; }
check "the log has it" cut_logged
check "the index is published" publish
check "the home that synced before it syncs" "$bin/cairn" index sync --home "$old"
check "and learns of the recall" exits 3 "$bin/cairn" alerts --json --home "$old"
check "for the reason given" grep -q "do not belong together" "$work/answer"
for firm in "$firm0" "$firm1" "$firm2" "$twin0"; do
    check "contributor $firm is told, and acknowledges" exits 3 cairn "$firm" alerts --sync --json
done
check "the reviewer asks who took notice" exits 0 reviewer list --json
check "all four contributors did" same "$(line_with "\"$cut\"" "(one['acknowledged'], one['contributors'])")" "(4, 4)"
check "once told is told" exits 0 cairn "$firm0" alerts --json
inquiry "recall-later-$$" "$(name)" "$switchboard" >"$work/later.jsonl"
check "the switchboard shows nothing any more" exits 0 "$bin/cairn" check "$work/later.jsonl" --json --home "$old"
check "the first tenant's own two reports do" exits 3 "$bin/cairn" check "$work/asked.jsonl" --json --home "$old"

inquiry "amend-$$" "$(name)" "$(phone)" | sed 's/"DECLINED"/"HELD"/' >"$work/amend.jsonl"
check "firm 0 files an inquiry on hold" exits 0 cairn "$firm0" report "$work/amend.jsonl" --json
check "and amends its outcome" exits 0 cairn "$firm0" amend "amend-$$" --outcome DECLINED --json
check "as the second revision of the same report" same "$(psql "select max(revision) from reports where report_id = '$(answer "['report_id']")'")" 2
check "and clears it, for a reason" exits 0 cairn "$firm0" clear "amend-$$" --reason site-visit --json
