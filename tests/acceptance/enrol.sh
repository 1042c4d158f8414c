#!/usr/bin/env bash
# A new firm of a new group joins, by the README's lines: enrol.sh HOME BIN
set -eu
home=$1
bin=$2
access() { "$bin/python" -c "import json;a=json.load(open('.run/access.json'));print($1)"; }
id="new-$RANDOM"
"$bin/cairn-hub" members invite --home "$(access "a['hub']['home']")" --id "$id" --group "group-$id" --sector exporter --out "$home.invitation"
printf 'a passphrase for %s' "$id" >"$home.word"
"$bin/cairn" enrol "$home.invitation" --home "$home" --passphrase-file "$home.word" --keep-passphrase --json | tee "$home.enrolled"
act=$("$bin/python" -c "import json;print(json.load(open('$home.enrolled'))['act'])")
for at in 0 1; do
    "$bin/cairn-trustee" requests --home "$(access "a['trustees'][$at]['home']")"
    "$bin/cairn-trustee" approve "$act" --home "$(access "a['trustees'][$at]['home']")"
done
for _ in $(seq 60); do
    "$bin/cairn" status --home "$home" --json | grep -q '"on the roster"' && exit 0
    sleep 0.5
done
echo "not on the roster after 30 s"
exit 1
