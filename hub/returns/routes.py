"""Returns over HTTP: anybody reads periods, members file, trustees give noise, signatures and parts.

What is public of a period stands in the log too, which is where a reader proves it.
"""

from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Path, Query, Response
from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol.closing import accept_deposit, accept_return
from cairn_protocol.messages.returns import MAX_GROUPS, PartialDecryptions, Return
from cairn_protocol.messages.returns_exchange import CloseApproval, Duties, Periods
from cairn_protocol.messages.wire import Signed, decode
from hub.asked import Hub
from hub.describing import gives, message, takes
from hub.members.calling import REFUSALS, CallingMember, CallingTrustee
from hub.problems import documented
from hub.returns import examples, filing, summing
from hub.returns.periods import period_named, shown, standings

router = APIRouter(tags=["returns"])

PeriodName = Annotated[
    str, Path(pattern="^20[0-9]{2}-(0[1-9]|1[0-2])$", description="A calendar month, such as 2026-10.")
]
_READ = documented("unknown-period", "invalid-request", "store-unavailable")
_SENT = documented(
    *REFUSALS, "unknown-period", "period-closed", "return-exists", "wrong-return-terms", "bad-ciphertext",
    "bad-plaintext-proof", "bad-close-statement", "bad-partial-decryption", "invalid-request",
)  # fmt: skip
_ASKED = documented(*REFUSALS, "unknown-period", "invalid-request")
_TAKEN: dict[int | str, dict[str, Any]] = {200: {"description": "Kept; the same again changes nothing"}}


@router.get(
    "/v1/returns", response_class=Response, responses={**gives(examples.PERIODS, "Oldest first"), **_READ}
)
async def periods(hub: Hub) -> Response:
    """Every period and where it stands."""
    return message(Periods(periods=tuple(await hub.store.read("periods", standings))))


@router.get(
    "/v1/returns/duties",
    response_class=Response,
    responses={**gives(examples.DUTIES, "Oldest period first"), **_ASKED},
)
async def duties(trustee: CallingTrustee, hub: Hub) -> Response:
    """What waits for the calling trustee."""
    found = await hub.store.read("duties", lambda db: summing.duties(db, trustee.keys.id))
    return message(Duties(duties=tuple(found)))


@router.get(
    "/v1/returns/{period}",
    response_class=Response,
    responses={**gives(examples.SHOWN, "Key and terms, and what there is of close and result"), **_READ},
)
async def period_shown(period: PeriodName, hub: Hub) -> Response:
    """All that is public of a period: each part of it is a leaf of the log."""
    return message(await hub.store.read("period", lambda db: shown(db, period)))


@router.post(
    "/v1/returns",
    status_code=201,
    response_class=Response,
    responses={**gives(examples.SIGNED, "A signed ReturnReceipt", status=201), **_SENT},
    openapi_extra=takes(examples.SIGNED),
)
async def file(member: CallingMember, hub: Hub) -> Response:
    """File a group's return, a signed `Return`. The same again gets the same receipt."""
    signed = decode(member.body, Signed)
    name = decode(signed.body, Return, culprit=f"member:{member.entry.party}").period
    period = await hub.store.read("period", lambda db: period_named(db, hub.genesis, name))
    accepted = await to_thread.run_sync(accept_return, period, signed, member.entry)

    async def keep(db: AsyncSession) -> Signed:
        return await filing.file(db, hub.hub_key, name, signed, accepted)

    return message(await hub.store.transact("file return", keep), status=201)


@router.post(
    "/v1/returns/{period}/deposits", responses={**_TAKEN, **_SENT}, openapi_extra=takes(examples.SIGNED)
)
async def deposit(period: PeriodName, trustee: CallingTrustee, hub: Hub) -> dict[str, str]:
    """A trustee's noise, a signed `NoiseDeposit`. Its first stands."""
    signed = decode(trustee.body, Signed)
    named = await hub.store.read("period", lambda db: period_named(db, hub.genesis, period))
    accepted = await to_thread.run_sync(accept_deposit, named, signed, trustee.keys.id, hub.genesis)
    await hub.store.transact("deposit", lambda db: filing.deposit(db, period, signed, accepted))
    return {"status": "kept"}


@router.get(
    "/v1/returns/{period}/close",
    response_class=Response,
    responses={**gives(examples.CASE, "The statement that waits, and its noise"), **_ASKED},
)
async def close_case(period: PeriodName, trustee: CallingTrustee, hub: Hub) -> Response:
    """The period's one close statement, for a trustee to check and sign."""
    return message(await hub.store.read("close", lambda db: summing.case_of(db, period)))


@router.get(
    "/v1/returns/{period}/contributions",
    response_class=Response,
    responses={**gives(examples.CONTRIBUTIONS, "Signed returns in the statement's order"), **_ASKED},
)
async def contributions(
    period: PeriodName,
    trustee: CallingTrustee,
    hub: Hub,
    start: Annotated[int, Query(ge=0, le=MAX_GROUPS)] = 0,
) -> Response:
    """The signed returns of the period's close statement, from a place on."""
    return message(await hub.store.read("contributions", lambda db: summing.contributions(db, period, start)))


@router.post(
    "/v1/returns/{period}/approvals", responses={**_TAKEN, **_SENT}, openapi_extra=takes(examples.APPROVAL)
)
async def approve(period: PeriodName, trustee: CallingTrustee, hub: Hub) -> dict[str, str]:
    """A trustee's signature over the close. With a quorum's the close is in the log."""
    said = decode(trustee.body, CloseApproval)
    await hub.store.transact(
        "approve", lambda db: summing.approve(db, hub.genesis, trustee.keys, period, said)
    )
    return {"status": "kept"}


@router.post("/v1/returns/{period}/parts", responses={**_TAKEN, **_SENT}, openapi_extra=takes(examples.PART))
async def give_part(period: PeriodName, trustee: CallingTrustee, hub: Hub) -> dict[str, str]:
    """A trustee's part of the sum. With t of them the result is in the log."""
    await summing.take_part(hub, trustee.keys, period, decode(trustee.body, PartialDecryptions))
    return {"status": "kept"}


@router.get(
    "/v1/returns/{period}/parts",
    response_class=Response,
    responses={**gives(examples.PARTS, "What trustees gave"), **_ASKED},
)
async def parts(period: PeriodName, trustee: CallingTrustee, hub: Hub) -> Response:
    """The parts of a sum, with which a trustee computes the published result again."""
    return message(await hub.store.read("parts", lambda db: summing.parts(db, period)))
