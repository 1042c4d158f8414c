"""`cairn doctor`: what could be wrong on this computer, looked at one by one."""

import stat
from dataclasses import dataclass

from cairn.checking import index_age
from cairn.client.errors import Misconfigured
from cairn.client.mirrors import Mirrors
from cairn.raw.normalise import normaliser_digest
from cairn.session import Session
from cairn_protocol.errors import CairnError


@dataclass(frozen=True, slots=True)
class Finding:
    """One look: what, whether all is well, and a sentence."""

    check: str
    ok: bool
    detail: str


async def examine(session: Session) -> list[Finding]:
    """Every look, the local ones first. Nothing is changed."""
    return [
        _files(session),
        _version(session),
        _index(session),
        await _hub(session),
        *await _trustees(session),
    ]


def _files(session: Session) -> Finding:
    open_ones = [
        path.name
        for path in session.home.folder.iterdir()
        if path.is_file() and stat.S_IMODE(path.stat().st_mode) & 0o077
    ]
    if open_ones:
        return Finding("files", False, f"others on this computer can read {', '.join(open_ones)}: chmod 600")
    return Finding("files", True, "keys, register and profile are readable by you alone")


def _version(session: Session) -> Finding:
    if session.genesis.normaliser != normaliser_digest():
        return Finding(
            "version", False, "this version normalises names otherwise than the network: install its version"
        )
    return Finding("version", True, "names are normalised as the network does")


def _index(session: Session) -> Finding:
    try:
        age, index = index_age(session), session.index()
    except Misconfigured as error:
        return Finding("index", False, str(error))
    if age is None or index is None:
        return Finding("index", False, "there is none yet: run `cairn index sync`")
    if index.state.too_old(session.now()):
        return Finding("index", False, f"index {age.number} is too old to rely on: run `cairn index sync`")
    return Finding("index", True, f"index {age.number}, {age.age_seconds} seconds old")


async def _hub(session: Session) -> Finding:
    try:
        seen = await session.log.refresh()
    except CairnError as error:
        return Finding("hub", False, str(error))
    return Finding(
        "hub", True, f"its log has {seen.checkpoint.size} leaves, cosigned by {len(seen.cosigners)} trustees"
    )


async def _trustees(session: Session) -> list[Finding]:
    answered = await Mirrors(session.connection, session.genesis).checkpoints()
    return [
        Finding(
            f"trustee {trustee.id}",
            trustee.id in answered,
            "answers"
            if trustee.id in answered
            else f"does not answer; any {session.genesis.t} trustees are enough",
        )
        for trustee in session.profile.trustees
    ]
