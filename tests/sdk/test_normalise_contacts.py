"""Phones, mail, domains, numbers and documents: one key a value however typed, none for what is nobody's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cairn.raw.inquiry import Inquiry, Party
from cairn.raw.normalise import exact_keys, fuzzy_keys
from cairn.raw.normalise.emails_and_domains import domain_of, mailbox_of
from cairn.raw.normalise.identifiers import iban_value, imo_value, lei_value, registration_value, vat_value
from cairn.raw.normalise.phones import phone_value
from cairn.raw.normalise.tables import common_values
from cairn.raw.normalise.transactions import transaction_value
from cairn_protocol.kinds import LOCKABLE, MAX_LOCKABLE, MAX_TRANSACTIONS, NAME_EVALUATIONS, VALUE_KINDS, Kind


@pytest.mark.parametrize(
    "typed",
    [
        "+90 555 010 0199",
        "00905550100199",
        "(0555) 010 01 99",
        "555-010-0199",
        "90 555 010 01 99",
        "+90 (555) 010-01-99 ext. 12",
        "٠٠٩٠٥٥٥٠١٠٠١٩٩",
        "＋９０ ５５５ ０１０ ０１９９",
    ],
)
def test_typed_variants_of_one_phone_give_one_key(typed: str) -> None:
    assert phone_value(typed, "TR") == "+905550100199"


@given(
    subscriber=st.integers(2_000_000, 9_999_999).map(str),
    write=st.sampled_from(["+971 50 {}", "0097150{}", "050 {}", "(050) {}", "971-50-{}", "50{}"]),
)
def test_any_valid_number_is_one_key_in_every_notation(subscriber: str, write: str) -> None:
    assert phone_value(write.format(subscriber), "AE") == f"+97150{subscriber}"


@given(
    digits=st.text("0123456789", min_size=10, max_size=10).filter(lambda digits: digits[0] in "23"),
    write=st.sampled_from(["+971 {}", "00971{}", "(971) {}", "971 {}"]),
)
def test_a_number_that_is_valid_nowhere_is_still_one_key_in_every_notation(digits: str, write: str) -> None:
    """12 and 13 digits after +971 are no number of that plan; the last nine stay."""
    canonical = phone_value(f"+971{digits}", "AE")

    assert phone_value(write.format(digits), "AE") == canonical
    assert phone_value(write.format(digits), "") == canonical


@pytest.mark.parametrize(
    "typed", ["", "n/a", "12345", "0000000000", "+1111111111", "123456789", "☎", "+", "00", "\x00" * 40]
)
def test_what_people_type_for_want_of_a_phone_gives_no_key(typed: str) -> None:
    assert phone_value(typed, "AE") is None


@pytest.mark.parametrize("phone", sorted(common_values().phones))
def test_a_published_forwarders_phone_gives_no_key(phone: str) -> None:
    assert phone_value(phone, "") is None


@pytest.mark.parametrize(
    "typed",
    ["Sales@Orkide.example", " sales@orkide.EXAMPLE ", "sales+eu@orkide.example", "ſales@orkide.example"],
)
def test_typed_variants_of_one_mailbox_give_one_key(typed: str) -> None:
    mailbox = mailbox_of(typed)

    assert mailbox is not None
    assert (mailbox.address, mailbox.domain) == ("sales@orkide.example", "orkide.example")


@pytest.mark.parametrize(
    "typed", ["", "@", "a@b", "a@@b.example", "a b@c.example", "a@localhost", "a@x..example", "a" * 600]
)
def test_what_is_no_mailbox_gives_no_key(typed: str) -> None:
    assert mailbox_of(typed) is None


@pytest.mark.parametrize(
    "host", ["gmail.com", "yahoo.co.uk", "yandex.kz", "mail.ru", "vip.163.com", "googlemail.com"]
)
def test_free_mail_gives_a_mailbox_but_no_domain(host: str) -> None:
    mailbox = mailbox_of(f"orkide.teknik@{host}")

    assert mailbox is not None
    assert mailbox.address is not None
    assert mailbox.domain is None


def test_an_automatic_sender_gives_its_domain_but_no_mailbox() -> None:
    mailbox = mailbox_of("no-reply@orkide.example")

    assert mailbox is not None
    assert (mailbox.address, mailbox.domain) == (None, "orkide.example")


@pytest.mark.parametrize(
    ("typed", "domain"),
    [
        ("https://www.orkide.example/contact?a=b", "orkide.example"),
        ("WWW.Orkide.Example", "orkide.example"),
        ("orkide.example:8080", "orkide.example"),
        ("http://user@shop.orkide.example", "orkide.example"),
        ("a.b.orkide.co.uk", "a.b.orkide.co.uk"),
        ("HTTPS://WWW.Ural.Orkide.co.uk/", "ural.orkide.co.uk"),
        ("mail.orkide.co.uk", "orkide.co.uk"),
        ("orkide.blogspot.com", "orkide.blogspot.com"),
        ("http://bücher.example", "xn--bcher-kva.example"),
        ("http://xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("orkide.en.alibaba.com", None),
        ("blogspot.com", None),
        ("co.uk", None),
        ("example", None),
        ("http://192.0.2.7/", None),
        ("http://[2001:db8::1]/", None),
        ("-bad-.example", None),
        ("none", None),
        ("", None),
    ],
)
def test_a_domain_is_what_its_owner_registered(typed: str, domain: str | None) -> None:
    """Authority: the rules of publicsuffix.org, private suffixes included."""
    assert domain_of(typed) == domain


@pytest.mark.parametrize(
    ("value", "key"),
    [
        (registration_value("LIC-0048213", ""), "LIC0048213"),
        (registration_value("Reg. No. 1234567", "AE"), "1234567"),
        (registration_value("HRB 1234", "DE"), "DE:HRB1234"),
        (registration_value("HRB 1234", ""), None),
        (registration_value("0000000000", "DE"), None),
        (registration_value("applied for", "DE"), None),
        (vat_value("DE 136 695 976", ""), "DE:136695976"),
        (vat_value("136695976", "DE"), "DE:136695976"),
        (vat_value("136695977", "DE"), None),
        (vat_value("EL094259216", ""), "GR:094259216"),
        (vat_value("ESA13585625", "DE"), "ES:A13585625"),
        (vat_value("100123456700003", "AE"), "AE:100123456700003"),
        (lei_value("2138 00WS GIIZ CXF1 P572"), "213800WSGIIZCXF1P572"),
        (lei_value("213800WSGIIZCXF1P573"), None),
        (imo_value("IMO 9074729"), "9074729"),
        (imo_value("IMO 9074728"), None),
        (imo_value("0000000"), None),
        (iban_value("IBAN GB82 WEST 1234 5698 7654 32"), "GB82WEST12345698765432"),
        (iban_value("GB82 WEST 1234 5698 7654 33"), None),
        (transaction_value("HAWB 123-00000012"), "12300000012"),
        (transaction_value("awb no. 123-0000 0012"), "12300000012"),
        (transaction_value("B/L MSKU1234567"), "MSKU1234567"),
        (transaction_value("BLUE1234567"), "BLUE1234567"),
        (transaction_value("PO 77"), None),
    ],
)
def test_a_number_is_kept_if_its_registry_would_know_it(value: str | None, key: str | None) -> None:
    """Authority: examples of ISO 13616 (IBAN), GLEIF (LEI), IMO, VIES (VAT), each also with a wrong check digit."""
    assert value == key


def test_a_ship_companys_number_has_a_check_digit_of_its_own() -> None:
    right = [n for n in (f"123456{d}" for d in range(10)) if imo_value(n)]

    # 1*8+2*6+3*4+4*2+5*9+6*7 = 127; 127 mod 11 = 6; 11-6 = 5. Ship: 1*7+2*6+3*5+4*4+5*3+6*2 = 77, so 7.
    assert right == ["1234565", "1234567"]


def test_keys_are_bounded_ordered_and_one_of_each_kind_comes_first() -> None:
    party = Party(
        name="Orkide Teknik",
        country="TR",
        emails=[f"box{n}@firm{n}.example" for n in range(16)],
        phones=[f"+90 555 010 01 {n:02}" for n in range(16)],
        website="orkide.example",
    )
    keys = exact_keys(
        Inquiry(inquiry_id="A-1", party=party, transaction_ref=["HAWB 123-00000012", "HAWB 123-00000013"])
    )
    kinds = [key.kind for key in keys]

    assert kinds == [
        Kind.EMAIL,
        Kind.EMAIL,
        Kind.PHONE,
        Kind.DOMAIN,
        Kind.TRANSACTION,
        Kind.TRANSACTION,
        Kind.NAME,
    ]
    assert keys[2].value == "+905550100100"


TEXT = st.text(max_size=40)


@given(
    party=st.fixed_dictionaries(
        {"name": st.text(min_size=1, max_size=80).filter(lambda name: "\0" not in name and name.strip())},
        optional={
            "country": st.sampled_from(["", "TR", "AE", "XX"]),
            "address": TEXT,
            "emails": st.lists(st.emails() | TEXT, max_size=5),
            "phones": st.lists(st.text("+0123456789 ()-", max_size=20) | TEXT, max_size=5),
            "website": TEXT,
            "registration_no": TEXT,
            "vat": TEXT,
            "lei": TEXT,
            "imo": TEXT,
            "iban": TEXT,
        },
    ).map(lambda party: {k: _no_nul(v) for k, v in party.items()}),
    refs=st.lists(TEXT.map(lambda text: text.replace("\0", "")), max_size=2),
)
def test_any_inquiry_gives_bounded_keys_that_no_repr_shows(party: dict[str, object], refs: list[str]) -> None:
    inquiry = Inquiry(inquiry_id="A-1", party=party, transaction_ref=refs)
    exact, fuzzy = exact_keys(inquiry), fuzzy_keys(inquiry)
    kinds = [key.kind for key in exact]

    assert len([kind for kind in kinds if kind in LOCKABLE]) <= MAX_LOCKABLE
    assert kinds.count(Kind.TRANSACTION) <= MAX_TRANSACTIONS
    assert len(fuzzy) + len([kind for kind in kinds if kind not in VALUE_KINDS]) <= NAME_EVALUATIONS
    assert len({*exact, *fuzzy}) == len(exact) + len(fuzzy)
    assert all(repr(key) == f"MatchKey(kind={key.kind!r})" for key in (*exact, *fuzzy))
    assert exact_keys(inquiry) == exact


def _no_nul(value: object) -> object:
    if isinstance(value, list):
        return [entry.replace("\0", "") for entry in value]
    return value.replace("\0", "") if isinstance(value, str) else value
