# One report's way: from a firm's inquiry to another firm's advice.
home() { access "a['members'][$1]['home']"; }
hub_home=$(access "a['hub']['home']")
hub_url=$(access "a['hub']['url']")
hub_pid() { access "a['hub']['pid']"; }
database=$(access "a['database']['url']")
pg_bin=$(dirname "$(find "$PWD/.venv" -path '*pginstall18/bin/psql' | head -n 1)")
psql() { "$pg_bin/psql" "$database" -Atqc "$1"; }

# Firms by what the story needs: four of four groups, all exporters, and two of one group.
groups_differ="[i for i,m in enumerate(a['members']) if m['sector']=='exporter']"
firm0=$(access "$groups_differ[0]")
firm1=$(access "next(i for i in $groups_differ if a['members'][i]['group']!=a['members'][$firm0]['group'])")
firm2=$(access "next(i for i in $groups_differ if a['members'][i]['group'] not in (a['members'][$firm0]['group'],a['members'][$firm1]['group']))")
firm3=$(access "next(i for i in $groups_differ if a['members'][i]['group'] not in [a['members'][j]['group'] for j in ($firm0,$firm1,$firm2)])")
twins=$(access "next((i,j) for i,m in enumerate(a['members']) for j,n in enumerate(a['members']) if i<j and m['group']==n['group'])")
twin0=$(echo "$twins" | tr -dc '0-9,' | cut -d, -f1)
twin1=$(echo "$twins" | tr -dc '0-9,' | cut -d, -f2)

phone() { printf "+44 20 7%03d%03d%d" $((RANDOM % 1000)) $((RANDOM % 1000)) $((RANDOM % 10)); }
word() { LC_ALL=C tr -dc 'bdfgklmnprstvz' </dev/urandom | head -c 7; }
name() { w=$(word); echo "${w^} Instruments"; }
inquiry() { # inquiry ID NAME PHONE: one line of JSON
    printf '{"inquiry_id":"%s","sector":"exporter","stage":"inquiry","channel":"EMAIL","party":{"role":"PUR","name":"%s","country":"GB","phones":["%s"]},"item":{"eccn":"2B230"},"red_flags":["RF-ENU-01"],"outcome":"DECLINED"}\n' "$1" "$2" "$3"
}
cairn() { local firm=$1; shift; "$bin/cairn" "$@" --home "$(home "$firm")"; }
publish() { "$bin/cairn-hub" index publish --home "$hub_home" >"$work/publish" 2>&1 || { cat "$work/publish"; return 1; }; }
sync_firm() { cairn "$1" index sync; }

shared=$(phone)
canary=$(name)
inquiry "acc-0-$$" "$canary" "$shared" >"$work/a.jsonl"
inquiry "acc-3-$$" "$(name)" "$shared" >"$work/c.jsonl"
inquiry "acc-1-$$" "$(name)" "$shared" >"$work/b.jsonl"
check "firm 0 files a made-up name and phone" exits 0 cairn "$firm0" report "$work/a.jsonl" --json
first_id=$(answer "['report_id']")
first_status=$(answer "['status']")
check "its receipt is a promise" same "$first_status" promised
check "the index is published" publish
check "firm 3 syncs" sync_firm "$firm3"
check "firm 3 checks another name with that phone: one group is no card" exits 0 cairn "$firm3" check "$work/c.jsonl" --json
check "and is told not_seen" same "$(answer "['status']")" not_seen
check "firm 1 of another group files the phone under a third name" exits 0 cairn "$firm1" report "$work/b.jsonl" --json
check "the index is published" publish
check "firm 3 syncs" sync_firm "$firm3"
check "firm 3 checks again: a card" exits 3 cairn "$firm3" check "$work/c.jsonl" --json
check "seen" same "$(answer "['status']")" seen
check "by 2-4 groups" same "$(answer "['groups']")" 2-4

twin_phone=$(phone)
inquiry "twin-a-$$" "$(name)" "$twin_phone" >"$work/t1.jsonl"
inquiry "twin-b-$$" "$(name)" "$twin_phone" >"$work/t2.jsonl"
inquiry "twin-c-$$" "$(name)" "$twin_phone" >"$work/t3.jsonl"
check "two members of one group file one new phone" exits 0 cairn "$twin0" report "$work/t1.jsonl" --json
check "the second too" exits 0 cairn "$twin1" report "$work/t2.jsonl" --json
check "the index is published" publish
check "firm 3 syncs" sync_firm "$firm3"
check "a check stays 0" exits 0 cairn "$firm3" check "$work/t3.jsonl" --json

fresh() { inquiry "fresh-$RANDOM-$$" "$(name)" "$(phone)" >"$work/fresh.jsonl"; }
kill -STOP "$(hub_pid)"
check "hub stopped: a known value answers within 20 s" timeout 20 bash -c "'$bin/cairn' check '$work/c.jsonl' --json --home '$(home "$firm3")'; [ \$? = 3 ]"
fresh
check "hub stopped: a new value answers within 20 s" timeout 20 "$bin/cairn" check "$work/fresh.jsonl" --json --home "$(home "$firm3")"
kill -CONT "$(hub_pid)"
trustees=$(access "len(a['trustees'])")
for at in $(seq 0 $((trustees - 1))); do
    pid=$(access "a['trustees'][$at]['pid']")
    kill -STOP "$pid"
    fresh
    check "trustee $at stopped: a new value answers" exits 0 cairn "$firm3" check "$work/fresh.jsonl" --json
    kill -CONT "$pid"
done
one=$(access "a['trustees'][0]['pid']")
two=$(access "a['trustees'][1]['pid']")
kill -STOP "$one" "$two"
fresh
check "two trustees stopped: a check waits" exits 4 cairn "$firm3" check "$work/fresh.jsonl" --json
check "and says queued" same "$(answer "['status']")" queued
check "a report waits too" exits 4 cairn "$firm3" report "$work/fresh.jsonl" --json
check "and says queued" same "$(answer "['status']")" queued
kill -CONT "$one" "$two"
check "they go on: the outbox is sent" exits 0 cairn "$firm3" outbox send

backup=$work/backup
check "firm 0 backs up its keys" cairn "$firm0" keys backup "$backup"
rm -f "$(home "$firm0")"/register.db*
check "its register is lost; the keys are restored" cairn "$firm0" keys restore "$backup"
check "the same inquiry is filed again" exits 0 cairn "$firm0" report "$work/a.jsonl" --json
check "with the same report id" same "$(answer "['report_id']")" "$first_id"

leaves() { psql "select count(*) from translog_leaves where kind = 'report'"; }
settle() { for _ in $(seq 40); do [ "$(leaves)" = "$1" ] && return 0; sleep 0.5; done; echo "$(leaves) leaves, wanted $1"; return 1; }
before=$(leaves)
for at in $(seq 500); do inquiry "bulk-$at-$$" "$(name)" "$(phone)"; done >"$work/bulk.jsonl"
cairn "$firm1" report "$work/bulk.jsonl" --json >"$work/bulk.first" 2>&1 &
filing=$!
sleep 6
kill -9 "$(hub_pid)"
wait "$filing"
check "the hub is killed while 500 rows are filed; make run" make run
check "the same file again" exits 0 cairn "$firm1" report "$work/bulk.jsonl" --json
cp "$work/answer" "$work/bulk.answer"
check "500 distinct report ids" same "$("$bin/python" -c "import json;print(len({json.loads(l)['report_id'] for l in open('$work/bulk.answer')}))")" 500
check "the log grew by 500 leaves of kind report" settle $((before + 500))
check "every promise is proven" cairn "$firm1" receipts verify

digits=$(echo "$shared" | tr -dc 0-9)
"$pg_bin/pg_dump" "$database" >"$work/dump.sql" || echo "pg_dump failed" >"$work/dump.sql.bad"
check "the database can be dumped" [ ! -e "$work/dump.sql.bad" ]
hunt() { # every file under .run but the firms' homes, every log, the dump
    find .run -type f $(access "' '.join('-not -path \'%s/*\'' % m['home'] for m in a['members'])" | sed "s#$PWD/##g" | tr -d "'") >"$work/files"
    access "'\n'.join([a['hub']['log']] + [t['log'] for t in a['trustees']])" >>"$work/files"
    echo "$work/dump.sql" >>"$work/files"
    "$bin/python" tests/acceptance/hunt.py "$work/files" "$canary" "$shared" "$digits"
}
check "pg_dump, files and logs: no trace of the name or the number" hunt

check "an unsigned POST: 401" same "$(curl -s -o "$work/problem" -w '%{http_code} %{content_type}' -X POST "$hub_url/v1/reports" -H 'Content-Type: application/json' -d '{}')" "401 application/problem+json"
head -c 20000000 /dev/zero >"$work/big"
check "20 MB: 413" same "$(curl -s -o "$work/problem" -w '%{http_code} %{content_type}' -X POST "$hub_url/v1/reports" -H 'Content-Type: application/json' --data-binary "@$work/big")" "413 application/problem+json"

check "a new firm of a new group enrols" bash tests/acceptance/enrol.sh "$work/newcomer" "$bin"
fresh
check "and files" exits 0 "$bin/cairn" report "$work/fresh.jsonl" --json --home "$work/newcomer"
