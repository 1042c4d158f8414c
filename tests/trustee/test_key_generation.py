"""Three trustees make keys that no machine ever holds, and whoever cheats at it is named."""

import asyncio
import contextlib
import dataclasses
import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from msgspec.structs import replace

from cairn_protocol.errors import BadDealing, BadShare, BadSignature, ProtocolError
from cairn_protocol.group import ORDER, encode_scalar, multiply_base
from cairn_protocol.messages.parties import TrusteeKeys
from cairn_protocol.messages.trustee import (
    CeremonyKept,
    CeremonyPlan,
    CeremonyResult,
    CeremonyTrustee,
    Commitments,
    Reveals,
)
from cairn_protocol.messages.wire import Signed, decode, digest_of, encode, sign
from cairn_protocol.sharing import Index, KeyShare, lagrange_at_zero
from local.processes import free_port
from tests.support.trustees import COMMAND, PASSPHRASE, Founded, init, run
from trustee import keys as key_file
from trustee.addresses import listening_address
from trustee.ceremony.dealing import SUITE, Dealt, Made, Part, sealed_for
from trustee.ceremony.meeting import Meeting
from trustee.errors import PeersMissing
from trustee.home import Home
from trustee.keys import ServingKeys


def secret_of(shares: Sequence[KeyShare]) -> int:
    coefficients = lagrange_at_zero([share.index for share in shares])
    return sum(c * share.scalar for c, share in zip(coefficients, shares, strict=True)) % ORDER


@pytest.mark.parametrize("key", ["names", "values", "assent"])
def test_any_two_shares_make_the_key_of_which_the_genesis_has_the_public_half(
    founded: Founded, key: str
) -> None:
    joint = founded.parties.genesis.joint_key(key)
    shares = [founded.parties.shares[name][key] for name in ("t1", "t2", "t3")]

    assert [multiply_base(share.scalar) for share in shares] == list(joint.shares)
    for pair in combinations(shares, 2):
        assert multiply_base(secret_of(pair)) == joint.element


def test_the_three_keys_are_three(founded: Founded) -> None:
    assert len({key.element for key in founded.parties.genesis.keys}) == 3


def test_all_three_told_the_same_result(founded: Founded) -> None:
    told = [json.loads(result.body)["keys"] for result in founded.parties.results]

    assert told[0] == told[1] == told[2]


class Table:
    """Three places at a ceremony in this process: each a real server, any of them taken by a cheat."""

    def __init__(self, first: CeremonyTrustee | None = None) -> None:
        """first: takes t1's place, from elsewhere."""
        self.keys = {
            at: ServingKeys(Index(at), Ed25519PrivateKey.generate(), X25519PrivateKey.generate())
            for at in (1, 2, 3)
        }
        trustees = tuple(
            CeremonyTrustee(
                keys=TrusteeKeys(
                    id=f"t{at}",
                    index=at,
                    signing_key=keys.signing.public_key().public_bytes_raw(),
                    sealing_key=keys.sealing.public_key().public_bytes_raw(),
                ),
                url=f"http://127.0.0.1:{free_port()}",
            )
            for at, keys in self.keys.items()
        )
        self.plan = CeremonyPlan(epoch=1, t=2, trustees=(first or trustees[0], *trustees[1:]))
        self.kept: dict[int, Made] = {}

    def part(self, at: int, cls: type[Part] = Part) -> Part:
        return cls(self.plan, self.plan.trustees[at - 1], self.keys[at])

    def meeting(self, at: int, part: Part | None = None, cls: type[Meeting] = Meeting) -> Meeting:
        def keep(made: Made) -> None:
            self.kept[at] = made

        return cls(part or self.part(at), keep)

    def hold(
        self, *meetings: Meeting, seconds: float = 20, until: subprocess.Popen[bytes] | None = None
    ) -> list[BaseException | None]:
        """How each ends: None if it was done, CancelledError if it was waiting when another failed.

        until  a process that takes part, and with which it ends
        """

        async def all_of_them() -> list[BaseException | None]:
            tasks = [
                asyncio.create_task(meeting.hold(*listening_address(meeting.me.url), seconds))
                for meeting in meetings
            ]
            if until is not None:
                await asyncio.to_thread(until.wait, seconds)
            await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION, timeout=0 if until else None)
            for task in tasks:
                task.cancel()
            return await asyncio.gather(*tasks, return_exceptions=True)

        return asyncio.run(all_of_them())

    def caught(self, cheat: Meeting) -> ProtocolError:
        """What an honest trustee says of the third, the cheat."""
        ended = self.hold(self.meeting(1), self.meeting(2), cheat)
        (error, *_) = [one for one in ended[:2] if isinstance(one, ProtocolError)]
        return error


@pytest.fixture
def table() -> Table:
    return Table()


def test_three_honest_trustees_keep_one_share_each_of_the_same_keys(table: Table) -> None:
    ended = table.hold(table.meeting(1), table.meeting(2), table.meeting(3))

    assert ended == [None, None, None]
    assert table.kept[1].keys == table.kept[2].keys == table.kept[3].keys
    for key in range(3):
        pair = [table.kept[1].shares[key], table.kept[3].shares[key]]
        assert multiply_base(secret_of(pair)) == table.kept[2].keys[key].element


class Brazen(Meeting):
    """A cheat that catches itself, and goes on serving."""

    async def _take_part(self) -> None:
        with contextlib.suppress(ProtocolError):
            await super()._take_part()
        await asyncio.Event().wait()


class BadShareToT1(Part):
    """Deals the first holder a share that is not on the committed line."""

    def reveals_for(self, holder: CeremonyTrustee) -> Signed:
        said = decode(super().reveals_for(holder).body, Reveals)
        if holder.keys.id == "t1":
            public = X25519PublicKey.from_public_bytes(holder.keys.sealing_key)
            info = sealed_for(digest_of(self.plan), self.me.keys.id, holder.keys.id)
            false = b"".join(encode_scalar(at) for at in (5, 6, 7))
            said = replace(said, sealed_shares=SUITE.encrypt(false, public, info))
        return sign(said, self._keys.signing)


class RevealsAnotherPolynomial(Part):
    """Commits to one polynomial and reveals another."""

    def commitments(self) -> Signed:
        return Part(self.plan, self.me, self._keys).commitments()


class SealsForNobody(Part):
    """Sends bytes that do not open."""

    def reveals_for(self, holder: CeremonyTrustee) -> Signed:
        said = decode(super().reveals_for(holder).body, Reveals)
        return sign(replace(said, sealed_shares=os.urandom(200)), self._keys.signing)


class ClaimsOtherKeys(Part):
    """Does all right and then tells other joint keys."""

    def combine(self, dealt: Mapping[int, Dealt]) -> Made:
        made = super().combine(dealt)
        names, values, assent = made.keys
        said = replace(decode(made.result.body, CeremonyResult), keys=(values, names, assent))
        return Made(made.shares, made.keys, sign(said, self._keys.signing))


class DoesNotKnowItsSecret(Part):
    """Commits to a key that it has no secret of, as one does that would cancel the others' parts.

    It is true to its word in both rounds, but for the proof, which is of another key.
    """

    def __init__(self, plan: CeremonyPlan, me: CeremonyTrustee, keys: ServingKeys) -> None:
        super().__init__(plan, me, keys)
        own, other = self._dealings[0], self._dealings[1]
        rogue = dataclasses.replace(own.reveal, proof=other.reveal.proof)
        self._dealings[0] = dataclasses.replace(own, reveal=rogue)


class AnotherSigner(Part):
    """Signs with a key that is not the plan's."""

    def commitments(self) -> Signed:
        said = decode(super().commitments().body, Commitments)
        return sign(said, Ed25519PrivateKey.generate())


@pytest.mark.parametrize(
    ("cheat", "error"),
    [
        (BadShareToT1, BadShare),
        (RevealsAnotherPolynomial, BadDealing),
        (SealsForNobody, BadDealing),
        (ClaimsOtherKeys, BadDealing),
        (DoesNotKnowItsSecret, BadDealing),
        (AnotherSigner, BadSignature),
    ],
)
def test_a_cheat_is_named_and_no_honest_trustee_tells_it_is_done(
    table: Table, cheat: type[Part], error: type[ProtocolError]
) -> None:
    caught = table.caught(table.meeting(3, table.part(3, cheat), Brazen))

    assert isinstance(caught, error)
    assert caught.culprit == "trustee:t3"
    assert not {1, 2} <= set(table.kept)


def test_a_dealer_that_commits_to_different_things_before_different_trustees_is_named(table: Table) -> None:
    """Else the honest ones would end with different keys and blame each other."""
    first, second = table.part(3), table.part(3)

    class Alternating(dict[str, Signed]):
        asked = 0

        def get(self, dealer: str, default: object = None) -> object:  # type: ignore[override]
            if dealer != "t3":
                return super().get(dealer, default)
            self.asked += 1
            return (first, second)[self.asked % 2].commitments()

    cheat = table.meeting(3, first, Brazen)
    cheat._commitments = Alternating(cheat._commitments)

    caught = table.caught(cheat)

    assert caught.detail == "it committed to different things before different trustees"
    assert caught.culprit == "trustee:t3"


def test_a_reveal_waits_until_everybody_has_committed(table: Table) -> None:
    """Who saw another's part before committing could choose the key."""
    meeting, url = table.meeting(1), table.plan.trustees[0].url

    async def asking_early() -> httpx2.Response:
        async with httpx2.AsyncClient() as client, asyncio.timeout(20):
            waiting = asyncio.create_task(meeting.hold(*listening_address(url), 20))
            while True:
                with contextlib.suppress(httpx2.TransportError):
                    answer = await client.get(f"{url}/v1/ceremony/reveals?holder=t2")
                    waiting.cancel()
                    return answer
                await asyncio.sleep(0.02)

    assert asyncio.run(asking_early()).status_code == 425


def test_a_trustee_that_does_not_come_is_named(table: Table) -> None:
    ended = table.hold(table.meeting(1), table.meeting(2), seconds=0.7)

    (missing, *_) = [one for one in ended if isinstance(one, PeersMissing)]
    assert "t3" in str(missing)


def test_nobody_is_done_before_all_have_their_shares_on_disk(table: Table) -> None:
    def disk_full(_: Made) -> None:
        raise OSError(28, "No space left on device")

    ended = table.hold(table.meeting(1), Meeting(table.part(2), disk_full), table.meeting(3))

    assert isinstance(ended[1], OSError)
    assert isinstance(ended[0], asyncio.CancelledError)  # still waiting when the test ended it
    assert isinstance(ended[2], asyncio.CancelledError)


def test_nobody_leaves_on_a_word_that_is_not_the_trustees_own_about_this_run(table: Table) -> None:
    """Else whoever reaches the port sends a trustee away from another that still needs it."""
    answers: list[int] = []

    def others_say_it_was_kept(made: Made) -> None:
        plan = digest_of(table.plan)
        mine = CeremonyKept(
            plan=plan,
            trustee="t2",
            result=digest_of(CeremonyResult(plan=plan, trustee="t2", keys=made.keys)),
        )
        words = (
            sign(mine, table.keys[3].signing),
            sign(replace(mine, result=bytes(32)), table.keys[2].signing),
            sign(replace(mine, plan=bytes(32)), table.keys[2].signing),
            sign(replace(mine, trustee="t9"), table.keys[2].signing),
        )
        for at in (0, 2):
            url = f"{table.plan.trustees[at].url}/v1/ceremony/done"
            answers.extend(httpx2.post(url, content=encode(word)).status_code for word in words)
            answers.append(httpx2.post(url, content=bytes(10_000)).status_code)
        raise OSError(28, "No space left on device")

    ended = table.hold(table.meeting(1), Meeting(table.part(2), others_say_it_was_kept), table.meeting(3))

    assert answers == [403, 403, 403, 403, 413] * 2
    assert isinstance(ended[0], asyncio.CancelledError)  # still waiting when the test ended it
    assert isinstance(ended[2], asyncio.CancelledError)


def test_the_command_names_the_cheat_keeps_what_shows_it_and_exits_5(tmp_path: Path) -> None:
    home = Home(tmp_path / "t1")
    init(home.folder, "t1", 1, f"http://127.0.0.1:{free_port()}")
    table = Table(first=home.descriptor())
    plan = tmp_path / "plan.json"
    plan.write_bytes(encode(table.plan))
    process = subprocess.Popen(
        [COMMAND, "keygen", "--home", home.folder, "--plan", plan, "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )

    table.hold(table.meeting(2), table.meeting(3, table.part(3, BadShareToT1), Brazen), until=process)

    told, said = (text.decode() for text in process.communicate())
    assert process.returncode == 5, said
    assert json.loads(told)["reason"] == "bad-share"
    assert "trustee:t3" in said
    fault = json.loads(home.fault.read_bytes())
    assert (fault["culprit"], fault["slug"]) == ("trustee:t3", "bad-share")
    assert all(decode(encode(_signed(message)), Signed) for message in fault["messages"])
    assert home.fault.stat().st_mode & 0o777 == 0o600
    assert key_file.load(home, PASSPHRASE).names is None


def test_a_plan_without_this_trustee_as_it_is_is_refused(tmp_path: Path) -> None:
    home = Home(tmp_path / "t1")
    init(home.folder, "t1", 1, "http://127.0.0.1:1")
    plan = tmp_path / "plan.json"
    plan.write_bytes(encode(Table().plan))

    refused = run("keygen", "--home", home.folder, "--plan", plan)

    assert refused.exit_code == 1
    assert "does not name this trustee" in refused.stderr


def test_a_plan_of_half_the_trustees_is_no_quorum(tmp_path: Path) -> None:
    for at, name in enumerate(("t1", "t2", "t3", "t4"), start=1):
        init(tmp_path / name, name, at, f"http://{name}.example")
    descriptors = [tmp_path / name / "descriptor.json" for name in ("t1", "t2", "t3", "t4")]

    refused = run("plan", "--threshold", "2", "--out", tmp_path / "plan.json", *descriptors)

    assert refused.exit_code == 1
    assert "no quorum" in refused.stderr


def test_shares_that_a_genesis_was_signed_for_are_never_replaced(founded: Founded, tmp_path: Path) -> None:
    home = founded.home("t1", tmp_path)
    before = home.keys.read_bytes()

    refused = run("keygen", "--home", home.folder, "--plan", home.folder / "plan.json")

    assert refused.exit_code == 1
    assert home.keys.read_bytes() == before


def _signed(message: dict[str, str]) -> Signed:
    return decode(json.dumps(message, separators=(",", ":"), sort_keys=True).encode(), Signed)
