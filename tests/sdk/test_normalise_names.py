"""Names: what one buyer is called in five ways meets, and what identifies nobody gives nothing."""

import itertools

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cairn.raw.normalise.addresses import address_value
from cairn.raw.normalise.names import edits, fingerprint, fuzzy_name_keys
from cairn.raw.normalise.words import MAX_WORDS, Words, words_of
from cairn_protocol.kinds import FUZZY_COUNT, NAME_EVALUATIONS, Kind

ORKIDE = (
    "Orkide Teknik A.S.",
    "ORKIDE TEKNİK A.Ş.",
    "Orkide Teknik Ltd. Şti.",
    "Teknik Orkide, Limited",
    "orkide-teknik",
    "ООО «Оркиде Текник»",
    "Orkide  Teknik\u200b\tGmbH",
    "Ｏｒｋｉｄｅ Teknik LLC",
)
LETTERS = st.text("abcdefghijklmnopqrstuvwxyz", min_size=7, max_size=20)


def shared(one: str, other: str, country: str = "TR") -> set[Kind]:
    keys = [{fingerprint(name, country), *fuzzy_name_keys(name, country)} for name in (one, other)]
    return {key.kind for key in keys[0] & keys[1] if key}


@pytest.mark.parametrize("typed", ORKIDE)
def test_case_accents_script_order_and_legal_form_do_not_change_a_name(typed: str) -> None:
    assert fingerprint(typed, "TR") == fingerprint("Orkide Teknik", "KZ")


@pytest.mark.parametrize(
    ("one", "other", "by"),
    [
        ("Orkide Teknik", "Orkid Teknik", Kind.EDIT),
        ("Orkide Teknik", "Orikde Teknik", Kind.EDIT),
        ("Orkide Teknik", "Orkide Tecnik", Kind.EDIT),
        ("Orkide Teknik", "Orkide Tekniks Ltd", Kind.EDIT),
        ("Orkide Teknik", "Orkide Tehnik A.S.", Kind.EDIT),
        ("Orkide Teknik", "OrkideTeknik", Kind.EDIT),
        ("Orkide Kestrelmoor", "Kestrelmoro Orikde", Kind.BAG),
        (
            "Brightwater Cryogenics Labs Kestrelmoorings",
            "Brightwater Cryogenics Labs Kestrlmoorings",
            Kind.EDIT,
        ),
        ("Kestrel in the Weir Ltd", "Kestrelin the Weir Ltd", Kind.EDIT),
        ("Zanvo OOD", "ZanvoOOD", Kind.EDIT),
        ("Zanvor", "Zanor", Kind.EDIT),
        ("Tavu", "Taavu", Kind.EDIT),
        ("Meridian Vakuum Supply", "Meridian Vacuum Suply", Kind.EDIT),
        ("Kestrelmoor Vakuum", "Vakuum Kestrelmore", Kind.SOUND),
        ("MVSFW", "Meridian Vacuum Supply Fittings Works LLC", Kind.ACRONYM),
    ],
)
def test_a_slip_is_found_by_the_kind_that_is_made_for_it(one: str, other: str, by: Kind) -> None:
    assert by in shared(one, other)
    assert Kind.NAME not in shared(one, other)


@pytest.mark.parametrize("typed", ["Orkide Instrments", "Orkide Instrumennts Ltd"])
def test_a_slip_in_a_long_word_of_the_trade_does_not_change_a_name(typed: str) -> None:
    assert fingerprint(typed, "TR") == fingerprint("Orkide Instruments", "TR")


@given(
    st.data(), st.sampled_from(["Instruments", "Sensors", "Makina", "Precision Optics", "Laboratories Ltd"])
)
def test_short_names_that_share_only_a_word_of_the_trade_share_no_key(
    data: st.DataObject, trade: str
) -> None:
    """Two made-up words of three syllables that differ in two letters or more, beside one long word of the trade."""
    syllables = st.tuples(st.sampled_from("bdfgklmnprstvz"), st.sampled_from("aeiou"))
    one, other = (
        "".join(map("".join, data.draw(st.tuples(syllables, syllables, syllables)))) for _ in range(2)
    )
    assume(len(set(_one_left_out(one)) & set(_one_left_out(other))) == 0)

    assert not shared(f"{one} {trade}", f"{other} {trade}")


def _one_left_out(word: str) -> list[str]:
    return [word, *(word[:at] + word[at + 1 :] for at in range(len(word)))]


def test_fuzzy_keys_of_two_countries_never_meet() -> None:
    here, there = (set(fuzzy_name_keys("Orkide Teknik", country)) for country in ("TR", "AE"))

    assert here
    assert not here & there


def test_a_name_of_one_common_word_is_bound_to_its_country() -> None:
    common = fingerprint("Trading Co. Ltd", "AE")

    assert common is not None
    assert common.kind is Kind.NAME_COMMON
    assert common != fingerprint("Trading Company", "TR")
    assert common == fingerprint("The Trading L.L.C.", "AE")


@pytest.mark.parametrize(
    "typed",
    ["", " ", "X", "Ltd", "Company Limited", "GmbH & Co. KG", "N/A", "unknown", "🚀🚀", "\x00\x07", "---"],
)
def test_a_name_that_tells_nothing_gives_no_key(typed: str) -> None:
    assert fingerprint(typed, "AE") is None
    assert fuzzy_name_keys(typed, "AE") == ()


@given(LETTERS, st.data())
def test_names_one_edit_apart_share_an_edit_key(name: str, data: st.DataObject) -> None:
    """One letter left out, doubled up or replaced, anywhere in a name of up to 20 letters."""
    at = data.draw(st.integers(0, len(name) - 1))
    letter = data.draw(st.sampled_from("abcdefghijklmnopqrstuvwxyz"))
    slips = {name[:at] + name[at + 1 :], name[:at] + letter + name[at + 1 :]}

    for slip in slips:
        if len(slip) >= 7:
            assert Kind.EDIT in shared(name, slip) or fingerprint(name, "TR") == fingerprint(slip, "TR")


@given(st.lists(LETTERS, min_size=1, max_size=6))
def test_edit_keys_are_distinct_bounded_and_start_with_the_name_itself(words: list[str]) -> None:
    found = list(edits(Words(tuple(words), ()), telling=True))

    assert len(found) == len(set(found)) <= FUZZY_COUNT[Kind.EDIT]
    assert sorted(found[0]) == sorted("".join(words))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Fund I Halcyon Weir", "Fund II Halcyon Weir"),
        ("Wharf Plant 12", "Wharf Plant 21"),
        ("HTL Bank", "HTP Bank"),
    ],
)
def test_what_tells_siblings_apart_is_never_edited_away(one: str, other: str) -> None:
    assert not shared(one, other) & {Kind.BAG, Kind.EDIT, Kind.NAME, Kind.NAME_COMMON}


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Orkide Teknik Crporation", "Orkide Teknik Corporation"),
        ("Halcyon Weir Resourcees", "Halcyon Weir Resources"),
        ("Halcyon Weir Limitwd", "Halcyon Weir"),
        ("Halcyon ElectronicsInc.", "Halcyon Electronics, Inc."),
        ("Orkide Teknik Dış Ticaret A.Ş.", "Orkide Teknik"),
        ("Halcyon Weir Technolgoy", "Halcyon Weir Technology"),
    ],
)
def test_a_slip_in_a_word_that_everybody_knows_is_undone(typed: str, meant: str) -> None:
    assert fingerprint(typed, "TR") == fingerprint(meant, "TR")


@pytest.mark.parametrize(
    "typed",
    [
        "Zanvo Open Joint Stock Co.",
        "Joint Public Stock Company Zanvo",
        "CLOSEDJOINT-STOCK COMPANY 'ZANVO'",
        "Obschestvo s ogranichennoy otvetstvennostyu Zanvo",
        "OBSHCHESTVO S OTVETSTVENNOSTYU OGRANICHENNOI 'ZANVO'",
        "Zanvo S.A. DEC.V.",
        "Zanvo S.. de R.L. de C.V.",
        "Zanvo W.L.L.",
        "Zanvo S.A.L. Offshore",
        "Zanvo Youxian Gongsi",
        "Zanvo EOOD",
        "ТОО «Занво»",
        "Chusik Hoesa Zanvo",
    ],
)
def test_a_legal_form_is_dropped_whatever_its_order_spaces_and_spelling(typed: str) -> None:
    assert words_of(typed).core == ("zanvo",)


@pytest.mark.parametrize("typed", ["Tehree Rivers Zanvo", "Zanvo Open Forces", "Zanvo Venture"])
def test_words_that_only_resemble_a_form_or_a_number_stay(typed: str) -> None:
    assert words_of(typed).core == tuple(typed.lower().split())


def test_a_name_with_nothing_telling_beside_a_slip_stays_as_it_is() -> None:
    assert words_of("Limitex Trading").core == ("limitex", "trading")


@settings(max_examples=300)
@given(st.text(max_size=60))
def test_any_text_normalises_and_its_fingerprint_is_stable(text: str) -> None:
    """Idempotent: the normal form, typed in as a name, is its own normal form."""
    key = fingerprint(text, "")
    if key is None or key.kind is not Kind.NAME:
        return
    again = fingerprint(key.value, "")
    assert again is None or set(again.value.removesuffix("@").split()) <= set(key.value.split())
    assert key.value.isascii()


@pytest.mark.parametrize(
    "hostile",
    [
        "a" * 10_000,
        " ".join(itertools.repeat("ab", 5_000)),
        "ﷺ" * 10_000,
        "漢" * 10_000,
        "Co Ltd " * 2_000,
        "a." * 5_000,
        "'" * 10_000,
        "\u0301" * 10_000,
        "🏴\u200d☠️" * 3_000,
        "\ud800 broken",
    ],
)
def test_a_hostile_name_costs_bounded_work(hostile: str) -> None:
    words = words_of(hostile)
    keys = [key for key in (fingerprint(hostile, "AE"), *fuzzy_name_keys(hostile, "AE")) if key]

    assert len(words.core) <= MAX_WORDS
    assert len(keys) <= NAME_EVALUATIONS
    assert sum(len(key.value) for key in keys) < 300_000


def test_an_address_is_its_telling_words_in_any_order() -> None:
    assert address_value("Warehouse No. 14, Quay Road") == address_value("14 Quay Rd., warehouse")
    assert address_value("Floor 3") is None
    assert address_value("9 Example Road, Aldous Free Zone Company Services, Desk 7") is None
