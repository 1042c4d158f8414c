"""What docs/linkage.md says of procurers and traps holds on a small made-up set, by the benchmark's own measure."""

from benchmarks.linkage import Told, measure, scores, stand_in
from benchmarks.made_up_inquiries import made_up
from cairn import Inquiry


def told(count: int, seed: int) -> list[Told]:
    return [
        Told(
            Inquiry.from_mapping(made.inquiry),
            made.truth["entity_id"],
            made.truth["variant"],
            made.truth["procurer"],
            made.truth["trap"],
        )
        for made in made_up(count, "churn-heavy", seed)
    ]


def test_procurers_are_found_and_traps_link_nobody() -> None:
    figures = measure(told(1_500, seed=4), stand_in())

    assert figures["procurers_together"] >= 0.99
    assert figures["traps"] >= 8
    assert figures["traps_linked"] == 0
    assert figures["precision"] >= 0.95
    assert figures["recall"] >= 0.95
    assert figures["keys_per_report"] <= 24


def test_the_same_seed_makes_the_same_inquiries() -> None:
    assert list(made_up(60, "ordinary", 7)) == list(made_up(60, "ordinary", 7))


def test_scores_are_those_counted_by_hand() -> None:
    """Five reports of two parties: {a a b} and {a b}: 1 of 4 pairs found is right, of 4 that are."""
    three, two = "ab"
    parties = (three, three, two, three, two)
    reports = [
        Told(
            Inquiry.from_mapping({"inquiry_id": f"{at}", "party": {"name": "Orkide"}}),
            party,
            "exact",
            None,
            None,
        )
        for at, party in enumerate(parties)
    ]

    figures = scores([1, 1, 1, 2, 2], reports)

    assert (figures["precision"], figures["recall"]) == (0.25, 0.25)
    assert figures["b3_precision"] == round((2 / 3 + 2 / 3 + 1 / 3 + 1 / 2 + 1 / 2) / 5, 4)
    assert figures["b3_recall"] == round((2 / 3 + 2 / 3 + 1 / 2 + 1 / 3 + 1 / 2) / 5, 4)
