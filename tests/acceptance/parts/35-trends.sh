# Figures: what may be told of a cell, what every analyst's verb tells, and what two analysts released.
ana=$(access "a['analysts'][0]['home']")
ben=$(access "a['analysts'][1]['home']")
disclosed() { "$bin/cairn-hub" disclose --groups "$1" --json | "$bin/python" -c "import json,sys;d=json.load(sys.stdin);print(d['verdict'],d['rule'],d['band'])"; }
check "five equal groups are told" same "$(disclosed 1,1,1,1,1)" "publish None 5-9"
check "a third of it is one group's" same "$(disclosed 2,1,1,1,1)" "suppress P2 None"
check "exactly a quarter passes" same "$(disclosed 2,2,2,1,1)" "publish None 5-9"
check "six groups" same "$(disclosed 3,3,2,2,2,1)" "publish None 10-24"
check "four groups are too few" same "$(disclosed 10,9,9,9)" "suppress P1 None"
check "zeros do not count" same "$(disclosed 4,4,4,4,0)" "suppress P1 None"
check "S5 after the control" same "$(disclosed 6,6,5,5,4,3)" "publish None 25-49"
check "its variant with one large group" same "$(disclosed 12,6,5,5,4,3)" "suppress P2 None"

figures() { "$bin/cairn" analyst "$@" --home "$ana" --json; }
tells() { # tells VERDICT verb options...: at least one cell has that verdict
    local verdict=$1
    shift
    figures "$@" >"$work/figures" 2>"$work/said" || { cat "$work/said"; return 1; }
    grep -q "\"verdict\": \"$verdict\"" "$work/figures" || { cat "$work/figures"; return 1; }
}
for verb in trends corridors surge clearance benchmark coverage; do
    check "analyst $verb tells a cell" tells publish $verb
done
for verb in trends corridors clearance benchmark coverage; do
    check "analyst $verb keeps a cell back, and says by which rule" tells suppress $verb
done
quiet() { # quiet verb: of what is kept back nothing but the rule
    figures "$1" | "$bin/python" -c "import json,sys;kept=[c for c in map(json.loads,sys.stdin) if c.get('verdict')=='suppress'];assert kept and all(c['rule'] and c['band'] is None and c['groups'] is None for c in kept)"
}
check "of what is kept back nothing is told but the rule" quiet corridors
planted() { figures corridors | "$bin/python" -c "import json,sys;cells=[json.loads(l) for l in sys.stdin];assert any(c['cell']=='origin=DE|via=TR|destination=KZ' and c['verdict']=='publish' and c['groups']=='10+' for c in cells)"; }
check "the planted corridor is among them" planted
ratio() { figures surge | "$bin/python" -c "import json,sys;f=[json.loads(l) for l in sys.stdin if 'figures' in l][-1]['figures'];assert f['rate_ratio']['low']>1>=f['control_rate_ratio']['low'],f"; }
check "the planted surge is one, and its control is none" ratio
left() { figures budget | "$bin/python" -c "import json,sys;print([a['left'] for a in map(json.loads,sys.stdin) if a['audience']=='analysts'][0])"; }
before=$(left)
check "asked again" tells publish corridors
check "it costs nothing" same "$(left)" "$before"
check "axes that are not published are refused" exits 6 "$bin/cairn" analyst trends --by item --home "$ana" --json
"$bin/cairn" analyst trends --home "$ana" --csv >"$work/t.csv" 2>"$work/said"
check "CSV has a line a cell" grep -q "^cell,verdict,rule,band,groups" "$work/t.csv"
check "a picture is drawn offline" "$bin/cairn" analyst corridors --home "$ana" --svg "$work/c.svg" --vega "$work/c.json"
check "as SVG" grep -q "<svg" "$work/c.svg"
check "and its specification is Vega-Lite" grep -q "vega-lite" "$work/c.json"

# Who asks
check "a member may not ask" exits 1 "$bin/cairn" analyst corridors --home "$(home "$firm0")" --json
check "an unsigned question: 401" same "$(curl -s -o "$work/problem" -w '%{http_code}' -X POST "$hub_url/v1/trends" -H 'Content-Type: application/json' -d '{}')" 401

# Releases
release_id=$("$bin/cairn" analyst release list --home "$ana" --json | "$bin/python" -c "import json,sys;print(next(r['release'] for r in map(json.loads,sys.stdin) if r['audience']=='public' and r['in_force']))")
check "anybody reads the public's release" curl -sf -o "$work/release" "$hub_url/v1/releases/$release_id"
check "with an interval at each figure" "$bin/python" -c "import json;f=json.load(open('$work/release'))['figures'];assert f and all(one['low']<=one['value']<=one['high'] for one in f)"
check "as CSV, too" bash -c "curl -sf '$hub_url/v1/releases/$release_id/table.csv' | grep -q '^release,cell,value,low,high'"
check "it is made again from its inputs" "$bin/cairn-hub" releases reproduce "$release_id" --home "$hub_home"
check "a member reads the members' releases, and holds them against the log" bash -c "'$bin/cairn' releases --home '$(home "$firm0")' --json | grep -q '\"leaf\"'"
check "its budget is spent" bash -c "'$bin/cairn' analyst budget --home '$ana' --json | grep public | grep -q '\"left\": 0.0'"
check "one who agreed can't agree again, and two have" exits 0 "$bin/cairn" analyst release agree "$release_id" --home "$ben" --json
benchmarked() { "$bin/cairn" benchmark --home "$(home "$firm0")" --json | "$bin/python" -c "import json,sys;p=[json.loads(l) for l in sys.stdin];assert any(one['peers_percent'] is not None for one in p) and all(one['not_shown'] for one in p),p"; }
check "a member sees its peers' pooled rate, and what can't be shown" benchmarked

# At rest
check "the snapshot is no plain parquet" bash -c "head -c 4 '$hub_home'/trends/snapshot-1.parquet | grep -q PARE"
check "and holds no corridor in the clear" bash -c "! grep -q 854231 '$hub_home'/trends/snapshot-1.parquet"
