"""Every refusal on the wire: its slug, its status, and the sentence a person reads.

A slug is the last part of a problem's type (RFC 9457) and never changes its meaning. Hub,
trustees and SDK share this table; each edge turns its errors' slugs into it. Texts are fixed,
so no value from an inquiry can be in one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

PROBLEM_TYPES: Final = "https://cairn.example/problems/"
MEDIA_TYPE: Final = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Problem:
    """One kind of refusal.

    status      HTTP status it is answered with
    title       what happened, the same for every occurrence
    what_to_do  what the reader does next; sent as the problem's `detail`
    """

    status: int
    title: str
    what_to_do: str


_UPDATE = "Update the software on both sides to one version; if it stays so, report it to the operator."
_OTHER_SIDE = "Don't trust the answer. Tell the operator which party sent it; the proof is kept."

PROBLEMS: Final[Mapping[str, Problem]] = MappingProxyType(
    {
        # At home, never on the wire
        "wrong-passphrase": Problem(
            400,
            "The passphrase does not open this file",
            "Type it again. If it is right, the file was changed: take it from a backup.",
        ),
        # Who asks
        "unsigned": Problem(
            401, "The request is not signed", "Sign it with the key on the roster (RFC 9421); the SDK does."
        ),
        "bad-signature": Problem(
            401,
            "The signature does not hold",
            "Check that the key in your home is the one on the roster, and that nothing between changes requests.",
        ),
        "unknown-signer": Problem(
            401,
            "The signer is not on the roster",
            "Finish enrolment, or wait until the entry is in force; `cairn status` shows it.",
        ),
        "revoked-signer": Problem(
            403,
            "The signer's key was revoked",
            "Stop using this key. Ask the operator for an invitation for a new one.",
        ),
        "uncovered-component": Problem(
            401,
            "The signature leaves out a part it must cover",
            "Cover @method, @authority, @path, the content digest, created and nonce; the SDK does.",
        ),
        "clock-outside-window": Problem(
            401,
            "The request was signed too long ago or in the future",
            "Set your machine's clock, then send it again with a new signature.",
        ),
        "replayed-nonce": Problem(
            409,
            "This signed request was seen before",
            "Send it again with a new signature. A report filed twice gets the same receipt.",
        ),
        "wrong-digest": Problem(
            400,
            "The body is not the one that was signed",
            "Send it again. If it stays so, something between changes bodies: a proxy, for example.",
        ),
        "metered": Problem(
            429,
            "The group's daily allowance is used up",
            "Wait until the next day (UTC), or ask the trustees for a bulk allowance; nothing was lost.",
        ),
        # What is sent
        "protocol-error": Problem(400, "The message breaks the protocol", _UPDATE),
        "bad-query": Problem(
            400, "The query is malformed", "Correct the parameter that is named and ask again."
        ),
        "bad-message": Problem(400, "The body is not a message in its one accepted form", _UPDATE),
        "invalid-request": Problem(
            422, "The request is not what this route takes", "Correct what `errors` names and send it again."
        ),
        "bad-element": Problem(422, "Not the canonical form of a group element", _UPDATE),
        "bad-scalar": Problem(422, "Not the canonical form of a scalar", _UPDATE),
        "bad-proof": Problem(422, "A proof of the key used does not hold", _OTHER_SIDE),
        "bad-share": Problem(
            422,
            "A share is not on the line of its tag",
            "Report the inquiry again, so that its keys are derived anew. Retrying these bytes won't help.",
        ),
        "bad-dealing": Problem(422, "A dealing of the key generation is false", _OTHER_SIDE),
        "bad-tag": Problem(
            422,
            "A tag does not follow from its parts",
            "Report the inquiry again, so that its keys are derived anew. Retrying these bytes won't help.",
        ),
        "bad-claim": Problem(
            422,
            "A claim was made by another key or for another report",
            "Report the inquiry again, so that its claims are made anew. Retrying these bytes won't help.",
        ),
        "bad-roster": Problem(
            422,
            "An act does not fit the roster",
            "Fetch the roster and propose the act again; it needs t trustees.",
        ),
        "unknown-code": Problem(
            422,
            "A code is not in the lists of this version",
            "Update the software, so that it uses the current code lists, and report the inquiry again.",
        ),
        "future-week": Problem(
            422, "The report's week has not begun", "Correct the inquiry's date and your machine's clock."
        ),
        "body-too-large": Problem(
            413,
            "The body is larger than this route takes",
            "Send less at a time; a report is never so large.",
        ),
        "batch-too-large": Problem(
            413, "The batch is larger than the hub takes", "Split it: the SDK sends 100 reports at a time."
        ),
        "unsupported-media-type": Problem(
            415,
            "The body's media type is not taken here",
            "Send the media type that the API's description names.",
        ),
        "wrong-member": Problem(
            403,
            "The report or retraction is another member's",
            "Send it from the home of the member who signed it.",
        ),
        # Returns
        "bad-paillier-key": Problem(422, "Not a key that returns may be encrypted under", _OTHER_SIDE),
        "bad-ciphertext": Problem(
            422, "A ciphertext is malformed, or there is another number than the layout has", _UPDATE
        ),
        "bad-plaintext-proof": Problem(
            422,
            "The proof that the sender knows its own counters does not hold",
            "Make the return again for this period; another member's or another period's is refused.",
        ),
        "bad-partial-decryption": Problem(
            422, "A partial decryption was not made with the trustee's share", _OTHER_SIDE
        ),
        "counter-out-of-range": Problem(
            422,
            "A counter lies outside its range",
            "Update the software: it clips counters at the period's caps.",
        ),
        "wrong-return-terms": Problem(
            409,
            "Made for another period, layout, key or cap than those in force",
            "Fetch the terms of the current period and make the return again; late returns roll to it.",
        ),
        "too-few-groups": Problem(
            409,
            "Fewer groups than the rule asks for",
            "Wait until more groups take part. Asking again won't help.",
        ),
        "bad-close-statement": Problem(
            422, "A close statement does not follow from the period's returns and noise", _OTHER_SIDE
        ),
        "period-closed": Problem(
            409,
            "The period is closed: its one sum is fixed",
            "Send what is late or corrected with the next period's return.",
        ),
        "budget-spent": Problem(
            409,
            "The figure would cost more than is left of the period's privacy budget",
            "Ask for coarser or fewer figures, or wait for the next period; the budget comes back with it.",
        ),
        "bad-sum-result": Problem(
            422, "A published result is not what the period's signed sum opens to", _OTHER_SIDE
        ),
        "unknown-period": Problem(
            404,
            "There are no returns of that period",
            "`cairn return status` shows the periods that there are.",
        ),
        "return-exists": Problem(
            409,
            "The group has filed its return of this period",
            "Send what is late or corrected with the next period's return; affiliates add their counts first.",
        ),
        # Trends and releases
        "no-snapshot": Problem(
            409,
            "Nothing was put together yet that could be asked",
            "Operator: `cairn-hub trends snapshot` makes the first; from then on one is made each month.",
        ),
        "unknown-question": Problem(
            422,
            "Not one of the published axes, periods or control events",
            "GET /v1/trends lists what can be asked; there are no cuts of one's own.",
        ),
        "unknown-release": Problem(
            404, "There is no such release for you", "Check the id; GET /v1/releases lists those in force."
        ),
        "own-release": Problem(
            403, "One analyst can't agree to a release twice", "Ask another analyst to read it and agree."
        ),
        "release-changed": Problem(
            409, "The table is another one by now", "Read the draft as it stands, then agree to that."
        ),
        "void-sum": Problem(
            409,
            "The sum lies where honest returns can't bring it",
            "The period is published as void. The next one starts afresh.",
        ),
        # Openings
        "bad-capsule": Problem(
            422,
            "A capsule was made for another report, or was tampered with",
            "Report the inquiry again, so that its sealed part is made anew. Retrying these bytes won't help.",
        ),
        "bad-sealed-part": Problem(
            422,
            "A sealed part is not in its form, or not the one its header names",
            "Report the inquiry again, so that its sealed part is made anew. Retrying these bytes won't help.",
        ),
        "bad-opening": Problem(
            422,
            "The opening was not asked for as it must be",
            "Two analysts on the roster must sign it, for a reason code and a legal basis; ask for it anew.",
        ),
        "no-sealed-part": Problem(
            409,
            "The report has no sealed part",
            "Nothing in it could ever have opened one. Choose another report.",
        ),
        "unknown-cut": Problem(
            404,
            "No cut of that id, or none of your reports",
            "`cairn reviewer list` and `cairn alerts` show those that you may see.",
        ),
        "unknown-merge": Problem(
            404,
            "No big merge of that id, or it was undone already",
            "`cairn-hub merges` lists those that can be undone.",
        ),
        "unknown-value": Problem(
            404,
            "No contact has that id, or more than one",
            "`cairn-hub common-values` lists them; give more digits of the id.",
        ),
        "nothing-to-cut": Problem(
            409,
            "Too few of these reports are on file and linked",
            "Look at the case again: reports were taken back, amended or cut meanwhile.",
        ),
        "unknown-opening": Problem(
            404, "There is no such opening for you", "Check the id; `cairn analyst opening list` shows all."
        ),
        "opening-closed": Problem(
            409, "The opening can no longer be changed", "Ask for it anew if it is still needed."
        ),
        "too-few-assents": Problem(
            409, "Too few trustees have agreed", "Wait for more of them; each decides on its own."
        ),
        "too-little-evidence": Problem(
            409,
            "The evidence does not bear the opening out",
            "The answer says by code what is missing. Ask again when more groups have reported.",
        ),
        # Bulletins
        "unknown-bulletin": Problem(
            404, "There is no such bulletin for you", "Check the id; `cairn analyst bulletin list` shows all."
        ),
        "draft-changed": Problem(
            409,
            "The text is another one by now",
            "Read the draft as it stands, then edit or approve that.",
        ),
        "wrong-stage": Problem(
            409, "The bulletin is not at the stage for this", "Its status says what can be done next."
        ),
        "own-draft": Problem(
            403, "Who wrote a bulletin can't approve it", "Ask another analyst to read and approve it."
        ),
        "window-open": Problem(
            409,
            "Contributors were asked, and can still object or did",
            "Wait until the window closes; after an objection, edit the draft and have it approved anew.",
        ),
        "unfit-text": Problem(
            422, "A text can't be published as it is", "The reason names each place and what is wrong there."
        ),
        "tasking": Problem(
            403,
            "Nothing is looked for on request",
            "Governments read, comment and give here. Leave out identifiers; the firms alone decide what they report.",
        ),
        "checklist-open": Problem(
            422,
            "The release checklist is not complete",
            "Answer every point; what can't be affirmed can't be taken.",
        ),
        "unknown-contact": Problem(
            404, "There is no such request or question for you", "Check the id in the list you got."
        ),
        "bad-token": Problem(
            401,
            "The user and password let nobody in",
            "Use the token that is in force; a liaison renews it with `cairn liaison token`.",
        ),
        "not-acceptable": Problem(
            406,
            "The client accepts no answer that this server gives",
            "Accept application/taxii+json;version=2.1.",
        ),
        "read-only": Problem(
            403,
            "The collection does not take this",
            "Read bulletins; write opinions and notes to `feedback`.",
        ),
        # What it meets
        "report-id-reused": Problem(
            409,
            "A report with this id and another content is on file",
            "To change it, file an amendment (`cairn amend`); the first content stays as it is.",
        ),
        "report-retracted": Problem(
            409,
            "The report was taken back",
            "It stays taken back. If the matter is new, report it as an inquiry of its own.",
        ),
        "unknown-report": Problem(
            404,
            "No such report of yours is on file, or a later revision of it is",
            "`cairn status` shows your reports; take back the latest revision.",
        ),
        "index-not-published": Problem(
            503,
            "No index is published and proven yet",
            "Try again in a minute; if it stays so, ask the operator whether trustees and publishing are up.",
        ),
        "wrong-epoch": Problem(
            409,
            "Made for another epoch's keys",
            "Sync the roster and report again: keys are then derived for the current epoch.",
        ),
        "wrong-normaliser": Problem(
            409,
            "Made with other normalising data than the hub's",
            "Update the software and report again: the same value must give the same tag everywhere.",
        ),
        "bad-inclusion": Problem(422, "A leaf is not where the log says it is", _OTHER_SIDE),
        "bad-consistency": Problem(409, "Two states of the log contradict each other", _OTHER_SIDE),
        "too-few-cosignatures": Problem(
            409,
            "A checkpoint carries too few trustee cosignatures",
            "Wait a minute and try again; if it stays so, ask the operator whether the trustees are up.",
        ),
        "too-few-shares": Problem(
            503,
            "Too few trustees answered",
            "Try again later; what you filed stays in the outbox and is sent when enough are up.",
        ),
        "invitation-unusable": Problem(
            403,
            "The invitation's word is wrong, used for another entry, or too old",
            "Ask the operator for a new invitation (`cairn-hub members invite`), then enrol with it.",
        ),
        "unknown-proposal": Problem(
            404,
            "No such act waits for approval",
            "`cairn-trustee requests` lists those that do; another enrolment may have replaced it.",
        ),
        "not-in-log": Problem(
            404,
            "The log has no such leaf among the first so many",
            "Wait until it is merged, a minute at most, and ask with a newer checkpoint's size.",
        ),
        "log-not-ready": Problem(
            503,
            "No state of the log has enough cosignatures yet",
            "Try again in a minute; if it stays so, ask the operator whether enough trustees are up.",
        ),
        "log-behind": Problem(
            503,
            "The hub's log is older than one it signed before",
            "Operator: an old backup was restored. Restore a newer one before the hub goes on.",
        ),
        "trustee-unreachable": Problem(
            503,
            "A trustee does not answer",
            "Ask its operator whether it is up. The log goes on as long as enough others answer.",
        ),
        "trustee-refused": Problem(
            503,
            "A trustee refused what the hub sent",
            "Its log says why. Check that it holds this hub's genesis and its clock is right.",
        ),
        "not-found": Problem(
            404, "There is nothing here", "Check the address; the API's description lists all routes."
        ),
        "method-not-allowed": Problem(
            405, "This route does not take this method", "The Allow header names the methods it takes."
        ),
        "store-unavailable": Problem(
            503,
            "The database is not available",
            "Nothing was kept. Send the same again later; the SDK's outbox does so by itself.",
        ),
        "internal": Problem(
            500,
            "The hub failed",
            "Send the same again later. If it stays so, give the operator the request id.",
        ),
    }
)
