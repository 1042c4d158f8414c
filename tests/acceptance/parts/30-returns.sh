# Returns: encrypted counters of which only one sum a period, over five groups or more, is ever opened.
returns() { "$bin/cairn-hub" returns "$@" --home "$hub_home"; }
last_month() { "$bin/python" -c "import datetime as d;t=d.date.today();print((t.replace(day=1)-d.timedelta(days=1)).strftime('%Y-%m'))"; }
line_of() { "$bin/python" -c "import json,sys;print(next(json.loads(l)$2 for l in open('$work/answer') if json.loads(l)['period']=='$1'))"; }
submit() { # submit FIRM PERIOD HANDLED: again while the terms wait for their checkpoint
    for _ in $(seq 20); do
        exits 0 cairn "$1" return submit --period "$2" --handled "$3" --json && return 0
        grep -q not-in-log "$work/answer" || return 1
        sleep 0.5
    done
    return 1
}

month=$(last_month)
check "firm 0 asks where returns stand" exits 0 cairn "$firm0" return status --json
check "last month's sum is published" same "$(line_of "$month" "['status']")" published
check "its group is in it" same "$(line_of "$month" "['in_sum']")" True
check "with ten groups or more" [ "$(line_of "$month" "['groups']")" -ge 10 ]
check "and some counters clear their floors" [ "$(line_of "$month" "['figures']")" -ge 2 ]
check "a second close of that month: exit 6" exits 6 returns close --period "$month" --json
check "period-closed" same "$(answer "['reason']")" period-closed

few=20$((RANDOM % 4 + 12))-0$((RANDOM % 9 + 1)) # long before any inquiry
check "the operator opens another month" exits 0 returns open --period "$few" --handled 1000000 --json
counter=$((RANDOM % 30000 + 800000))
for at in 0 1 2; do
    check "trustee $at adds its noise" bash -c "'$bin/cairn-trustee' returns answer --wait 20 --home '$(access "a['trustees'][$at]['home']")' --json | grep -q deposit"
done
check "firm 0 sees its counters before they leave" exits 0 cairn "$firm0" return preview --period "$few" --handled "$counter" --json
check "in the clear, on its own machine" same "$(answer "['counters']['handled']")" "$counter"
for firm in "$firm0" "$firm1" "$firm2" "$firm3"; do
    check "firm $firm sends its group's return" submit "$firm" "$few" "$counter"
done
check "the same again changes nothing" submit "$firm0" "$few" "$counter"
check "a close over 4 groups: exit 6" exits 6 returns close --period "$few" --json
check "too-few-groups" same "$(answer "['reason']")" too-few-groups

in_the_clear() { # the counter as a number, in the database, the logs and every file that is no firm's
    "$pg_bin/pg_dump" "$database" >"$work/returns.sql" || return 1
    find .run -type f -not -path '.run/members/*' >"$work/files"
    access "'\n'.join([a['hub']['log']] + [t['log'] for t in a['trustees']])" >>"$work/files"
    echo "$work/returns.sql" >>"$work/files"
    local hits
    hits=$(xargs -d '\n' grep -lwa "$counter" <"$work/files")
    [ -z "$hits" ] || { echo "$hits"; return 1; }
}
check "the hub's database and logs hold no group's counter in the clear" in_the_clear
