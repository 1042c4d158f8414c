"""What identifies somebody: e-mail and web addresses, phones, register and account numbers, long numbers, names.

A web address is known by its top-level domain, whichever of the public suffix list; an account number by its check
digits; a person's name by what introduces it. Dates are no numbers.
Source: public suffix list (tldextract's copy), IBAN and LEI by python-stdnum, country names by pycountry.
"""

import re
from functools import cache
from typing import Final

import pycountry
from stdnum import iban
from tldextract import TLDExtract

from cairn.raw.sanitise.lint.rules import Rule, any_case

_RESERVED: Final = frozenset({"example", "test", "invalid", "local", "onion"})  # RFC 2606, 6761, 7686
_DATE: Final = re.compile(
    r"(?<![\d-])(?:(?:19|20)\d\d[-./](?:0?[1-9]|1[0-2])[-./](?:[0-2]?\d|3[01])|"
    r"(?:[0-2]?\d|3[01])[-./](?:[0-2]?\d|3[01])[-./](?:(?:19|20)\d\d|\d\d)|(?:19|20)\d\d ?[-/] ?(?:19|20)\d\d)"
    r"(?:[ T]\d{1,2}:\d{2}(?::\d{2})?)?(?![\d-])"
)

# After a full stop without a space these are words, not countries' domains.
_WORDS: Final = " no it is in at my so to me us be am as do by he an id we if on of or la de el al st mr ms "
_LEGAL_FORMS: Final = {"ltd", "inc", "llc", "gmbh", "company"}


@cache
def _top_level() -> frozenset[str]:
    suffixes = TLDExtract(suffix_list_urls=(), cache_dir=None).tlds
    return _RESERVED.union(suffix.rsplit(".", 1)[-1] for suffix in suffixes)


def _is_domain(match: re.Match[str]) -> bool:
    """Whether what looks like a domain ends in a top-level one, and is not the end of a sentence."""
    before, last = match["domain"].rsplit(".", 1)
    if last.lower() not in _top_level() and not last.startswith("xn--"):
        return False
    if last.lower() in _LEGAL_FORMS and before.lower() in ("co", "pvt", "pty", "corp"):
        return False
    return not (last.istitle() and f" {last.lower()} " in _WORDS)


_LABEL: Final = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_DOT: Final = r"(?:\.|\s?[\[({]\s?(?:\.|dot)\s?[\])}]\s?|\s+dot\s+)"
_COMMON_TLD: Final = (
    "com|net|org|info|biz|io|eu|ru|cn|ir|tr|ae|de|uk|us|in|hk|kz|kg|am|ge|az|by|ua|pk|sg|co|shop|example"
)
_PHONE: Final = "a phone number identifies a party"
_REGISTRATION: Final = "a registration or account number identifies a party"

# Words before a number that make it one of a register, an account or a person's papers.
_REGISTER: Final = (
    r"VAT|TVA|USt(?:-?Id)?(?:-?Nr)?|MwSt|EORI|LEI|IMO|D-?U-?N-?S|tax|TIN|EIN|HR[AB]|KvK|SIRE[NT]|CRN|O?GRN|INN|UID|NIP|"
    r"ABN|GSTIN?|reg(?:istration|istered|ister)?|company|trade licen[cs]e|commercial licen[cs]e|licen[cs]e|passport|"
    r"ID(?: card)?|identity card|national id|account|acct|a/c|konto|sort code|routing|IBAN|vergi|MERSIS"
)
_NUMBERED: Final = r"(?:[\s.]{0,2}(?:no|number|num|nr|id|code)\b)?\.?\s?[:#=]?\s?"


def _is_account(match: re.Match[str]) -> bool:
    """Whether it is an IBAN, or was one before a slip: letters, check digits, mostly digits."""
    typed = match[0]
    return iban.is_valid(typed) or (typed[:2].isupper() and sum(map(str.isdigit, typed)) >= 10)


def _is_mixed(match: re.Match[str]) -> bool:
    """Whether letters and digits alternate as in a code, not as in a number or a word."""
    return any(map(str.isdigit, match[0])) and any(map(str.isalpha, match[0]))


_HONORIFIC: Final = (
    r"mr|mrs|ms|miss|mx|dr|prof|herr|frau|hr|señora?|sr|sra|mme|madame|monsieur|mlle|sig|signora?|eng|ing|sheikh|"
    r"shaikh|col|colonel|capt|captain|lt|maj|gen|hon|sayın|bay|bayan|господин|госпожа|г-н|г-жа"
)
_INTRODUCES: Final = (
    r"contact(?: person| name)?|attn|attention|dear|call|ask for|speak (?:to|with)|sp(?:oke|eaks) (?:to|with)|"
    r"signed(?: by)?|signature of|named|called|c/o|(?:his|her|whose|the|their|my) name|name|regards|sincerely|"
    r"on behalf of|represented by"
)
_OFFICE: Final = (
    r"director|manager|president|chairman|ceo|cto|cfo|owner|engineer|officer|secretary|representative|agent|"
    r"partner|founder|head of \w+|purchaser|buyer"
)
_CAPITAL: Final = r"[^\W\d_a-z][\w'’-]+"
_INITIAL: Final = r"[^\W\d_a-z]\."
_PARTICLE: Final = r"(?:van|von|de|der|den|al|el|bin|ibn|abu|da|di|du|la|le|ten|ter|zu|dos|del)"
_NAME: Final = (
    rf"(?:{_INITIAL}\s?)*(?:{_PARTICLE}[\s-]){{0,3}}{_CAPITAL}"
    rf"(?:\s+(?:{_INITIAL}\s?)*(?:{_PARTICLE}[\s-]){{0,3}}{_CAPITAL}){{0,4}}"
)


# Capitalised words that name no person: days, months, forms of address, what trade is about, a few places.
_NO_NAMES: Final = (
    "monday tuesday wednesday thursday friday saturday sunday january february march april may june july august "
    "september october november december sir sirs madam customer team all supplier partner friend colleagues "
    "form center centre us details person sales department office support service company the a an our your "
    "no not none i he she it we they you this that if when because after before buyer consignee forwarder "
    "hong kong europe asia africa america dubai istanbul english russian chinese turkish german export import "
    "general order email e-mail phone web end-user eccn hs refused declined"
)
_NO_SURNAMES: Final = (
    " was is were are and or not from who said says asked has had will would did does no the a an of to in "
)


@cache
def _no_names() -> frozenset[str]:
    """Capitalised words that name no person, countries among them."""
    places = (word.casefold() for country in pycountry.countries for word in country.name.split())
    return frozenset((*places, *_NO_NAMES.split()))


def _is_name(match: re.Match[str]) -> bool:
    return match["it"].split()[0].casefold().strip(".,") not in _no_names()


def _is_introduced(match: re.Match[str]) -> bool:
    """Whether it is a name and no abbreviation, such as one of an item or a currency."""
    first = match["it"].split()[0]
    return _is_name(match) and (match.string.isupper() or not (first.isupper() and len(first) <= 4))


def _is_whole_name(match: re.Match[str]) -> bool:
    """For a name after an office: two words at least, and none of them a word of offices or places."""
    words = [word.casefold() for word in match["it"].split()]
    return len(words) > 1 and not _no_names() & set(words)


def _is_no_verb(match: re.Match[str]) -> bool:
    return f" {match['it'].casefold()} " not in _NO_SURNAMES


RULES: Final = (
    Rule(
        "EMAIL",
        "an e-mail address or an account's name identifies a person",
        any_case(
            r"[^\s@<>(),;:]{1,64}@[^\s@<>(),;:]{1,190}\.\w{2,}",
            r"[\w.+-]{1,64}\s?(?:@|[\[({]\s?(?:@|at)\s?[\])}])\s?[^\W\d][\w-]{1,62}"
            rf"(?:{_DOT}{_LABEL}){{0,5}}",
            r"(?<![\w@])@[^\W\d]\w{2,}",
        ),
    ),
    Rule(
        "URL",
        "an address on the web identifies a party",
        any_case(
            r"\b[a-z][a-z0-9+.-]{1,10}://\S+",
            r"\bwww\.\S+",
            r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])",
            rf"\b(?!at\b|the\b|a\b|no\b){_LABEL}(?:\s?[\[({{]\s?(?:\.|dot)\s?[\])}}]\s?|\s+dot\s+)(?:{_LABEL}\s?\.\s?)?(?:{_COMMON_TLD})\b",
        ),
    ),
    Rule(
        "URL",
        "an address on the web identifies a party",
        re.compile(
            rf"(?<![\w.@-])(?P<domain>(?:{_LABEL}\.){{1,6}}[^\W\d_]{{2,24}}|(?:{_LABEL}\.){{1,5}}xn--[\w-]{{2,59}})(?![\w-])(?:/\S*)?"
        ),
        holds=_is_domain,
    ),
    Rule(
        "REGISTRATION",
        _REGISTRATION,
        any_case(r"\b[A-Z]{2}\d{2}(?:\s?[A-Z0-9]{4}){2,7}(?:\s?[A-Z0-9]{1,3})?(?!\w)"),
        holds=_is_account,
    ),
    Rule("REGISTRATION", _REGISTRATION, re.compile(r"\b[A-Z0-9]{18}\d{2}\b"), holds=_is_mixed),
    Rule(
        "REGISTRATION",
        _REGISTRATION,
        re.compile(
            r"\b(?:[A-Z]{2}U?\s?\d{8,12}|[A-Z]{4}\s?\d{7}|(?:SWIFT|BIC)[\s:]{1,3}[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?)\b"
        ),
    ),
    Rule(
        "REGISTRATION",
        _REGISTRATION,
        any_case(
            rf"\b(?:{_REGISTER}){_NUMBERED}(?:[A-Z]{{2}}\s)?[A-Z0-9/-]{{0,20}}\d(?:[\s/.-]?[A-Z]?\d){{3,40}}"
        ),
        numbers=True,
    ),
    Rule(
        "PHONE",
        _PHONE,
        any_case(
            r"(?:\+\s?|(?<!\d)00\s?)\(?\d(?:[\s()./-]{0,2}\d){5,17}",
            r"\b(?:tel|telephone|phone|mobile|mob|cell|whats ?app|viber|telegram|signal|gsm|fax|handy|call|ring|dial)\b"
            r"(?:\s?(?:no|number|nr|on|at|is))?[\s.:]{0,3}(?P<it>\(?\d(?:[\s()./-]{0,2}\d){5,17})",
        ),
        numbers=True,
    ),
    Rule(
        "PHONE",
        _PHONE,
        re.compile(
            r"\(\d{2,5}\)\s?\d{2,4}(?:[\s.-]?\d{2,4}){1,3}(?!\d)|(?<![\d.,])\d{3}([-. ])\d{3}\1\d{4}(?!\d)|"
            r"(?<![\d.,\w])0\d(?:[\s./()-]{0,2}\d){7,11}(?!\d)"
        ),
        numbers=True,
    ),
    Rule(
        "DIGITS",
        "a long number may identify a party",
        re.compile(r"(?<!\d)\d(?:[\s./-]?\d){7,}"),
        numbers=True,
    ),
    Rule(
        "NAME",
        "a person's name stays at the firm",
        re.compile(
            rf"\b(?i:{_INTRODUCES})(?:[.,:]|\s(?:is|was|are|as|by|of)\b)?[:,]?\s+(?:(?i:{_HONORIFIC})\.?\s+)?(?P<it>{_NAME})"
        ),
        holds=_is_introduced,
    ),
    Rule(
        "NAME",
        "a person's name stays at the firm",
        re.compile(rf"\b(?:(?i:{_HONORIFIC})\.?\s+)+(?P<it>{_NAME})"),
        holds=_is_name,
    ),
    Rule(
        "NAME",
        "a person's name stays at the firm",
        re.compile(r"\b(?i:mr|mrs|herr|frau|contact person|contact name)[.:]?\s+(?P<it>[^\W\d_][\w'’-]+)"),
        holds=_is_no_verb,
    ),
    Rule(
        "NAME",
        "a person's name stays at the firm",
        re.compile(rf"\b(?i:{_OFFICE}),?\s+(?P<it>{_NAME})"),
        holds=_is_whole_name,
    ),
    Rule(
        "NAME",
        "a person's name stays at the firm",
        re.compile(rf"(?P<it>{_CAPITAL}(?:\s+{_CAPITAL})?)(?:\s+(?:Bey|Hanım|Hanim|Efendi|Sahib)|-san)\b"),
        holds=_is_name,
    ),
)


def without_dates(text: str) -> str:
    """The text with a letter in place of every character of a date."""
    return _DATE.sub(lambda match: "x" * len(match[0]), text)
