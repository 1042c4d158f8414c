"""What the curve costs: a trustee for each element it evaluates, a client for each key, both for a subject.

    python -m benchmarks.curve

The first two are counted in raw scalar multiplications of libsodium, on one core, in batches of 64
and with everything that goes on the wire: decoding and checking what came, proofs, hashing,
unblinding up to the output y. A subject is padded (26 + 6 elements, 6 of them real values) and
measured by the clock, on all cores.
"""

import ctypes
import sys
from statistics import median
from typing import Final

from benchmarks.measuring import CPU, WALL, in_turn, ratio, run_on_one_core, tell
from cairn_protocol import group
from cairn_protocol.group import Scalar, encode_scalar, multiply_base, random_element, random_scalar
from cairn_protocol.kinds import NAME_EVALUATIONS, VALUE_EVALUATIONS, KeyName, Kind, oprf_input
from cairn_protocol.sharing import Index, KeyShare, split
from cairn_protocol.voprf import Blinded, Evaluation, PublicShare, blind, evaluate, finalize

BATCH: Final = 64
T: Final = 2
TRUSTEES: Final = 3
ROUNDS: Final = 40
RAW_MULTIPLICATIONS: Final = 256
REAL_NAMES: Final = 1
REAL_VALUES: Final = 5

ONE_CORE: Final = "--one-core"


class Quorum:
    """One joint key, and the t trustees that answer."""

    def __init__(self, secret: Scalar) -> None:
        self._shares = split(secret, TRUSTEES, T)[:T]
        self._publics = {
            share.index: PublicShare(share.index, multiply_base(share.scalar), f"trustee:t{share.index}")
            for share in self._shares
        }

    def one_answer(self, blinded: Blinded, share: KeyShare | None = None) -> Evaluation:
        """What one trustee does with a batch."""
        share = share or self._shares[0]
        return evaluate(share, self._publics[share.index].element, blinded.elements, culprit="member:m00")

    def answers(self, blinded: Blinded) -> dict[Index, Evaluation]:
        """What the client gets back."""
        return {share.index: self.one_answer(blinded, share) for share in self._shares}

    def finish(self, blinded: Blinded, answers: dict[Index, Evaluation]) -> list[bytes | None]:
        """What the client does with the answers."""
        return list(finalize(blinded, answers, self._publics, T))


def raw_multiplications() -> None:
    """libsodium alone, with nothing of ours around it."""
    out = ctypes.create_string_buffer(group.ELEMENT_BYTES)
    scalar, element = encode_scalar(random_scalar()), random_element()
    for _ in range(RAW_MULTIPLICATIONS):
        group._multiply(out, scalar, element)


def in_multiplications() -> None:
    """Tell both costs in raw multiplications. Meant for one core."""
    quorum = Quorum(random_scalar())
    inputs = [oprf_input(Kind.PHONE, f"+90555{at:07d}") for at in range(BATCH)]
    asked = blind(inputs)
    answers = quorum.answers(asked)
    taken = in_turn(
        {
            "raw": raw_multiplications,
            "trustee": lambda: quorum.one_answer(asked),
            "blind": lambda: blind(inputs),
            "finish": lambda: quorum.finish(asked, answers),
        },
        ROUNDS,
        CPU,
    )
    client = [one + other for one, other in zip(taken["blind"], taken["finish"], strict=True)]
    scale = RAW_MULTIPLICATIONS / BATCH
    tell("curve", "scalar_mult_us", median(taken["raw"]) / RAW_MULTIPLICATIONS * 1e6, "us")
    tell("curve", "trustee_scalar_mults_per_element", ratio(taken["trustee"], taken["raw"]) * scale, "ratio")
    tell("curve", "client_scalar_mults_per_key", ratio(client, taken["raw"]) * scale, "ratio")


def of_a_subject() -> None:
    """Tell what a client and each trustee take for one padded subject, on all cores."""
    names = [oprf_input(Kind.NAME, f"meridian vacuum {at}") for at in range(REAL_NAMES)]
    values = [oprf_input(Kind.PHONE, f"+90555{at:07d}") for at in range(REAL_VALUES)]
    padded: dict[KeyName, list[bytes | None]] = {
        KeyName.NAMES: [*names, *[None] * (NAME_EVALUATIONS - REAL_NAMES)],
        KeyName.VALUES: [*values, *[None] * (VALUE_EVALUATIONS - REAL_VALUES)],
    }
    quorums = {key: Quorum(random_scalar()) for key in KeyName}
    asked = {key: blind(padded[key]) for key in KeyName}
    answers = {key: quorums[key].answers(asked[key]) for key in KeyName}

    def client() -> None:
        for key in KeyName:
            blind(padded[key])
            quorums[key].finish(asked[key], answers[key])

    def trustee() -> None:
        for key in KeyName:
            quorums[key].one_answer(asked[key])

    taken = in_turn({"client": client, "trustee": trustee}, ROUNDS, WALL)
    for party, took in taken.items():
        tell("curve", f"subject_ms_{party}", median(took) * 1_000, "ms")


def main() -> None:
    """Print the figures."""
    if ONE_CORE in sys.argv:
        in_multiplications()
    else:
        run_on_one_core("benchmarks.curve", ONE_CORE)
        of_a_subject()


if __name__ == "__main__":
    main()
