"""A bulletin on a running hub: drafted, approved by another, logged, read, corrected, recalled."""

import time
from collections.abc import Iterator

import pytest

from cairn_protocol.messages.bulletins import (
    Bulletins,
    outline_of,
)
from tests.support.bulletins import Bureau, draft
from tests.support.hub import running_hub
from tests.support.parties import parties


@pytest.fixture(scope="module")
def bureau(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bureau]:
    with running_hub(module_database_url, tmp_path_factory.mktemp("hub"), parties()) as hub:
        yield Bureau.open(hub)


def read(bureau: Bureau, after: int = 0) -> Bulletins:
    return bureau.get("alder", f"/v1/bulletins?after={after}", Bulletins)


def test_two_people_let_a_bulletin_out_and_members_read_it(bureau: Bureau) -> None:
    before = read(bureau).latest
    out = bureau.let_out(draft())

    (shown,) = read(bureau, before).bulletins

    assert shown.edition == out.editions[0]
    assert shown.release is not None
    assert shown.release.outline == outline_of(out)
    assert shown.release.outline.editions[0].digest == out.editions[0].digest()


def test_a_release_is_in_the_log_before_anybody_reads_it(bureau: Bureau) -> None:
    """G8: what readers get is a leaf that trustees cosigned; without cosignatures nobody gets it."""
    waiting = draft()
    for answer in (bureau.save(waiting), bureau.submit(waiting), bureau.approve(waiting)):
        assert answer.status_code == 200
    for cosigner in bureau.hub.cosigners.values():
        cosigner.down = True
    try:
        assert bureau.release(waiting).json()["status"] == "RELEASED"
        time.sleep(0.5)
        assert not bureau.standing(waiting)["in_force"]
        assert waiting.bulletin not in {one.bulletin for one in read(bureau).bulletins}
    finally:
        for cosigner in bureau.hub.cosigners.values():
            cosigner.down = False
