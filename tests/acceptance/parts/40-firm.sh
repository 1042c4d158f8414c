# The firm's own machine: score, lint, preview, a second person's release, packs, the record.
scored() { # scored FLAGS CLEARED POINTS ATTENTION
    "$bin/cairn" score --flags "$1" --cleared "$2" --json >"$work/answer"
    same "$(answer "['points']") $(answer "['attention']")" "$3 $4"
}
check "score: three low and medium flags" scored RF-DIG-01,RF-DIG-02,RF-ORD-01 0 3 A1
check "score: two high flags" scored RF-ENU-01,RF-LOG-01 0 6 A2
check "score: a category is capped at 4" scored RF-ENU-01,RF-ENU-03,RF-LOG-01,RF-PRD-06 0 10 A3
check "score: one clearance takes two off" scored RF-ENU-01,RF-ENU-03,RF-LOG-01,RF-PRD-06 1 8 A2
check "score: an unexpected name alone is nothing" scored RF-CUS-07 0 0 A0
check "lint refuses a specification, a name and a phone" exits 6 "$bin/cairn" lint --text "needs 40 kHz, 3 bar, contact Mehmet +90 555 010 0199" --json
check "three findings" same "$(answer "['findings'].__len__()")" 3
check "lint lets go what names nobody" exits 0 "$bin/cairn" lint --text "buyer refused to name the end user" --json
check "no finding" same "$(answer "['findings'].__len__()")" 0

inquiry "firm-$$" "$(name)" "$(phone)" >"$work/firm.jsonl"
check "firm 2 sees what would leave" exits 0 cairn "$firm2" report "$work/firm.jsonl" --dry-run --json
cp "$work/answer" "$work/dry"
check "nothing was filed" same "$(psql "select count(*) from reports where report_id = '$("$bin/python" -c "
import json;print(json.loads(json.loads(open('$work/dry').readline())['to_hub'])['signed']['header']['report_id'])")'")" 0
check "it files the inquiry" exits 0 cairn "$firm2" report "$work/firm.jsonl" --json
# The leaf is a hash of all that was sent: header, open part, sealed part, card keys and shares hang on it.
leaf=$("$bin/python" - "$work/dry" <<'PY'
import json, sys
from cairn_protocol.messages.log import LeafKind, hash_of
from cairn_protocol.messages.report import Report
from cairn_protocol.messages.wire import decode
report = decode(json.loads(open(sys.argv[1]).readline())["to_hub"].encode(), Report)
print(hash_of(LeafKind.REPORT, report.signed.digest()).hex())
PY
)
in_log() { for _ in $(seq 40); do [ "$(psql "select count(*) from translog_leaves where leaf_hash = '\\x$leaf'")" = 1 ] && return 0; sleep 0.5; done; return 1; }
check "the bytes of the dry run are those that the hub logged" in_log

held=$work/held-home
cp -r "$(home "$firm3")" "$held"
printf 'name = "counsel"\nversion = 1\nhold = true\n' >"$work/hold.toml"
inquiry "held-$$" "$(name)" "$(phone)" >"$work/held.jsonl"
check "a pack holds reports" "$bin/cairn" policy install "$work/hold.toml" --home "$held"
check "an unnamed person files nothing" exits 6 "$bin/cairn" report "$work/held.jsonl" --json --home "$held"
check "a named person's report is held" exits 4 "$bin/cairn" report "$work/held.jsonl" --user "Ada Vale" --json --home "$held"
check "the same person can't release it" exits 6 "$bin/cairn" outbox release "held-$$" --user "Ada Vale" --json --home "$held"
check "a second person does" exits 0 "$bin/cairn" outbox release "held-$$" --user "Bo Lind" --json --home "$held"
printf 'name = "finer"\nversion = 2\nhold = true\nmin_coverage = 2\n' >"$work/finer.toml"
check "a pack that would refine is refused" exits 6 "$bin/cairn" policy install "$work/finer.toml" --json --home "$held"

check "a check says how much attention it asks for" exits 3 cairn "$firm3" check "$work/c.jsonl" --user "Ada Vale" --json
check "attention" same "$(answer "['attention'][0]")" A
check "and offers options, of which none says whom to deal with" same "$(answer "['options'][0]")" SCREEN
check "a flag's resolution is noted" cairn "$firm0" record add "acc-0-$$" --flag RF-ENU-01 --resolution "the end user was named" --user "Ada Vale"
check "and a decision" cairn "$firm0" record add "acc-0-$$" --decision PROCEED-WITH-RECORD --reason "all flags are resolved" --user "Ada Vale"
check "the record is exported as a page" cairn "$firm0" record export --out "$work/record.html"
check "which verifies without a network" exits 0 "$bin/cairn" record verify "$work/record.html" --home "$(home "$firm1")" --json
check "with its report proven" same "$(answer "['proven'] >= 1")" True
sed 's/the end user was named/the end user was not named/' "$work/record.html" >"$work/changed.html"
check "and not once a word is changed" exits 5 "$bin/cairn" record verify "$work/changed.html" --json
rm -rf "$held"
