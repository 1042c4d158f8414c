# A bulletin's way: from one analyst's draft over another's approval to a liaison's TAXII client, and back.
ana=$(access "a['analysts'][0]['home']")
ben=$(access "a['analysts'][1]['home']")
taxii_url=$(access "a['liaisons'][0]['taxii_url']")
taxii_user=$(access "a['liaisons'][0]['user']")
taxii_password=$(access "a['liaisons'][0]['password']")
lee=$(access "a['liaisons'][0]['home']")
bulletin() { local who=$1; shift; "$bin/cairn" analyst bulletin "$@" --home "$who" --json; }
taxii() { # taxii PASSWORD METHOD PATH curl-options...: the status code; the body is in $work/taxii
    local password=$1 method=$2 path=$3
    shift 3
    printf 'user = "%s:%s"\n' "$taxii_user" "$password" >"$work/curlrc"
    curl -s -K "$work/curlrc" -o "$work/taxii" -w '%{http_code}' -X "$method" "$taxii_url$path" -H "Accept: application/taxii+json;version=${taxii_version:-2.1}" "$@"
}
text() { # text TITLE [ID]: a draft for members and liaisons
    "$bin/python" - "$@" <<'PY'
import json, sys
edition = {"tlp": "GREEN", "title": sys.argv[1], "bottom_line": "Reports describe it.", "observed": "Several groups observed it.",
           "red_flags": ["RF-ENU-01"], "alternatives": ["It may be ordinary trade."], "basis": "Reports, unverified."}
draft = {"kind": "TYPOLOGY", "editions": [{"audience": who, **edition} for who in ("members", "liaisons")]}
print(json.dumps(draft | ({"bulletin": sys.argv[2]} if len(sys.argv) > 2 else {})))
PY
}
released() { for _ in $(seq 60); do bulletin "$ana" list | grep "\"$1\"" | grep -q "\"in_force\": true" && return 0; sleep 0.5; done; return 1; }
recalled() { for _ in $(seq 60); do bulletin "$ana" list | grep "\"$1\"" | grep -q "\"status\": \"RECALLED\"" && return 0; sleep 0.5; done; return 1; }
pulled() { # every collection by a TAXII client: object ids, types, names and whether revoked
    TAXII_PASSWORD=$taxii_password "$bin/python" - "$taxii_url" "$taxii_user" <<'PY'
import os, sys
from taxii2client.v21 import Server, as_pages
server = Server(sys.argv[1], user=sys.argv[2], password=os.environ["TAXII_PASSWORD"])
for collection in server.default.collections:
    if collection.can_read:
        for page in as_pages(collection.get_objects, per_request=3):
            for one in page.get("objects", []):
                print(one["id"], one.get("name"), "revoked" if one.get("revoked") else "", sep="|")
PY
}

five() { [ "$(bulletin "$ana" list | grep -c '"in_force": true')" -ge 5 ]; }
kinds() { [ "$(bulletin "$ana" list | grep -o '"kind": "[A-Z-]*"' | sort -u | wc -l)" -ge 3 ]; }
check "five bulletins or more are in force" five
check "of several kinds" kinds

title="Requests seen at several firms $(word)"
text "A front company asks" >"$work/loose.json"
check "a draft is saved" exits 0 bulletin "$ana" draft "$work/loose.json"
id=$(answer "['bulletin']")
first_outline=$(answer "['outline']")
check "its wording is found" grep -q JUDGEMENT "$work/answer"
check "and it can't be submitted" exits 6 bulletin "$ana" submit "$id"
check "for that reason" same "$(answer "['reason']")" unfit-text
text "$title" "$id" >"$work/draft.json"
check "it is reworded" exits 0 bulletin "$ana" draft "$work/draft.json"
outline=$(answer "['outline']")
check "an approval of the text before the edit is refused" exits 6 bulletin "$ben" approve "$id" --outline "$first_outline"
check "as 409 draft-changed" same "$(answer "['reason']")" draft-changed
check "it is submitted" exits 0 bulletin "$ana" submit "$id"
check "its author can't approve it" exits 6 bulletin "$ana" approve "$id"
check "as own-draft" same "$(answer "['reason']")" own-draft
check "nor can it be released unapproved" exits 6 bulletin "$ana" release "$id"
check "another analyst approves it" exits 0 bulletin "$ben" approve "$id" --outline "$outline"
check "it is released" exits 0 bulletin "$ana" release "$id"
check "and in force once the trustees cosigned" released "$id"

check "a wrong token: 401" same "$(taxii "not-the-password" GET "")" 401
check "the right one: 200" same "$(taxii "$taxii_password" GET "")" 200
check "a POST to a collection of bulletins: 403" same "$(taxii "$taxii_password" POST liaisons/collections/liaisons-green/objects/ -H 'Content-Type: application/taxii+json;version=2.1' -d '{"objects":[{}]}')" 403
check "a DELETE: 403" same "$(taxii "$taxii_password" DELETE liaisons/collections/liaisons-green/objects/x/)" 403
check "TAXII 2.0: 406" same "$(taxii_version=2.0 taxii "$taxii_password" GET "")" 406
all_pulled() { pulled >"$work/pulled"; grep -q "|$title|" "$work/pulled"; }
check "a TAXII client pulls everything over several pages" all_pulled
report=$(grep "^report--.*|$title|" "$work/pulled" | cut -d'|' -f1)
members_read() { "$bin/cairn" bulletins --home "$(access "a['members'][0]['home']")" --json >"$work/read" && grep -q "$title" "$work/read"; }
check "members read their edition, proven in the log" members_read
check "the liaison sends feedback" exits 0 "$bin/cairn" liaison feedback "$id" CORROBORATES --home "$lee" --json
check "an identifier to be matched is refused" exits 6 "$bin/cairn" liaison contact "$id" --about "Who knows info@orkide.example?" --reach "Desk 4" --home "$lee" --json
check "as tasking" same "$(answer "['reason']")" tasking

check "another analyst recalls it" exits 0 bulletin "$ben" recall "$id" --reason WRONG-DATA
check "the recall is in force" recalled "$id"
revoked() { pulled >"$work/pulled"; grep -q "^$report|RECALLED (WRONG-DATA)|revoked" "$work/pulled"; }
check "at the next pull the report comes back revoked" revoked
counted() { "$bin/cairn-hub" transparency --home "$(access "a['hub']['home']")" --json >"$work/transparency" && grep -q '"WRONG-DATA": [1-9]' "$work/transparency"; }
check "the transparency report counts the recall" counted
