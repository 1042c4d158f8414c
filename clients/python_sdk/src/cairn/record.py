"""The firm's record of flags and decisions: adding to it, exporting it with receipts, and verifying an export offline.

An export holds all a stranger needs: the entries as a chain, the hub's signed promise for each report named
in them, its place in the log with the path to a checkpoint that t trustees cosigned, and the genesis that names
their keys. Where a report told of a file of the firm's, or the record itself was anchored, what shows that stands there
too. Only the genesis's digest must be known from elsewhere: it stands in every invitation.
Source: domain brief 6 (archive), 7 (audit pack, receipts).
"""

import datetime as dt
import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from msgspec import Meta

from cairn.actions import actions
from cairn.client.errors import Rejected, Unreachable
from cairn.client.hub import promised_from
from cairn.home import HomeError
from cairn.printable import PAGE_BEGINS, Section, data_in, page
from cairn.raw.building import evidence_key, evidence_of
from cairn.raw.register import Filed, State
from cairn.raw.resolution import KEPT_SECONDS, MAX_TEXT, About, Entry, check_chain
from cairn.session import Session
from cairn_protocol import kdf, merkle
from cairn_protocol.checkpoint import open_note
from cairn_protocol.codes import red_flags
from cairn_protocol.errors import BadMessage, CairnError
from cairn_protocol.kdf import Use
from cairn_protocol.messages.corrections import Said, Statement
from cairn_protocol.messages.parties import Genesis
from cairn_protocol.messages.report import OpenPart, Report, SignedHeader
from cairn_protocol.messages.wire import Bytes32, Signed, decode, digest_of, encode
from cairn_protocol.roster import check_genesis


class BadRecord(CairnError):
    """What was to be noted is no entry. The text says why; nothing was written."""

    slug: ClassVar[str] = "bad-record"


class Evidence(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What shows that a report told of a file: the report's signed header and OPEN part, and the key of that file."""

    header: bytes
    open: bytes
    key: bytes


class Receipt(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What proves that a report existed. `path` is None where only the promise was there at export."""

    inquiry_id: str
    report_id: str
    state: str
    promise: bytes | None  # the hub's signed promise
    leaf_index: int | None
    path: list[bytes] | None  # from the leaf to the root of the checkpoint
    evidence: Evidence | None = None


class Anchor(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What shows that the record up to entry `number` was there when a leaf was logged.

    statement  what was signed, canonical; `key` is what its digest of the record was made with
    """

    number: int
    statement: bytes
    key: bytes
    promise: bytes
    leaf_index: int | None = None
    path: list[bytes] | None = None


class Export(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag="cairn/record-export/1",
    tag_field="type",
):
    """A whole export."""

    party: str
    group: str | None
    made_at: int
    genesis: bytes  # leaf 0, with every trustee's signature
    genesis_digest: Bytes32
    checkpoint: str | None
    entries: Annotated[list[Entry], Meta(max_length=1_000_000)]
    receipts: list[Receipt]
    lists: dict[str, str]  # the code lists' versions
    anchors: list[Anchor] = []


@dataclass(frozen=True, slots=True)
class Verdict:
    """What verifying an export found: how many entries, and how many receipts are proven or only promised.

    anchored  up to which entry the record is shown to have been there when the log says; 0 for none
    files     the reports that told of the files that were asked about, in the files' order; None for an unknown file
    """

    party: str
    genesis_digest: bytes
    entries: int
    proven: int
    promised: int
    anchored: int = 0
    files: tuple[str | None, ...] = ()


def resolve_flag(session: Session, inquiry_id: str, flag: str, text: str, user: str) -> Entry:
    """Note how a flag was resolved. Raises BadRecord for an unknown flag, no person, or no words."""
    if flag not in red_flags().by_code:
        raise BadRecord("the red-flag list has no such code")
    return _add(session, inquiry_id, About.FLAG, flag, text, user)


def decide(session: Session, inquiry_id: str, code: str, text: str, user: str) -> Entry:
    """Note a decision. Raises BadRecord for an unknown code, no person, or no reason."""
    if code not in actions().codes():
        raise BadRecord(f"a decision is one of {', '.join(a.code for a in actions().actions)}")
    return _add(session, inquiry_id, About.DECISION, code, text, user)


def note_shown(session: Session, inquiry_id: str, advice: dict[str, Any], once: bytes, user: str) -> None:
    """Note that an advice was shown, once for each state of its cards (`once`)."""
    _write(session, inquiry_id, About.SHOWN, None, "", user, advice, once)


def note_done(
    session: Session,
    inquiry_id: str,
    about: About,
    *,
    code: str | None = None,
    text: str = "",
    user: str | None = None,
) -> None:
    """Note what was done about a report: released, amended, cleared, disputed, taken back."""
    _write(session, inquiry_id, about, code, text, (user or "").strip(), None, None)


async def anchor(session: Session, inquiry_id: str, user: str) -> Entry:
    """Have a digest of the whole record put into the network's log, beside the report on this inquiry.

    The digest is made with a key of the firm's own, so it tells nobody anything; the log shows that there was
    a record, of which each export that holds the entry shows what it said. Nothing is anchored unless asked for.

    Raises BadRecord if there is no record, or no report at the hub to put it beside; Unreachable changes nothing.
    """
    entries = session.register.record.entries()
    filed = session.register.filed(inquiry_id)
    if not entries:
        raise BadRecord("the record is empty")
    if filed is None or filed.state not in (State.PROMISED, State.PROVEN):
        raise BadRecord("the hub has no report on this inquiry: name one that it has")
    assert filed.report_id is not None and filed.digest is not None
    last = entries[-1]
    key = kdf.derive(session.keys.register, Use.RECORD_KEY, last.digest())
    year, week, _ = dt.datetime.fromtimestamp(session.now(), dt.UTC).isocalendar()
    statement = Statement(
        member=session.profile.party,
        report_id=filed.report_id,
        digest=filed.digest,
        said=Said.RECORD,
        reason=None,
        week=f"{year}-W{week:02d}",
        record=hmac.digest(key, last.digest(), "sha256"),
    )
    promised, signed = await session.hub.state_signed(statement)
    proof = Anchor(number=last.number, statement=encode(signed), key=key, promise=encode(promised.signed))
    entry = _write(
        session, inquiry_id, About.ANCHORED, None, "", user.strip(), msgspec.to_builtins(proof), None
    )
    assert entry is not None
    return entry


def _add(session: Session, inquiry_id: str, about: About, code: str, text: str, user: str) -> Entry:
    if not user.strip():
        raise BadRecord("a record carries a named person: say who you are with --user")
    if not text.strip() or len(text) > MAX_TEXT:
        raise BadRecord(f"say how or why in your own words, in at most {MAX_TEXT} characters")
    if not inquiry_id.strip() or len(inquiry_id) > 128:
        raise BadRecord("name the inquiry by your own number of it")
    session.register.record.forget_old(session.now())
    entry = _write(session, inquiry_id.strip(), about, code, text.strip(), user.strip(), None, None)
    assert entry is not None
    return entry


def _write(
    session: Session,
    inquiry_id: str,
    about: About,
    code: str | None,
    text: str,
    user: str,
    advice: dict[str, Any] | None,
    once: bytes | None,
) -> Entry | None:
    now = int(session.now())

    def draft(number: int, previous: bytes) -> Entry:
        return Entry(
            number=number,
            inquiry_id=inquiry_id,
            made_at=now,
            user=user,
            about=about,
            code=code,
            text=text,
            advice=advice,
            previous=previous,
        )

    return session.register.record.note(draft, now + KEPT_SECONDS, once=once)


async def export(session: Session) -> Export:
    """The whole record, with the best proof there is now for each report named in it.

    Without the hub the promises alone go along. Raises ProofInvalid.
    """
    entries = session.register.record.entries()
    filed = [
        session.register.filed(inquiry_id) for inquiry_id in dict.fromkeys(e.inquiry_id for e in entries)
    ]
    try:
        size = (await session.log.refresh()).checkpoint.size
    except Unreachable:
        size = 0
    receipts = [await _receipt(session, one, size) for one in filed if one is not None and one.promise]
    anchors = [
        await _placed(session, msgspec.convert(entry.advice, Anchor), size)
        for entry in entries
        if entry.about is About.ANCHORED
    ]
    return Export(
        party=session.profile.party,
        group=session.profile.group,
        made_at=int(session.now()),
        genesis=session.connection.state.read("genesis.json") or b"",
        genesis_digest=session.profile.genesis_digest,
        checkpoint=session.log.last_note() if size else None,
        entries=entries,
        receipts=receipts,
        lists={"red_flags": red_flags().version, "actions": actions().version},
        anchors=anchors,
    )


async def _receipt(session: Session, filed: Filed, size: int) -> Receipt:
    index, path = await _place(session, filed.leaf_hash, size)
    return Receipt(
        inquiry_id=filed.inquiry_id,
        report_id=str(filed.report_id),
        state=filed.state.value,
        promise=filed.promise,
        leaf_index=index,
        path=path,
        evidence=_evidence(session, filed),
    )


async def _placed(session: Session, anchor: Anchor, size: int) -> Anchor:
    promise = promised_from(decode(anchor.promise, Signed), session.genesis).promise
    index, path = await _place(session, promise.leaf_hash, size)
    return msgspec.structs.replace(anchor, leaf_index=index, path=path)


async def _place(
    session: Session, leaf_hash: bytes | None, size: int
) -> tuple[int | None, list[bytes] | None]:
    """Where a leaf is in the log of `size` leaves, and the path to its root."""
    if not size or leaf_hash is None:
        return None, None
    try:
        proof = await session.hub.inclusion(leaf_hash, size)
    except Rejected:
        return None, None  # not in the log yet: the promise alone
    return proof.index, list(proof.path)


def _evidence(session: Session, filed: Filed) -> Evidence | None:
    """What the report says of a file of the firm's, if it does."""
    report = decode(filed.report, Report) if filed.report else None
    if report is None or not report.open.codes.evidence:
        return None
    key = evidence_key(session.keys.register, report.signed.header.report_id)
    return Evidence(header=encode(report.signed), open=encode(report.open), key=key)


def as_json(exported: Export) -> str:
    """The export as one JSON object."""
    return msgspec.json.encode(exported, order="sorted").decode()


def as_html(exported: Export) -> str:
    """The export as a page to print; the JSON stands at its end, so that the page itself can be verified."""
    receipts = {receipt.inquiry_id: receipt for receipt in exported.receipts}
    articles = [
        (
            inquiry_id,
            (
                Section("Record", tuple(_line(e) for e in exported.entries if e.inquiry_id == inquiry_id)),
                Section("Report", (_receipt_line(receipts.get(inquiry_id)),)),
            ),
        )
        for inquiry_id in dict.fromkeys(entry.inquiry_id for entry in exported.entries)
    ]
    foot = (
        f"{exported.party}, {told(exported.made_at)}. Red flags {exported.lists['red_flags']}.",
        f"Genesis {exported.genesis_digest.hex()}: compare it with an invitation to this network.",
        "`cairn record verify FILE` checks this page without any network. It shows that these reports existed, "
        "not that anybody did wrong.",
    )
    return page(f"Resolution record of {exported.party}", articles, foot, as_json(exported))


def _line(entry: Entry) -> str:
    who = entry.user or "somebody unnamed"
    when = f"{entry.number}. {told(entry.made_at)}, {who}"
    if entry.about is About.SHOWN:
        advice = entry.advice or {}
        return (
            f"{when}: was shown groups {advice.get('groups')}, evidence {advice.get('evidence')}, "
            f"attention {advice.get('attention')}"
        )
    done = {About.FLAG: "resolved", About.DECISION: "decided", About.ANCHORED: "anchored in the log"}
    said = " ".join(part for part in (done.get(entry.about, entry.about.value), entry.code) if part)
    return f"{when}: {said}{f': {entry.text}' if entry.text else ''}"


def _receipt_line(receipt: Receipt | None) -> str:
    if receipt is None:
        return "not reported to the network"
    place = f"leaf {receipt.leaf_index} of the log" if receipt.path is not None else "promised"
    return f"report {receipt.report_id}: {place}"


def verify(text: str, genesis_digest: bytes | None = None, file_hashes: Sequence[bytes] = ()) -> Verdict:
    """Check an export, page or JSON, without any network.

    genesis_digest  what the reader knows from elsewhere; without it the export's own is believed, and told
    file_hashes     SHA-256 of files of which the reader wants to know whether a report told of them

    Raises BadMessage, BadSignature, BadInclusion and their like; ProofInvalid for a false promise; HomeError
    if the file is no export.
    """
    try:
        exported = msgspec.json.decode(data_in(text).encode(), type=Export)
    except msgspec.MsgspecError as cause:
        raise HomeError("this file is no export of a record") from cause
    genesis = check_genesis(exported.genesis, genesis_digest or exported.genesis_digest)
    if digest_of(genesis) != exported.genesis_digest:
        raise BadMessage("the export names another genesis than it holds")
    if text.startswith(PAGE_BEGINS) and as_html(exported) != text:
        raise BadMessage(
            "the page's text is not what its data says, or another version of Cairn made the page: keep the JSON too"
        )
    check_chain(exported.entries)
    root, size = _root(exported, genesis)
    proven = sum(_check(receipt, genesis, exported.party, root, size) for receipt in exported.receipts)
    return Verdict(
        exported.party,
        exported.genesis_digest,
        len(exported.entries),
        proven,
        len(exported.receipts) - proven,
        max((_check_anchor(one, exported, genesis, root, size) for one in exported.anchors), default=0),
        tuple(_report_of(file_hash, exported.receipts) for file_hash in file_hashes),
    )


def _check_anchor(anchor: Anchor, exported: Export, genesis: Genesis, root: bytes, size: int) -> int:
    """The entry up to which the log shows the record; 0 where the leaf is only promised or the entry forgotten."""
    signed = decode(anchor.statement, Signed)
    statement = decode(signed.body, Statement)
    promise = promised_from(decode(anchor.promise, Signed), genesis).promise
    if promise.member != exported.party or promise.digest != digest_of(signed):
        raise BadMessage("an anchor that is not what the hub promised to log")
    entry = next((one for one in exported.entries if one.number == anchor.number), None)
    if entry is None or anchor.path is None or anchor.leaf_index is None:
        return 0
    if hmac.digest(anchor.key, entry.digest(), "sha256") != statement.record:
        raise BadMessage(f"entry {anchor.number} or one before it is not what was anchored")
    merkle.verify_inclusion(promise.leaf_hash, anchor.leaf_index, size, anchor.path, root)
    return anchor.number


def _report_of(file_hash: bytes, receipts: Sequence[Receipt]) -> str | None:
    """The report that told of the file, among those whose evidence `_check` has found to be theirs."""
    for receipt in receipts:
        told = receipt.evidence
        if told and evidence_of(told.key, file_hash) == decode(told.open, OpenPart).codes.evidence:
            return receipt.report_id
    return None


def _root(exported: Export, genesis: Genesis) -> tuple[bytes, int]:
    if exported.checkpoint is None:
        return b"", 0
    keys = {
        f"{genesis.origin}/{trustee.id}": Ed25519PublicKey.from_public_bytes(trustee.signing_key)
        for trustee in genesis.trustees
    }
    hub_key = Ed25519PublicKey.from_public_bytes(genesis.hub_key)
    checkpoint = open_note(exported.checkpoint, genesis.origin, hub_key, keys, genesis.t).checkpoint
    return checkpoint.root, checkpoint.size


def _check(receipt: Receipt, genesis: Genesis, party: str, root: bytes, size: int) -> bool:
    """Whether the receipt is proven, not only promised. Raises if either is false."""
    if receipt.promise is None:
        raise BadMessage("a receipt without a promise")
    promise = promised_from(decode(receipt.promise, Signed), genesis).promise
    if (promise.member, str(promise.report_id)) != (party, receipt.report_id):
        raise BadMessage("a receipt of another firm or report")
    if receipt.evidence is not None:
        header = decode(receipt.evidence.header, SignedHeader)
        open_part = decode(receipt.evidence.open, OpenPart)
        if header.digest() != promise.digest or open_part.digest() != header.header.open_digest:
            raise BadMessage("evidence of another report than the hub has promised to log")
    if receipt.path is None or receipt.leaf_index is None:
        return False
    merkle.verify_inclusion(promise.leaf_hash, receipt.leaf_index, size, receipt.path, root)
    return True


def told(moment: int) -> str:
    """A moment as people read it."""
    return dt.datetime.fromtimestamp(moment, dt.UTC).strftime("%Y-%m-%d %H:%M UTC")


def entries_of(entries: Iterable[Entry], inquiry_id: str | None) -> Sequence[Entry]:
    """The entries about one inquiry, or all."""
    return [entry for entry in entries if inquiry_id in (None, entry.inquiry_id)]
