"""What a return costs a firm, its sum the hub, its opening the trustees; beside phe used plainly.

    python benchmarks/returns.py [--quick] [--peers]

Plain use of phe is one ciphertext for each of 1,024 counters: a few are measured in turn with ours and
scaled up. Cold is a firm that encrypts once a month, its table included; warm is one with a large
table at hand. All keys are fresh and of 3072 bits; 1,000 firms are really encrypted, added and opened.
--quick takes 1024 bits and 50 firms: it shows that everything runs, its ratios mean nothing.
--peers adds TenSEAL's BFV, phe with the same packing, and plain numpy, where they are installed:
faster at adding, and without a threshold, proofs or protection at all respectively.
"""

import argparse
import importlib.util
import random
import secrets
import statistics
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

if not __package__:  # run as a file
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import phe
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from benchmarks.measuring import CPU, in_turn, ratio, seconds, tell
from cairn_protocol.closing import (
    AcceptedDeposit,
    AcceptedReturn,
    accept_return,
    close,
    open_sum,
    part_of_sum,
)
from cairn_protocol.contributing import ReturnPeriod, make_deposit, make_return, period_of
from cairn_protocol.fixed_base import Comb
from cairn_protocol.messages.parties import (
    Approval,
    Entry,
    Genesis,
    JointKeyShares,
    Role,
    Sector,
    TrusteeKeys,
)
from cairn_protocol.messages.returns import (
    Caps,
    CloseStatement,
    Contribution,
    Deposit,
    ReturnTerms,
    SignedClose,
    sign_close,
)
from cairn_protocol.messages.wire import encode, sign
from cairn_protocol.packing import pack, plaintexts_for
from cairn_protocol.paillier import mask
from cairn_protocol.paillier_shares import Dealing, deal, safe_prime
from cairn_protocol.returns_layout import CURRENT
from hub.disclosure.margins import protect
from hub.returns.adding import add_up

BENCH: Final = "returns"
COUNTERS: Final = 1_024
TRUSTEES: Final = 3
T: Final = 2
CAPS: Final = Caps(handled=200, flagged=40, band=1, cell=5, code=20)
WARM_TEETH: Final = 10
WARM_ROWS: Final = 10
PHE_EACH_ROUND: Final = 4


@dataclass(frozen=True)
class Scene:
    """One period with its keys, and how much of everything is measured."""

    dealing: Dealing
    period: ReturnPeriod
    genesis: Genesis
    trustee_keys: list[Ed25519PrivateKey]
    firms: int
    rounds: int
    dice: random.Random

    def counters(self) -> list[int]:
        """A firm's counters: as high as may be, so that nothing is cheap by being 0."""
        return [self.dice.randint(0, cap) for cap in CURRENT.caps(CAPS)]


def a_scene(bits: int, firms: int, rounds: int) -> Scene:
    """Keys by a ceremony, which is told, and the terms of one period."""
    primes: list[Any] = []
    took = seconds(lambda: primes.extend(safe_prime(bits // 2) for _ in range(2)))
    dealt = deal(*primes, t=T, holders=TRUSTEES)
    tell(BENCH, "ceremony_s", took, "s")
    keys = [Ed25519PrivateKey.generate() for _ in range(TRUSTEES)]
    joint = tuple(
        JointKeyShares(name=name, element=bytes(32), shares=(bytes(32),) * TRUSTEES)
        for name in ("names", "values", "assent")
    )
    genesis = Genesis(
        origin="bench.example/log",
        epoch=1,
        t=T,
        hub_key=Ed25519PrivateKey.generate().public_key().public_bytes_raw(),
        normaliser=bytes(32),
        trustees=tuple(
            TrusteeKeys(
                id=f"t{at}",
                index=at,
                signing_key=key.public_key().public_bytes_raw(),
                sealing_key=X25519PrivateKey.generate().public_key().public_bytes_raw(),
            )
            for at, key in enumerate(keys, 1)
        ),
        keys=joint,
    )
    terms = ReturnTerms(
        period="2026-10",
        layout=CURRENT.version,
        layout_digest=CURRENT.digest,
        key_digest=dealt.key.digest,
        caps=CAPS,
        noise_from=tuple(f"t{at}" for at in range(1, TRUSTEES + 1)),
        rho_thousandths=500,
    )
    period = period_of(terms, dealt.key, genesis)
    return Scene(dealt, period, genesis, keys, firms, rounds, random.Random(7))


def encrypting(scene: Scene) -> None:
    """A firm's side, in so many plain uses of phe."""
    key, period = scene.dealing.key, scene.period
    plain = phe.PaillierPublicKey(int(key.n))
    counters = [min(counter, 20) for counter in scene.counters()[:COUNTERS]]
    packed = pack(counters, [20] * COUNTERS, period.slots)
    warm = key.comb(teeth=WARM_TEETH, rows=WARM_ROWS)
    filed = scene.counters()
    signer = Ed25519PrivateKey.generate()

    def whole(comb: Comb | None = None) -> object:
        made = make_return(period, "group-01", "m01", filed, comb=comb or key.comb())
        return sign(made, signer)

    works: dict[str, Callable[[], object]] = {
        "phe": lambda: [plain.encrypt(counter) for counter in counters[:PHE_EACH_ROUND]],
        "phe_packed": lambda: [plain.encrypt(value) for value in packed[:PHE_EACH_ROUND]],
        "cold": lambda: mask(key, packed, key.comb()),
        "warm": lambda: mask(key, packed, warm),
        "return": whole,
        "return_warm": lambda: whole(warm),
    }
    taken = in_turn(works, scene.rounds, CPU)
    naive = [took * COUNTERS / PHE_EACH_ROUND for took in taken["phe"]]
    packed_phe = [took * len(packed) / PHE_EACH_ROUND for took in taken["phe_packed"]]
    tell(BENCH, "naive_phe_encrypt_s", statistics.median(naive), "s")
    tell(BENCH, "encrypt_cold_ms", 1e3 * statistics.median(taken["cold"]), "ms")
    tell(BENCH, "encrypt_warm_ms", 1e3 * statistics.median(taken["warm"]), "ms")
    tell(BENCH, "encrypt_times_naive_phe_cold", ratio(naive, taken["cold"]), "x")
    tell(BENCH, "encrypt_times_naive_phe_warm", ratio(naive, taken["warm"]), "x")
    tell(BENCH, "encrypt_times_packed_phe_cold", ratio(packed_phe, taken["cold"]), "x")
    tell(BENCH, "return_ms", 1e3 * statistics.median(taken["return"]), "ms")
    tell(BENCH, "return_times_naive_phe", ratio(naive, taken["return"]), "x")
    tell(BENCH, "return_times_naive_phe_warm", ratio(naive, taken["return_warm"]), "x")
    one = 2 * key.modulus_bytes
    tell(BENCH, "bytes_times_naive_phe", COUNTERS / plaintexts_for(COUNTERS, period.slots), "x")
    tell(BENCH, "return_ciphertext_bytes", period.ciphertexts * one, "B")
    tell(BENCH, "return_wire_bytes", len(encode(sign(make_return(period, "g", "m", filed), signer))), "B")


def checking(scene: Scene) -> None:
    """What the hub, and every trustee again, pays to take a return; and what a trustee pays for its noise."""
    signer = Ed25519PrivateKey.generate()
    entry = Entry(
        party="m01",
        role=Role.MEMBER,
        group="group-01",
        group_index=1,
        sector=Sector.EXPORTER,
        families=("ALL",),
        signing_key=signer.public_key().public_bytes_raw(),
        sealing_key=None,
        not_before=0,
    )
    filed = sign(make_return(scene.period, "group-01", "m01", scene.counters()), signer)
    secret = secrets.token_bytes(32)
    taken = in_turn(
        {
            "check": lambda: accept_return(scene.period, filed, entry),
            "deposit": lambda: make_deposit(scene.period, "t1", secret),
        },
        scene.rounds,
        CPU,
    )
    tell(BENCH, "check_return_ms", 1e3 * statistics.median(taken["check"]), "ms")
    tell(BENCH, "noise_deposit_ms", 1e3 * statistics.median(taken["deposit"]), "ms")


def summing(scene: Scene) -> None:
    """The hub's sum through phe, and two of three trustees' opening of it one after the other."""
    period, key = scene.period, scene.dealing.key
    comb = key.comb(teeth=WARM_TEETH, rows=WARM_ROWS)
    caps = CURRENT.caps(CAPS)
    returns, wanted = [], [0] * len(caps)
    for at in range(scene.firms):
        counters = scene.counters()
        wanted = [total + counter for total, counter in zip(wanted, counters, strict=True)]
        masked = mask(key, pack(counters, caps, period.slots), comb)
        contribution = Contribution(group=f"g{at}", member=f"m{at}", digest=bytes(32))
        returns.append(AcceptedReturn(contribution, masked.ciphertexts))
    deposits = []
    for trustee in period.terms.noise_from:
        sent = make_deposit(period, trustee, secrets.token_bytes(32))
        ciphertexts = tuple(key.decode(raw) for raw in sent.ciphertexts)
        deposits.append(AcceptedDeposit(Deposit(trustee=trustee, digest=bytes(32)), ciphertexts))
    took = [seconds(lambda: add_up(period, returns, deposits), CPU) for _ in range(3)]
    figure = "sum_1000_firms_s" if scene.firms == 1_000 else f"sum_{scene.firms}_firms_s"
    tell(BENCH, figure, min(took), "s")
    statement: CloseStatement = close(period, returns, deposits)
    signed = SignedClose(
        statement=statement,
        approvals=tuple(
            Approval(trustee=f"t{at}", signature=sign_close(statement, signer))
            for at, signer in enumerate(scene.trustee_keys, 1)
        ),
    )

    def opened() -> None:
        parts = [
            part_of_sum(period, scene.dealing.shares[at - 1], f"t{at}", signed, scene.genesis)
            for at in (1, 3)
        ]
        result = open_sum(period, signed, parts, scene.genesis)
        for figure in result.figures:
            if abs(figure.value - wanted[CURRENT.slots[figure.cell]]) > 60:
                raise RuntimeError("the opened sum is not the firms'")
        if not result.figures:
            raise RuntimeError("the opened sum shows nothing")

    tell(BENCH, "open_2_of_3_s", seconds(opened, CPU), "s")


def disclosing(scene: Scene) -> None:
    """Disclosure control of a table of 100 by 100 cells with totals, a tenth of it too thin to publish."""
    dice = scene.dice
    cells = {}
    for row in range(100):
        for column in range(100):
            many = dice.randint(0, 3) if dice.random() < 0.1 else dice.randint(6, 10)
            cells[f"r{row}", f"c{column}"] = {
                f"g{group}": dice.randint(1, 3) for group in dice.sample(range(40), many)
            }
    took = in_turn({"table": lambda: protect(cells)}, scene.rounds, CPU)["table"]
    tell(BENCH, "disclosure_10000_cells_s", statistics.median(took), "s")


def beside_tenseal(scene: Scene) -> None:
    """TenSEAL's BFV: one key holder, no proof, 1,024 counters in one ciphertext of 8,192 slots."""
    import tenseal

    context = tenseal.context(tenseal.SCHEME_TYPE.BFV, 8192, plain_modulus=1032193)
    counters = scene.counters()[:COUNTERS]
    sample = [tenseal.bfv_vector(context, counters) for _ in range(min(64, scene.firms))]
    encrypting = in_turn({"one": lambda: tenseal.bfv_vector(context, counters)}, scene.rounds, CPU)["one"]

    total = sample[0].copy()

    def added() -> None:
        nonlocal total
        for one in sample[1:]:
            total += one

    tell(BENCH, "peer_tenseal_bfv_encrypt_ms", 1e3 * statistics.median(encrypting), "ms")
    tell(BENCH, "peer_tenseal_bfv_sum_1000_firms_s", seconds(added, CPU) * 1_000 / len(sample), "s")
    tell(BENCH, "peer_tenseal_bfv_open_s", seconds(total.decrypt, CPU), "s")
    tell(BENCH, "peer_tenseal_bfv_bytes", len(sample[0].serialize()), "B")


def beside_numpy(scene: Scene) -> None:
    """Plain sums: nobody is protected."""
    import numpy

    vectors = numpy.array([scene.counters()[:COUNTERS] for _ in range(1_000)], dtype=numpy.int64)
    took = in_turn({"sum": lambda: vectors.sum(axis=0)}, max(scene.rounds, 5), CPU)["sum"]
    tell(BENCH, "peer_numpy_sum_1000_firms_ms", 1e3 * statistics.median(took), "ms")
    tell(BENCH, "peer_numpy_bytes", vectors[0].nbytes, "B")


def main() -> None:
    """Tell every figure, one JSON line each."""
    told = argparse.ArgumentParser(description="What returns cost, beside phe used plainly.")
    told.add_argument("--quick", action="store_true", help="1024 bits, 50 firms: no ratios to speak of")
    told.add_argument("--peers", action="store_true", help="also TenSEAL and numpy, if installed")
    told.add_argument("--json", action="store_true", help="the default: JSON lines")
    options = told.parse_args()
    scene = a_scene(1024, 50, 2) if options.quick else a_scene(3072, 1_000, 9)
    encrypting(scene)
    checking(scene)
    summing(scene)
    disclosing(scene)
    if options.peers:
        for name, beside in (("tenseal", beside_tenseal), ("numpy", beside_numpy)):
            if importlib.util.find_spec(name):
                beside(scene)
            else:
                print(f"{name} is not installed: not measured", file=sys.stderr)


if __name__ == "__main__":
    main()
