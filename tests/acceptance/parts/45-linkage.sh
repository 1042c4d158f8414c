# Other spellings, a switchboard, a procurer: who is found to be one buyer, and who is not.
named() { # named ID NAME PHONES REGISTRATION: one line of JSON, a party of Türkiye
    printf '{"inquiry_id":"%s","sector":"exporter","stage":"inquiry","channel":"EMAIL","party":{"role":"PUR","name":"%s","country":"TR","phones":[%s],"registration_no":"%s"},"item":{"eccn":"2B230"},"red_flags":["RF-ENU-01"],"outcome":"DECLINED"}\n' "$1" "$2" "$3" "$4"
}
five=$(access "[next(i for i,m in enumerate(a['members']) if m['group']==g) for g in sorted({m['group'] for m in a['members']})[:6]]" | tr -d '[],')
asker=$(echo "$five" | cut -d' ' -f6)
five=$(echo "$five" | cut -d' ' -f1-5)

named "spelt-0-$$" "Orkide Teknik A.S." "" "" >"$work/spelt0.jsonl"
named "spelt-1-$$" "Оркиде Текник" "" "" >"$work/spelt1.jsonl"
named "spelt-3-$$" "Orkide Tekniks Ltd" "" "" >"$work/spelt3.jsonl"
check "firm 0 files a name in Latin letters, without a contact" exits 0 cairn "$firm0" report "$work/spelt0.jsonl" --json
check "firm 1 files it in Cyrillic" exits 0 cairn "$firm1" report "$work/spelt1.jsonl" --json
check "the index is published" publish
check "firm 3 syncs" sync_firm "$firm3"
check "firm 3 checks it misspelt: a card" exits 3 cairn "$firm3" check "$work/spelt3.jsonl" --json
check "and is told that only the name is alike" same "$(answer "['match']")" similar

desk="\"$(phone)\""
at=0
for firm in $five; do
    at=$((at + 1))
    named "desk-$at-$$" "$(name)" "$desk" "$((RANDOM % 9 + 1))$(printf '%04d%05d' $((RANDOM % 10000)) $((RANDOM + $$)))" >"$work/desk.jsonl"
    check "firm $firm files its own company on the shared phone" exits 0 cairn "$firm" report "$work/desk.jsonl" --json
done
named "desk-asks-$$" "$(name)" "$desk" "" >"$work/desk.jsonl"
check "the index is published" publish
check "firm $asker syncs" sync_firm "$asker"
check "five registered parties on one phone: no card" exits 0 cairn "$asker" check "$work/desk.jsonl" --json
check "the operator sees the phone held back" bash -c "'$bin/cairn-hub' common-values --home '$hub_home' --json | grep -q '\"reports\": 5'"

changing="\"$(phone)\""
at=0
for firm in $five; do
    at=$((at + 1))
    named "changing-$at-$$" "$(name)" "$changing" "" >"$work/changing.jsonl"
    check "firm $firm files another name on a second phone" exits 0 cairn "$firm" report "$work/changing.jsonl" --json
done
named "changing-asks-$$" "$(name)" "$changing" "" >"$work/changing.jsonl"
check "the index is published" publish
check "firm $asker syncs" sync_firm "$asker"
check "five names without numbers on one phone: a card" exits 3 cairn "$asker" check "$work/changing.jsonl" --json
check "by 5-9 groups" same "$(answer "['groups']")" 5-9
