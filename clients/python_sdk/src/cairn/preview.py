"""What would leave this computer for one inquiry, compartment by compartment and byte for byte.

LOCAL stays here; TAGS are pseudonyms; SEALED is ciphertext that opens only on evidence; OPEN is what the hub reads.
The bytes are those that filing would send: the same inquiry gives the same ones.
Source: design.md 3; domain brief 2.1.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from cairn import filing
from cairn.printable import Section
from cairn.raw.details import details_of
from cairn.raw.inquiry import Inquiry
from cairn.raw.normalise.match_key import MatchKey
from cairn.raw.sanitise import Step, leaving
from cairn.session import Session
from cairn_protocol.codes import red_flags
from cairn_protocol.kinds import NAME_EVALUATIONS, VALUE_EVALUATIONS
from cairn_protocol.messages.report import Report
from cairn_protocol.messages.sealed import Details
from cairn_protocol.messages.wire import encode
from cairn_protocol.tags import Tag


@dataclass(frozen=True, slots=True)
class Preview:
    """One inquiry's report before it is sent.

    local   what stays: field and value
    tags    each value that becomes a pseudonym, with it
    sealed  the plain text of the sealed part, None if there is none
    steps   what was made coarser, and why
    raw     the exact bytes to the hub
    """

    inquiry_id: str
    local: tuple[tuple[str, str], ...] = field(repr=False)
    tags: tuple[tuple[MatchKey, Tag], ...] = field(repr=False)
    sealed: Details | None = field(repr=False)
    steps: tuple[Step, ...]
    report: Report = field(repr=False)
    raw: bytes = field(repr=False)

    def as_json(self) -> dict[str, object]:
        """The object `cairn preview --json` and `cairn report --dry-run --json` print."""
        header = self.report.signed.header
        return {
            "inquiry_id": self.inquiry_id,
            "status": "dry-run",
            "to_hub": self.raw.decode(),
            "compartments": {
                "LOCAL": dict(self.local),
                "TAGS": [{"kind": key.kind.value, "tag": tag.hex()} for key, tag in self.tags],
                "SEALED": msgspec.to_builtins(self.sealed) if self.sealed else None,
                "OPEN": {
                    "week": header.week,
                    "confidence": header.confidence.value,
                    "handling": msgspec.to_builtins(header.handling),
                    "consent": header.consent.value,
                    **msgspec.to_builtins(self.report.open.codes),
                },
            },
            "coarsened": [step.as_json() for step in self.steps],
        }

    def sections(self) -> tuple[Section, ...]:
        """The same for people."""
        header, sealed = self.report.signed.header, self.report.sealed
        kinds = Counter(key.kind.value for key, _ in self.tags)
        filler = len(header.keys) - len({tag for _, tag in self.tags} & set(header.tags()))
        codes = msgspec.to_builtins(self.report.open.codes)
        return (
            Section("LOCAL: stays on this computer", tuple(f"{name}: {value}" for name, value in self.local)),
            Section(
                "TAGS: to the trustees blinded, to the hub as pseudonyms",
                (
                    f"trustees see {NAME_EVALUATIONS} + {VALUE_EVALUATIONS} random-looking numbers for every inquiry, "
                    "or none where all values are known",
                    *(f"{count} of kind {kind}" for kind, count in kinds.items()),
                    f"{filler} more are filler",
                ),
            ),
            Section(
                "SEALED: nobody reads it before a match and the trustees' assent", self._sealed_lines(sealed)
            ),
            Section(
                "OPEN: the hub reads it",
                (
                    f"report {header.report_id}, revision {header.revision}, week {header.week}, "
                    f"{header.confidence.value}, TLP {header.handling.tlp.value}, "
                    f"government release: {header.consent.value}",
                    *(f"{name}: {_shown(value)}" for name, value in codes.items()),
                ),
            ),
            Section("Made coarser", tuple(f"{step.field}: {step.why}" for step in self.steps)),
            Section(f"Byte for byte, {len(self.raw)} bytes to the hub", (self.raw.decode(),)),
        )

    def _sealed_lines(self, sealed: object) -> tuple[str, ...]:
        if self.sealed is None:
            return ("nothing: there is no value that could ever open it, or the policy pack keeps it here",)
        plain = msgspec.to_builtins(self.sealed)
        plain.pop("type", None)
        return tuple(
            f"{name}: {_shown(value)}" for name, value in plain.items() if value not in (None, "", [], ())
        )


async def preview_all(
    session: Session, inquiries: Sequence[Inquiry], *, narrative: bool = False
) -> list[Preview]:
    """The preview of each inquiry. The trustees are asked, blinded, as for a report; the hub gets nothing.

    Raises TrusteeUnavailable, Metered.
    """
    built = await filing.build(session, inquiries, narrative=narrative)
    return [_preview(session, inquiry, one, narrative) for inquiry, one in zip(inquiries, built, strict=True)]


def _preview(session: Session, inquiry: Inquiry, built: filing.Built, narrative: bool) -> Preview:
    rules = session.rules_for(inquiry)
    told = narrative and rules.policy.narrative
    return Preview(
        inquiry.inquiry_id,
        tuple(_staying(inquiry, told)),
        built.tags,
        details_of(inquiry, narrative=told) if built.report.sealed else None,
        leaving(inquiry, rules).steps,
        built.report,
        encode(built.report),
    )


def _staying(inquiry: Inquiry, narrative: bool) -> list[tuple[str, str]]:
    """What of the inquiry stays at the firm whatever the packs say."""
    listed = red_flags().by_code
    local_only = [flag for flag in inquiry.red_flags if listed[flag].local_only]
    fields: list[tuple[str, object]] = [
        ("inquiry_id", inquiry.inquiry_id),
        ("received_on (the day)", inquiry.received_on),
        ("item.model", inquiry.item.model),
        ("item.eccn (its subparagraph)", inquiry.item.eccn[5:]),
        ("item.eu_number (its subparagraph)", inquiry.item.eu_number[5:]),
        ("party.person", inquiry.party.person),
        ("evidence_hash (of your own file)", inquiry.evidence_hash),
        ("attempt_link (as you wrote it)", inquiry.attempt_link),
        ("quantity (the exact number)", inquiry.quantity),
        ("typical_quantity", inquiry.typical_quantity),
        ("value_usd (the exact amount)", inquiry.value_usd),
        ("red flags that are local only", " ".join(local_only)),
        ("outcome", inquiry.outcome if inquiry.outcome in ("SHIPPED", "OPEN") else ""),
        ("narrative", "" if narrative else inquiry.narrative),
    ]
    return [(name, str(value)) for name, value in fields if value not in (None, "")]


def _shown(value: object) -> str:
    if isinstance(value, list | tuple):
        return " ".join(map(str, value)) or "-"
    return "-" if value in (None, "") else str(value)
