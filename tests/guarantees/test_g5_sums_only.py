"""G5: a firm's return is never decrypted alone, nor by differencing two sums, also if the hub is malicious.

On real processes, but for the void sum. The lying hub is one whose operator writes the database: it shows trustees
whatever it likes.
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, NoReturn

import pytest
from msgspec import structs

from cairn_protocol.closing import accept_return, close, open_sum, part_of_sum
from cairn_protocol.contributing import ReturnPeriod, make_return
from cairn_protocol.errors import PeriodClosed, TooFewGroups
from cairn_protocol.messages.parties import Entry
from cairn_protocol.messages.returns import CloseStatement, Return, SumState, return_context
from cairn_protocol.messages.returns_exchange import PeriodState
from cairn_protocol.messages.wire import decode, sign
from cairn_protocol.packing import SLOT_BITS
from cairn_protocol.paillier import encrypt
from hub.returns import periods
from tests.support.return_desk import CAPS, ReturnDesk
from tests.support.sums import a_sum, firm, vector
from tests.support.town import RunningTown

if TYPE_CHECKING:
    from trustee.returns.duties import Office

TRUSTEES = ("t1", "t2", "t3")
SECRET = 987_654  # a group's counter: in the clear it would be found


class Killed(BaseException):
    """The process is gone."""


@pytest.fixture(scope="module")
def desk(town: RunningTown) -> Iterator[ReturnDesk]:
    """A period with six groups' returns and all noise."""
    desk = ReturnDesk(town)
    desk.deposit()
    desk.file({firm: 60 + at for at, firm in enumerate(desk.firms[:4])})
    yield desk
    desk.end()


def test_four_groups_make_no_sum(desk: ReturnDesk) -> None:
    with pytest.raises(TooFewGroups) as refused:
        desk.close()
    assert refused.value.groups == 4


@pytest.mark.parametrize("groups", [1, 4])
def test_a_hub_that_submits_one_return_alone_or_four_finds_no_trustee(desk: ReturnDesk, groups: int) -> None:
    desk.forge(desk.filed()[:groups])

    assert {desk.refusal(trustee) for trustee in TRUSTEES} == {"too-few-groups"}
    _reopen(desk)


def test_one_return_in_five_names_is_no_sum_of_five(desk: ReturnDesk) -> None:
    one = desk.filed()[0]
    statement = desk.forge([one] * 5)
    assert len(statement.contributions) == 5

    assert desk.refusal("t1") == "bad-close-statement"
    _reopen(desk)


def test_another_members_ciphertexts_are_refused_in_ones_own_name(desk: ReturnDesk) -> None:
    """Else one could double a neighbour's counters, or take them off, and see by how much the sum moves."""
    copied, copier = desk.firms[0], desk.firms[5]
    stolen = decode(desk.honest(copied).body, Return)
    entry, signing = desk.member(copier)
    renamed = structs.replace(stolen, group=entry.group or "", member=entry.party)

    assert desk.post(copier, signing(renamed)) == "bad-plaintext-proof"
    assert desk.post(copier, desk.honest(copied)) == "bad-signature"

    key = desk.period.key
    inverse = tuple(key.encode(pow(key.decode(raw), -1, key.n2)) for raw in stolen.ciphertexts)
    assert desk.post(copier, signing(structs.replace(renamed, ciphertexts=inverse))) == "bad-plaintext-proof"


def test_a_return_of_another_period_or_layout_is_refused(desk: ReturnDesk, town: RunningTown) -> None:
    firm = desk.firms[5]
    _, signing = desk.member(firm)
    honest = decode(desk.honest(firm).body, Return)
    earlier = ReturnDesk(town)
    replayed = decode(earlier.honest(firm).body, Return)
    earlier.end()

    assert desk.post(firm, signing(structs.replace(replayed, period=desk.name))) == "wrong-return-terms"
    assert desk.post(firm, signing(structs.replace(honest, layout=2))) == "wrong-return-terms"


def test_a_group_has_one_return(desk: ReturnDesk) -> None:
    assert desk.post(desk.firms[0], desk.honest(desk.firms[0])) == "return-exists"


def test_two_closes_shown_to_different_trustees_are_both_worth_nothing(desk: ReturnDesk) -> None:
    """Six groups before t1, the five without one of them before t2: the difference would be that one's return."""
    desk.file(dict.fromkeys(desk.firms[4:6], 70))
    everybody = desk.filed()
    desk.forge(everybody)
    assert [told.outcome for told in desk.answer("t1")] == ["done"]

    desk.forge(everybody[1:])
    desk.town.query("DELETE FROM return_approvals WHERE period = %s", desk.name)
    assert desk.refusal("t1") == "period-closed"
    assert [told.outcome for told in desk.answer("t2")] == ["done"]
    assert [told.outcome for told in desk.answer("t3")] == ["done"]

    ((closed,),) = desk.town.query("SELECT closed FROM return_periods WHERE period = %s", desk.name)
    assert closed is None  # two of three signed the second, and all three must
    stages = desk.town.operate(lambda hub: hub.store.read("periods", periods.stages))
    (stuck,) = [stage for stage in stages if stage.period == desk.name]
    assert (stuck.state, stuck.signatures_missing) == (
        PeriodState.CLOSING,
        ("t1",),
    )  # the operator sees who refuses


def _reopen(desk: ReturnDesk) -> None:
    desk.town.query("UPDATE return_periods SET statement = NULL WHERE period = %s", desk.name)


def test_a_trustee_killed_between_journal_and_answer_gives_the_same_sum_and_no_other(
    town: RunningTown,
) -> None:
    desk = ReturnDesk(town, structs.replace(CAPS, handled=1_000_000))
    desk.deposit()
    handled = dict.fromkeys(desk.firms[:6], SECRET)
    desk.file(handled)
    statement = _killed_while_it_answers(desk, desk.office("t1"))
    everybody = desk.filed()
    desk.forge(everybody[1:])
    assert desk.refusal("t1") == "period-closed"
    assert desk.forge(everybody) == statement

    result = desk.open()

    assert not result.void and result.groups == 6
    assert abs(result.figures["handled"] - sum(handled.values())) <= result.margin
    assert list(result.figures) == ["handled"]
    with pytest.raises(PeriodClosed):
        desk.close()
    _require_no_counter_in_the_clear(town)
    # A second sum of an opened period: no trustee has anything to give for it.
    desk.forge(everybody[1:])
    desk.town.query("UPDATE return_periods SET closed = NULL, result = NULL WHERE period = %s", desk.name)
    desk.town.query("DELETE FROM return_approvals WHERE period = %s", desk.name)
    assert {desk.refusal(trustee) for trustee in TRUSTEES} == {"period-closed"}
    desk.end()


def _require_no_counter_in_the_clear(town: RunningTown) -> None:
    told = town.dump() + b"".join(path.read_bytes() for path in town.place.folder.glob("**/log"))
    assert b"return_parts" in told
    assert not re.search(rb"(?<![0-9a-f])%d(?![0-9a-f])" % SECRET, told)
    assert struct.pack("<I", SECRET).hex().encode() not in told


def _killed_while_it_answers(desk: ReturnDesk, office: "Office") -> CloseStatement:
    """t1 has its signature in the journal, and is gone before the hub hears of it. The statement it signed."""
    from trustee.hub_link import HubLink
    from trustee.returns import duties

    class Dying(HubLink):
        def post(self, path: str, body: bytes) -> NoReturn:
            raise Killed

    desk.close()
    dying = Dying(office.hub.url, office.hub.trustee, office.hub.key, office.hub.seconds)
    with pytest.raises(Killed):
        duties.answer(replace(office, hub=dying))
    ((raw,),) = desk.town.query("SELECT statement FROM return_periods WHERE period = %s", desk.name)
    return decode(bytes(raw), CloseStatement)


def test_a_sum_where_honest_returns_can_not_bring_it_is_void_and_shows_nothing() -> None:
    """No proof can show that a firm counts above its cap; the window of the sum does."""
    scene = a_sum()
    honest = [scene.filed(at, vector({"handled": 150})) for at in range(5)]
    liar = firm(5)
    signed = sign(_above_its_cap(scene.period, liar.entry), liar.key)
    lying = accept_return(scene.period, signed, liar.entry)
    closed = scene.signed(close(scene.period, [*honest, lying], scene.deposits()))
    parts = [
        part_of_sum(scene.period, scene.dealing.shares[at], f"t{at + 1}", closed, scene.parties.genesis)
        for at in (0, 1)
    ]

    result = open_sum(scene.period, closed, parts, scene.parties.genesis)

    assert result.state is SumState.VOID and not result.figures


def _above_its_cap(period: ReturnPeriod, entry: Entry) -> Return:
    """A return with a counter that no honest software sends, and a proof that holds."""
    honest = make_return(period, entry.group or "", entry.party, vector({}))
    plaintexts = [SECRET << SLOT_BITS * period.layout.slots["handled"]] + [0] * (period.ciphertexts - 1)
    made = encrypt(period.key, plaintexts, return_context(period.terms, entry.group or "", entry.party))
    ciphertexts = tuple(period.key.encode(one) for one in made.ciphertexts)
    return structs.replace(honest, ciphertexts=ciphertexts, proof=made.proof)
