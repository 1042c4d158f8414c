"""Made-up inquiries about public names, with the truth beside them: who is one buyer, and who only shares a desk.

    python -m benchmarks.made_up_inquiries --setting churn-heavy --inquiries 5000 --seed 3 --out R.jsonl --truth T.jsonl

The same arguments give the same files. A third of the inquiries are about listed organisations
under any of their names, the rest about companies; half are mistyped. Two settings:

    ordinary     few procurers, few traps
    churn-heavy  a third of the inquiries come from procurers, and every trap stands several times

A procurer has 3 to 12 freshly registered names on one phone or one mailbox, each seen by a firm of its own; a
third of them move some names to another country, a quarter have a fresh mailbox for some names too. A
trap is a value in common of unrelated companies, each of which has what companies have besides (its
mailbox, phone, web site or registration number, or nothing):

    forwarder       a phone of 12 to 40 companies
    virtual office  an address and the receptionist's phone of 6 to 20
    switchboard     the phone of a business park, of 5 to 12
    consultant      a mailbox that 5 to 12 write from

truth, one object a line: inquiry_id, entity_id, event_id, variant (exact | alias | noise | alias+noise |
churn), procurer and trap: an id, or null. Firms, contacts and new names are invented.
"""

import argparse
import csv
import datetime as dt
import json
import random
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from anyascii import anyascii

from cairn.raw.normalise.words import words_of
from cairn_protocol.codes import items, red_flags

DATA: Final = Path(__file__).parent / "data"
SETTINGS: Final = {"ordinary": (0.03, 0.04), "churn-heavy": (0.33, 0.2)}  # share of procurers, of traps

_COUNTRIES: Final = {
    "China": "CN",
    "Hong Kong": "HK",
    "Japan": "JP",
    "India": "IN",
    "Germany": "DE",
    "France": "FR",
    "United Kingdom": "GB",
    "United States": "US",
    "Canada": "CA",
    "Australia": "AU",
    "South Korea": "KR",
    "Taiwan": "TW",
    "Thailand": "TH",
    "Malaysia": "MY",
    "Singapore": "SG",
    "Sweden": "SE",
    "Switzerland": "CH",
    "Italy": "IT",
    "Turkey": "TR",
    "United Arab Emirates": "AE",
    "Russia": "RU",
    "Iran": "IR",
}
_TRANSIT: Final = ("AE", "HK", "TR", "SG", "MY", "KG", "KZ", "AM", "GE", "RS")
_FREE_MAIL: Final = ("gmail.com", "163.com", "mail.ru", "yandex.ru", "outlook.com")
_FORMS: Final = ("FZE", "Ltd", "LLC", "Co", "Trading LLC", "DMCC", "Limited")
_TRADES: Final = ("Trading", "Electronics", "Supply", "Technic", "Instruments", "General Trading")
_SHORT: Final = {
    "international": "Intl",
    "trading": "Trdg",
    "technology": "Tech",
    "technologies": "Tech",
    "industries": "Ind.",
    "engineering": "Eng.",
    "manufacturing": "Mfg",
    "electronics": "Elec",
    "development": "Dev.",
    "and": "&",
}
_NEXT_KEY: Final = dict(zip("qwertyuiopasdfghjklzxcvbnm", "wertyuiopqsdfghjklaxcvbnmz", strict=True))
# How many companies share each trap's value, and what that is.
_TRAPS: Final = {
    "forwarder": ((12, 40), "phone"),
    "virtual office": ((6, 20), "phone"),
    "switchboard": ((5, 12), "phone"),
    "consultant": ((5, 12), "email"),
}


@dataclass(slots=True)
class Subject:
    """A party and what it can be known by. `shared` is the value of the trap it stands in."""

    id: str
    names: list[str]
    country: str
    address: str = ""
    website: str = ""
    emails: list[str] = field(default_factory=list)
    phones: list[str] = field(default_factory=list)
    registration: str = ""
    listed: bool = False
    trap: str | None = None
    shared: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Made:
    """An inquiry as the SDK reads it, and the truth about it."""

    inquiry: dict[str, Any]
    truth: dict[str, Any]


def made_up(count: int, setting: str, seed: int) -> Iterator[Made]:
    """`count` inquiries of a setting."""
    rng = random.Random(f"{setting} {seed}")
    procurers, traps = SETTINGS[setting]
    maker = _Maker(rng)
    told = [
        *maker.of_procurers(int(count * procurers)),
        *maker.of_traps(int(count * traps)),
    ]
    told += maker.of_subjects(count - len(told))
    rng.shuffle(told)
    yield from sorted(told, key=lambda one: one.inquiry["received_on"])


class _Maker:
    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self._firms = [
            (f"F{at:02d}", f"G{at - (at % 9 == 0):02d}", rng.choices(("exporter", "logistics"), (7, 3))[0])
            for at in range(1, 41)
        ]
        with (DATA / "organisations.jsonl").open(encoding="utf-8") as file:
            listed = [self._organisation(json.loads(line)) for line in file]
        with (DATA / "companies.csv").open(encoding="utf-8", newline="") as file:
            companies = [self._company(row) for row in csv.DictReader(file)]
        subjects = list(_once([*listed, *companies]))
        self._listed = [subject for subject in subjects if subject.listed]
        self._companies = [subject for subject in subjects if not subject.listed]
        rng.shuffle(self._companies)
        self._items = list(items().items)
        self._flags = [f.code for f in red_flags().flags if not f.local_only and f.status != "retired"]
        self._number = 0

    def of_subjects(self, count: int) -> list[Made]:
        """Inquiries about listed organisations and companies that share nothing."""
        found: list[Made] = []
        active = self._companies[: max(50, count // 3)]
        while len(found) < count:
            listed = self.rng.random() < 1 / 3
            subject = self.rng.choice(self._listed if listed else active)
            seen_by = self.rng.sample(self._firms, self.rng.choices((1, 2, 3), (90, 7, 3))[0])
            found += [self._told(subject, firm, self._day()) for firm in seen_by]
        return found[:count]

    def of_procurers(self, count: int) -> list[Made]:
        """Procurers one after the other, each with its names over a year."""
        found: list[Made] = []
        while len(found) < count:
            found += self._procurer(f"procurer:{len(found)}")
        return found[:count]

    def of_traps(self, count: int) -> list[Made]:
        """Groups of companies that share a value, each company asking one to four times."""
        found: list[Made] = []
        while len(found) < count:
            for trap, ((least, most), kind) in _TRAPS.items():
                name, members = f"{trap}:{len(found)}", self.rng.randint(least, most)
                shared = self._phone("AE") if kind == "phone" else self._mailbox("desk", "")
                address = "Office 12, Business Centre, Free Zone" if trap == "virtual office" else ""
                for _ in range(min(members, len(self._companies))):
                    company = self._companies.pop()
                    company.trap, company.shared = name, {kind: shared, "address": address}
                    firms = self.rng.sample(self._firms, self.rng.choices((1, 2, 3, 4), (5, 3, 1, 1))[0])
                    found += [self._told(company, firm, self._day()) for firm in firms]
        return found

    def _procurer(self, name: str) -> list[Made]:
        rng = self.rng
        home = rng.choice(_TRANSIT)
        contact = {"phone": self._phone(home)} if rng.random() < 0.7 else {"email": self._mailbox("buy", "")}
        moves, fresh = rng.random() < 0.35, rng.random() < 0.25
        firms = rng.sample(self._firms, rng.randint(3, 12))
        start = rng.randrange(300)
        found = []
        for at, firm in enumerate(firms):
            new = self._new_name()
            country = rng.choice(_TRANSIT) if moves and rng.random() < 0.5 else home
            subject = Subject(name, [new], country, shared=contact)
            if fresh and rng.random() < 0.5:
                subject.emails = [self._mailbox(_slug(new), "")]
            if at == 0 and rng.random() < 0.1:
                subject.registration = str(rng.randrange(10**8, 10**9))
            found.append(self._told(subject, firm, start + at * rng.randint(2, 20), procurer=name))
        return found

    def _told(
        self, subject: Subject, firm: tuple[str, str, str], day: int, procurer: str | None = None
    ) -> Made:
        """What a firm would type of a subject that asks it on a day."""
        rng = self.rng
        self._number += 1
        name, variant = subject.names[0], "churn" if procurer else "exact"
        if len(subject.names) > 1 and rng.random() < 0.45:
            name, variant = rng.choice(subject.names[1:]), "alias"
        if rng.random() < 0.5:
            name = _mistyped(name, rng)
            variant = {"exact": "noise", "alias": "alias+noise"}.get(variant, variant)
        always = procurer is not None

        def known(values: Sequence[str], share: float) -> list[str]:
            return [rng.choice(values)] if values and (always or rng.random() < share) else []

        emails, phones = known(subject.emails, 0.5), known(subject.phones, 0.4)
        if always or (subject.shared and rng.random() < 0.9):
            emails += [subject.shared["email"]] if "email" in subject.shared else []
            phones += [self._typed(subject.shared["phone"])] if "phone" in subject.shared else []
        party = {
            "role": rng.choice(("PUR", "PUR", "UCN", "EUS")),
            "name": name,
            "country": "" if rng.random() < 0.02 else subject.country,
            "address": subject.shared.get("address") or (subject.address if rng.random() < 0.5 else ""),
            "emails": emails,
            "phones": phones,
            "website": f"https://www.{subject.website}" if subject.website and rng.random() < 0.25 else "",
            "registration_no": subject.registration
            if subject.registration and (always or rng.random() < 0.25)
            else "",
        }
        item = rng.choice(self._items)
        inquiry = {
            "inquiry_id": f"{firm[0]}-{self._number:07d}",
            "firm": firm[0],
            "group": firm[1],
            "sector": firm[2],
            "received_on": (dt.date(2025, 1, 6) + dt.timedelta(days=day)).isoformat(),
            "channel": rng.choice(("EMAIL", "WEBFORM", "PHONE", "DISTRIBUTOR", "BROKER")),
            "stage": "inquiry" if firm[2] == "exporter" else "shipment",
            "party": party,
            "item": {"hs6" if item.system == "HS6" else "eccn": item.code},
            "quantity": int(rng.lognormvariate(2.5, 1.4)) + 1,
            "red_flags": sorted(rng.sample(self._flags, rng.choice((1, 2, 3)))),
            "outcome": rng.choice(("OPEN", "HELD", "DECLINED", "DECLINED", "REFERRED")),
        }
        truth = {
            "inquiry_id": inquiry["inquiry_id"],
            "entity_id": subject.id,
            "event_id": f"E{self._number:07d}",
            "variant": variant,
            "procurer": procurer,
            "trap": subject.trap,
        }
        return Made(inquiry, truth)

    def _organisation(self, row: dict[str, Any]) -> Subject:
        place = row["addresses"][0] if row["addresses"] else {"address": "", "country": ""}
        country = place["country"] if len(place["country"]) == 2 else _COUNTRIES.get(place["country"], "")
        subject = Subject(row["id"], [row["name"], *row["aliases"]], country, place["address"], listed=True)
        return self._equipped(subject, (row["websites"] or [""])[0])

    def _company(self, row: dict[str, str]) -> Subject:
        country = _COUNTRIES.get(row["country"], "")
        return self._equipped(Subject(f"company:{row['name']}", [row["name"]], country), row["website"])

    def _equipped(self, subject: Subject, website: str) -> Subject:
        rng = self.rng
        host = re.sub(r"^https?://(www\.)?|/.*$", "", website).lower()
        subject.website = host or f"{_slug(subject.names[0])}-{rng.randrange(16**4):04x}.example"
        own = rng.random() < 0.6
        subject.emails = [self._mailbox(_slug(subject.names[0]), subject.website if own else "")]
        subject.phones = [self._phone(subject.country) for _ in range(rng.choice((1, 1, 2)))]
        subject.registration = str(rng.randrange(10**8, 10**10))
        return subject

    def _mailbox(self, local: str, domain: str) -> str:
        rng = self.rng
        if domain:
            return f"{rng.choice(('sales', 'info', 'purchase'))}@{domain}"
        return f"{local[:12]}{rng.randrange(10, 9_999)}@{rng.choice(_FREE_MAIL)}"

    def _phone(self, country: str) -> str:
        dial = {"AE": "971", "HK": "852", "TR": "90", "CN": "86", "RU": "7", "IR": "98"}.get(country, "44")
        return f"+{dial} {self.rng.randrange(20, 99)} {self.rng.randrange(1000, 9999)} {self.rng.randrange(1000, 9999)}"

    def _typed(self, phone: str) -> str:
        digits = re.sub(r"\D", "", phone)
        return self.rng.choice((phone, f"+{digits}", f"00{digits}", phone.replace(" ", "-")))

    def _new_name(self) -> str:
        rng = self.rng
        word = "".join(rng.choice("bdfgklmnprstvz") + rng.choice("aeiou") for _ in range(3)).title()
        middle = rng.choice(("", "", "Global ", "Star ", "Horizon "))
        return f"{word} {middle}{rng.choice(_TRADES)} {rng.choice(_FORMS)}"

    def _day(self) -> int:
        return int(self.rng.random() ** 0.8 * 600)


def _once(subjects: Iterable[Subject]) -> Iterator[Subject]:
    """Leave out what an earlier entry already is: the lists have some parties twice, and the truth must not."""
    seen: set[str] = set()
    for subject in subjects:
        marks = {" ".join(sorted(set(words_of(name).core))) for name in subject.names} | {subject.website}
        if not marks & seen:
            seen |= marks
            yield subject


def _mistyped(name: str, rng: random.Random) -> str:
    words = name.split()
    kind = rng.randrange(5)
    longest = max(range(len(words)), key=lambda at: len(words[at]))
    if kind <= 1 and len(words[longest]) >= 4:
        words[longest] = _slip(words[longest], rng)
    elif kind == 2 and len(words) > 2:
        at = rng.randrange(len(words) - 1)
        words[at], words[at + 1] = words[at + 1], words[at]
    elif kind == 3:
        words = [_SHORT.get(word.lower(), word) for word in words]
    elif kind == 4 and len(words) > 2:
        at = rng.randrange(len(words) - 1)
        words[at : at + 2] = [words[at] + rng.choice(("", "-")) + words[at + 1]]
    text = " ".join(words)
    return rng.choice((text, text.upper(), text.title(), text.lower()))


def _slip(word: str, rng: random.Random) -> str:
    at = rng.randrange(1, len(word) - 1)
    return rng.choice(
        (
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
            word[:at] + word[at + 1 :],
            word[:at] + word[at] + word[at:],
            word[:at] + _NEXT_KEY.get(word[at].lower(), "e") + word[at + 1 :],
        )
    )


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "", anyascii(name).lower())[:18] or "company"


def main() -> None:
    """Write the two files."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--setting", choices=sorted(SETTINGS), default="ordinary")
    parser.add_argument("--inquiries", type=int, default=5_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--truth", type=Path, required=True)
    told = parser.parse_args()
    with told.out.open("w", encoding="utf-8") as out, told.truth.open("w", encoding="utf-8") as truth:
        for made in made_up(told.inquiries, told.setting, told.seed):
            out.write(json.dumps(made.inquiry, ensure_ascii=False) + "\n")
            truth.write(json.dumps(made.truth, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
