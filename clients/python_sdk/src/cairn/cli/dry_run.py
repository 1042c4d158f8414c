"""`cairn report --dry-run`: what would leave this computer, in words and byte for byte.

The trustees are asked, blinded, as for a report; the hub gets nothing.
"""

from collections import Counter
from collections.abc import Sequence

import msgspec

from cairn import filing
from cairn.cli.outcome import Exit, emit, say
from cairn.client.errors import TrusteeUnavailable
from cairn.raw.inquiry import Inquiry
from cairn.session import Session
from cairn_protocol.messages.report import Report
from cairn_protocol.messages.wire import decode


async def tell_what_would_leave(
    session: Session, inquiries: Sequence[Inquiry], as_json: bool, narrative: bool
) -> list[Exit]:
    """Print the report of each inquiry without sending or keeping it."""
    try:
        built = await filing.build(session, inquiries, narrative=narrative)
    except TrusteeUnavailable as error:
        say(f"The trustees must be asked first: {error}")
        return [Exit.QUEUED] * len(inquiries)
    for inquiry, raw in zip(inquiries, built, strict=True):
        if as_json:
            emit({"inquiry_id": inquiry.inquiry_id, "to_hub": raw.decode(), "status": "dry-run"})
        else:
            _tell(inquiry, raw, narrative)
    return [Exit.CLEAR] * len(inquiries)


def _tell(inquiry: Inquiry, raw: bytes, narrative: bool) -> None:
    report = decode(raw, Report)
    header = report.signed.header
    kinds = Counter(key.kind.value for key in header.lockable())
    identified = ", ".join(f"{count} {kind}" for kind, count in kinds.items()) or "none"
    say(f"{inquiry.inquiry_id}: what would leave this computer")
    say("  to the trustees: 32 random-looking numbers, the same count for every inquiry")
    say(f"  to the hub, {len(raw)} bytes:")
    say(
        f"    report {header.report_id}, revision {header.revision}, week {header.week}, {header.confidence.value},"
    )
    say(f"    handling {header.handling.tlp.value}, government release: {header.consent.value}")
    say(
        f"    identifying values as pseudonyms: {identified}; {len(header.keys)} pseudonyms in all, most of them filler"
    )
    if report.sealed is None:
        say(
            "    names, contacts and free text: none, for there is no value that could ever open a sealed part"
        )
    else:
        size = len(report.sealed.ciphertext)
        say(
            f"    sealed, {size} bytes: names and contacts as typed"
            + (", the narrative scrubbed" if narrative else "")
        )
        say(
            "      opens only if another group reports the same value and two trustees agree on three groups' evidence"
        )
    say("    codes the hub can read:")
    for code, value in msgspec.to_builtins(report.open.codes).items():
        shown = " ".join(value) if isinstance(value, list | tuple) else value
        say(f"      {code}: {'-' if shown in (None, '') else shown}")
    say("  byte for byte:")
    say(raw.decode())
