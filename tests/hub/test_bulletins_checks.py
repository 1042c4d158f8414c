"""The checks before a release: what each finds, and where."""

from dataclasses import replace
from typing import Any

import pytest

from cairn_protocol.messages.bulletins import Audience, BulletinKind, Draft, Figure, Origin
from cairn_protocol.messages.report import Caveat, GovRelease, Tlp
from hub.bulletins.checks import Drawn, Known, check, needs_privacy_review, needs_window
from hub.bulletins.ports import ReleasedCell, ReleasedTable
from tests.support.bulletins import CELL, DIGEST, FIGURE, RELEASE, TABLE, draft, edition, hand

NOTHING = Known(reports=[()], missing=[0])
REPORT = Drawn("alder", "alder-sensors", Tlp.GREEN, frozenset(), GovRelease.AGGREGATE_ONLY, 0)


def drawn(*groups: str, **changed: Any) -> list[Drawn]:
    return [replace(REPORT, member=group, group=group, **changed) for group in groups]


def found(text: Draft, known: Known = NOTHING) -> set[tuple[str, str]]:
    return {(one.code, one.place.split(" ")[0]) for one in check(text, known)}


def codes(text: Draft, known: Known = NOTHING) -> set[str]:
    return {code for code, _ in found(text, known)}


def typology(*reports: Drawn, audience: Audience = Audience.MEMBERS, **changed: Any) -> tuple[Draft, Known]:
    text = draft(
        edition(audience, **{"tlp": Tlp.AMBER} | changed),
        kind=BulletinKind.TYPOLOGY,
        inputs=(hand(Origin.TYPOLOGY, "case-4"),),
    )
    return text, Known(reports=[reports], missing=[0])


def test_a_fit_draft_has_no_findings() -> None:
    assert check(draft(), NOTHING) == []


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("A front company asked.", "JUDGEMENT"),
        ("It is confirmed.", "JUDGEMENT"),
        ("Known smugglers asked.", "JUDGEMENT"),
        ("Put it on the blacklist.", "JUDGEMENT"),
        ("Do not sell to them.", "DIRECTIVE"),
        ("Several Iranian buyers asked.", "PEOPLE"),
        ("Write to info@orkide.example now.", "EMAIL"),
        ("See orkide-teknik.example for it.", "URL"),
        ("The number is +90 555 010 0199.", "PHONE"),
        ("Ask for Mehmet Yilmaz there.", "NAME"),
        ("It needs 40 kHz.", "SPEC"),
        ("It cost EUR 4000.", "PRICE"),
        ("Report 7c8d9e0f-1a2b-8c3d-8e4f-5a6b7c8d9e0f says so.", "SEALED-ID"),
        ("Tag 2f629c5ecdd9668fe327c01875e7bcc0 recurs.", "SEALED-ID"),
        ("Their LEI 529900T8BM49AURSDO55 is on file.", "ACCOUNT"),
        ("<script>alert(document)</script>", "MARKUP"),
        ("See [here](there).", "MARKUP"),
        ("A hidden\u202edirection.", "INVISIBLE"),
        ("We saw 37 of them.", "NUMBER"),
        ("Reports doubled.", "NUMBER"),
        ("They asked for 2B230.", "ITEM"),
    ],
)
def test_a_word_that_may_not_stand_is_found_in_every_text_with_its_place(said: str, code: str) -> None:
    for name in ("title", "bottom_line", "observed", "suppression", "basis", "handling"):
        assert (code, f"editions.members.{name}") in found(draft(edition(**{name: said})))
    assert (code, "editions.members.alternatives.0") in found(draft(edition(alternatives=(said,))))


@pytest.mark.parametrize(
    "said",
    [
        "Reports describe it; unverified, and could also be explained by a change of address.",
        "Observed in Kazakhstan and Turkey in 2026-Q2 for tier 1 items, with RF-ENU-01.",
        "The German office of the authority published it in week 12 of 2026.",
    ],
)
def test_plain_words_pass(said: str) -> None:
    assert check(draft(edition(observed=said)), NOTHING) == []


def test_a_finding_never_quotes_the_text() -> None:
    for one in check(draft(edition(title="Mr Zaphod, zaphod@heart.example")), NOTHING):
        assert "aphod" not in str(one)


def test_a_number_is_quoted_only_as_the_band_of_a_figure_bound_to_its_release() -> None:
    known = replace(NOTHING, releases={RELEASE: TABLE})
    said = edition(observed="Observed in 25-49 reports of 5-9 groups.", figures=(FIGURE,))

    assert check(draft(said), known) == []
    assert "NUMBER" in codes(draft(edition(observed="Observed in 25-49 reports.")), known)


@pytest.mark.parametrize(
    "figure",
    [
        Figure(release="trend-2026-q3", digest=DIGEST, cell=CELL, count="25-49", groups="5-9"),
        Figure(release=RELEASE, digest=bytes(32), cell=CELL, count="25-49", groups="5-9"),
        Figure(release=RELEASE, digest=DIGEST, cell="family=FAM-VAC", count="25-49", groups="5-9"),
        Figure(release=RELEASE, digest=DIGEST, cell=CELL, count="50-99", groups="5-9"),
    ],
)
def test_a_figure_that_was_not_released_so_is_refused(figure: Figure) -> None:
    known = replace(NOTHING, releases={RELEASE: TABLE})

    assert codes(draft(edition(figures=(figure,))), known) == {"FIGURE"}


def test_a_cell_around_one_that_an_earlier_bulletin_quoted_from_another_release_overlaps() -> None:
    """Their difference would be a figure that nobody released."""
    wider = "destination=KZ|quarter=2026-Q2"
    other = ReleasedTable("trend-b", bytes(32), {wider: ReleasedCell("50-99", "5-9")})
    figure = Figure(release="trend-b", digest=bytes(32), cell=wider, count="50-99", groups="5-9")
    known = replace(NOTHING, releases={"trend-b": other}, quoted=[FIGURE])

    assert codes(draft(edition(figures=(figure,))), known) == {"OVERLAP"}
    assert codes(draft(edition(figures=(figure,))), replace(known, quoted=[])) == set()


def test_a_typology_needs_three_groups_none_with_more_than_half_of_the_reports() -> None:
    assert codes(*typology(*drawn("a", "b"))) == {"GROUPS"}
    assert codes(*typology(*drawn("a", "a", "a", "b", "c"))) == {"DOMINANCE"}
    assert codes(*typology(*drawn("a", "a", "b", "c"))) == set()


@pytest.mark.parametrize(
    ("label", "said", "fits"),
    [
        (Tlp.AMBER_STRICT, Tlp.GREEN, False),
        (Tlp.AMBER_STRICT, Tlp.AMBER, True),
        (Tlp.AMBER, Tlp.GREEN, False),
        (Tlp.GREEN, Tlp.CLEAR, False),
        (Tlp.GREEN, Tlp.AMBER, True),
        (Tlp.RED, Tlp.AMBER_STRICT, False),
    ],
)
def test_a_label_is_no_looser_than_the_reports_allow(label: Tlp, said: Tlp, fits: bool) -> None:
    text, known = typology(*drawn("a", "b"), *drawn("c", tlp=label), tlp=said)

    assert codes(text, known) == (set() if fits else {"TLP"})


def test_red_is_for_no_bulletin() -> None:
    assert codes(draft(edition(tlp=Tlp.RED))) == {"TLP"}


def test_caveats_and_consent_of_each_report_hold() -> None:
    for caveat in (Caveat.NO_GOV, Caveat.NO_FOREIGN_GOV):
        held = drawn("c", caveats=frozenset({caveat}))
        assert codes(*typology(*drawn("a", "b"), *held, audience=Audience.LIAISONS)) == {"CAVEAT"}
        assert codes(*typology(*drawn("a", "b"), *held)) == set()
    counsel = drawn("c", caveats=frozenset({Caveat.COUNSEL_ONLY}))
    assert codes(*typology(*drawn("a", "b"), *counsel)) == {"CAVEAT"}
    none = drawn("c", consent=GovRelease.NONE)
    assert codes(*typology(*drawn("a", "b"), *none, audience=Audience.LIAISONS)) == {"CONSENT"}
    later = drawn("c", embargo_until=1_900_000_000)
    assert codes(*typology(*drawn("a", "b"), *later)) == {"CAVEAT"}


def test_a_programme_is_named_to_liaisons_alone_and_members_get_no_list_of_items() -> None:
    """S2: the member version says that there are several complementary families."""
    reports = drawn("a", "b", "c")
    named = {"programmes": ("enrichment",), "families": ("FAM-VAC", "FAM-ENR", "FAM-FIB")}

    assert codes(*typology(*reports, audience=Audience.LIAISONS, **named)) == set()
    assert codes(*typology(*reports, **named)) == {"PROGRAMME", "ITEM"}


def test_each_kind_has_its_readers() -> None:
    assert codes(draft(edition(Audience.LIAISONS))) == {"AUDIENCE"}
    assert codes(draft(edition(), edition(), kind=BulletinKind.TREND)) == {"AUDIENCE"}
    assert codes(draft(kind=BulletinKind.AGGREGATE)) == {"AUDIENCE"}


def test_shape() -> None:
    assert codes(draft(edition(alternatives=()))) == {"ALTERNATIVES"}
    assert codes(draft(edition(bottom_line="word " * 61))) == {"LENGTH"}
    assert codes(draft(edition(red_flags=("RF-XX-99",)))) == {"CODE"}
    assert codes(draft(edition(red_flags=("RF-NET-05",)))) == {"CODE"}  # stays at the firms
    assert codes(draft(edition(families=("FAM-NONE",)))) == {"CODE"}
    fit = draft()
    assert codes(draft(valid_until=fit.valid_from)) == {"PERIOD"}
    assert codes(draft(embargo_until=fit.valid_until)) == {"PERIOD"}
    assert codes(draft(version=2)) == {"CORRECTION"}
    assert codes(draft(), Known(reports=[()], missing=[2])) == {"INPUT"}


def test_what_comes_from_a_government_names_what_it_was_and_needs_a_reviewer() -> None:
    advisory = draft(kind=BulletinKind.ADVISORY)
    assert codes(advisory) == {"INPUT"}
    given = draft(kind=BulletinKind.ADVISORY, inputs=(hand(Origin.GOVERNMENT, "p1"),))
    assert codes(given) == {"INPUT"}
    assert codes(given, replace(NOTHING, pushed=frozenset({"p1"}))) == set()
    assert needs_privacy_review(given)
    assert not needs_privacy_review(draft())


def test_contributors_are_asked_where_their_consent_says_so() -> None:
    asked = drawn("a", consent=GovRelease.PARTY_AFTER_MY_APPROVAL)
    assert needs_window(Known(reports=[asked], missing=[0]))
    assert not needs_window(Known(reports=[drawn("a")], missing=[0]))
