"""What an opening costs: sealing at a firm, judging evidence at a trustee, giving and combining parts.

    python -m benchmarks.openings

Sealing covers both locks of a report with three lockable keys, the commitments to their lines included, and
is told in raw multiplications of the curve. Evidence is that of 100 openings, k = 3 headers with three
lockable keys each, in a log of 100,000 leaves, from the bytes that come over the wire to the verdicts:
parsing, signatures, claims, paths, rule. All on one core, by the time that it was given.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Final

from benchmarks.measuring import CPU, in_turn, ratio, run_on_one_core, tell
from cairn_protocol import assent_lock, merkle, sealing
from cairn_protocol.checkpoint import Checkpoint
from cairn_protocol.evidence import Ground, K, judge, label_of
from cairn_protocol.group import multiply, random_element, random_scalar
from cairn_protocol.kinds import Kind
from cairn_protocol.match_lock import GroupIndex
from cairn_protocol.merkle import Node
from cairn_protocol.messages.openings import ReportEvidence, Shown
from cairn_protocol.messages.wire import decode, encode
from tests.support.keys import key_shares, seed
from tests.support.openings import DETAILS, DOMAIN, EMAIL, PHONE, Filed, Ledger
from tests.support.reports import secret_of

OPENINGS: Final = 100
LEAVES: Final = 100_000
ROUNDS: Final = 30
AT_ONCE: Final = 20

ONE_CORE: Final = "--one-core"


def sealed() -> None:
    """Print what sealing costs, and the parts of opening."""
    ledger = Ledger()
    (firm,) = ledger.exporters(1)
    filed = ledger.file(firm, PHONE, DOMAIN, EMAIL)
    secrets = [secret_of(*key) for key in (PHONE, DOMAIN, EMAIL)]
    label, opening = label_of(filed.signed.header), seed("opening")
    share, publics = key_shares("assent")[0], ledger.assent_publics
    parts = ledger.assents(filed, opening)
    scalar, element = random_scalar(), random_element()
    capsule = filed.sealed.capsule

    def lock() -> None:
        for secret in secrets:
            assert secret.lock is not None
            secret.lock.line.commitments()
            secret.lock.line.share_at(GroupIndex(firm.index))
        sealing.seal(DETAILS, label, secrets, ledger.joint, seed("report"))

    works = {
        "raw": lambda: multiply(scalar, element),
        "seal": lock,
        "check": lambda: assent_lock.check(capsule, label),
        "release": lambda: assent_lock.release(share, publics[share.index].element, capsule, label, opening),
        "combine": lambda: assent_lock.combine(capsule, label, opening, parts, publics, ledger.genesis.t),
    }
    taken = in_turn({name: Repeated(work) for name, work in works.items()}, ROUNDS, CPU)
    tell("openings", "seal_scalar_mults", ratio(taken["seal"], taken["raw"]), "raw multiplications")
    for name in ("seal", "check", "release", "combine"):
        tell("openings", f"{name}_ms", median(taken[name]) / AT_ONCE * 1_000, "ms")


@dataclass(frozen=True)
class Repeated:
    """A work so short that the clock needs many of it."""

    work: Callable[[], object]

    def __call__(self) -> None:
        for _ in range(AT_ONCE):
            self.work()


def judged() -> None:
    """Print what 100 openings' evidence costs a trustee."""
    ledger = Ledger()
    firms = ledger.exporters(K)
    cases = [
        [
            ledger.file(
                firm,
                (Kind.PHONE, f"+90555{case:07d}"),
                (Kind.DOMAIN, f"{firm.id}-{case}.example"),
                (Kind.EMAIL, f"a@{firm.id}-{case}.example"),
            )
            for firm in firms
        ]
        for case in range(OPENINGS)
    ]
    ground, raws = closed(ledger, cases)

    def trustee() -> None:
        for raw in raws:
            judge(decode(raw, ReportEvidence), ground, LEAVES, ledger.now).require()

    taken = in_turn({"evidence": trustee}, 9, CPU)["evidence"]
    tell("openings", "evidence_ms", median(taken) * 1_000, "ms")
    tell("openings", "evidence_bytes", median(len(raw) for raw in raws), "bytes")


def closed(ledger: Ledger, cases: list[list[Filed]]) -> tuple[Ground, list[bytes]]:
    """The log filled up to its size, what a trustee knows of it, and the evidence of each case."""
    hashes = ledger.hashes + [seed("leaf", at) for at in range(len(ledger.hashes), LEAVES)]
    grown = merkle.append(0, (), hashes)
    nodes = {Node(0, at): leaf for at, leaf in enumerate(hashes)} | grown.interior
    ground = Ground(
        ledger.roster, Checkpoint(ledger.genesis.origin, LEAVES, grown.root), lambda _: ledger.now
    )

    def shown(filed: Filed) -> Shown:
        path = tuple(merkle.inclusion_proof(filed.leaf_index, LEAVES, nodes))
        return Shown(signed=filed.signed, leaf_index=filed.leaf_index, path=path)

    evidence = [
        ReportEvidence(
            report=shown(report),
            capsule=report.sealed.capsule,
            body_digest=report.sealed.body_digest(),
            neighbours=tuple(shown(one) for one in beside),
        )
        for report, *beside in cases
    ]
    return ground, [encode(one) for one in evidence]


def main() -> None:
    """Print all figures."""
    if ONE_CORE in sys.argv:
        sealed()
        judged()
    else:
        run_on_one_core("benchmarks.openings", ONE_CORE)


if __name__ == "__main__":
    main()
