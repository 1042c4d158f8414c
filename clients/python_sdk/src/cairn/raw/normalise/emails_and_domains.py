"""E-mail addresses and internet domains: the mailbox, and the company's own domain behind it.

A mailbox is lower case, its domain in ASCII (punycode), without "+tag", which the sender can vary at
will. A domain key is the host of the company's own mail or web site down to what lies under a
public suffix, private suffixes (blog and shop hosts) included, without labels that say what a machine
does or in which language (`SERVICE_LABELS`). Other labels stay, for the units of one group are parties of
their own: ural.group.com and sibir.group.com share an owner and not a buyer. Under a suffix that
the list does not know, such as `.example`, it is the last two labels.

No domain key comes from free mail, marketplaces and social networks, nor a mailbox key from an
automatic sender. Nothing is looked up: no DNS, no download; the suffix list is the one in the package.
Source: email-validator (RFC 5321, 5322, 6531), tldextract (publicsuffix.org), idna (UTS 46).
"""

import re
import unicodedata
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Final

import idna
from email_validator import EmailNotValidError, validate_email
from tldextract import TLDExtract

from cairn.raw.normalise.tables import common_values

MAX_CHARACTERS: Final = 512
SERVICE_LABELS: Final = frozenset(
    [
        "www",
        "www1",
        "www2",
        "www3",
        "web",
        "site",
        "home",
        "main",
        "portal",
        "m",
        "mobile",
        "wap",
        "mail",
        "email",
        "webmail",
        "smtp",
        "mx",
        "imap",
        "exchange",
        "owa",
        "shop",
        "store",
        "eshop",
        "order",
        "orders",
        "my",
        "sales",
        "info",
        "corp",
        "global",
        "intl",
        "international",
        "en",
        "eng",
        "english",
        "ar",
        "cn",
        "cz",
        "de",
        "es",
        "fa",
        "fr",
        "he",
        "hi",
        "it",
        "ja",
        "jp",
        "ko",
        "kr",
        "pl",
        "pt",
        "ru",
        "th",
        "tr",
        "uk",
        "ua",
        "us",
        "vn",
        "zh",
    ]
)

_HOST: Final = re.compile(r"^(?!-)[a-z0-9-]{1,63}(?<!-)(?:\.(?!-)[a-z0-9-]{1,63}(?<!-))+$")


@dataclass(frozen=True, slots=True)
class Mailbox:
    """`address` is None for an automatic sender, `domain` None where it is nobody's own."""

    address: str | None = field(repr=False)
    domain: str | None = field(repr=False)


@lru_cache(maxsize=1 << 15)
def mailbox_of(typed: str) -> Mailbox | None:
    """The mailbox of an e-mail address, or None if it is none."""
    try:
        # Deliverability would ask DNS about the party: a leak.
        read = validate_email(typed[:MAX_CHARACTERS].strip(), check_deliverability=False)
    except EmailNotValidError:
        return None
    common = common_values()
    host = (read.ascii_domain or read.domain).lower()
    host = common.free_mail.same_as.get(host, host)
    local = read.local_part.casefold()
    local = local.split("+", 1)[0] or local
    if host in common.free_mail.dots_ignored:
        local = local.replace(".", "") or local
    address = f"{local}@{host}"
    automatic = address in common.emails or local in common.automatic_senders
    return Mailbox(None if automatic else address, domain_of(host))


@lru_cache(maxsize=1 << 15)
def domain_of(host_or_url: str) -> str | None:
    """The domain of a party's own host name or URL, or None if it is nobody's own or no domain."""
    parts = _suffixes()(unicodedata.normalize("NFKC", host_or_url[:MAX_CHARACTERS]).strip().lower())
    unit = ""
    if parts.suffix:
        registered = f"{parts.domain}.{parts.suffix}"
        unit = ".".join(label for label in parts.subdomain.split(".") if label not in SERVICE_LABELS)
    else:  # an unknown suffix: its last label stands in `domain`
        registered = ".".join([*parts.subdomain.split("."), parts.domain][-2:])
    registered = _ascii(registered)
    if parts.ipv4 or parts.ipv6 or not _HOST.match(registered) or _is_common(registered):
        return None
    host = _ascii(f"{unit}.{registered}") if unit else registered
    return host if _HOST.match(host) else registered


def _is_common(domain: str) -> bool:
    common = common_values()
    brand = domain.split(".", 1)[0]
    return (
        domain in common.free_mail.domains
        or domain in common.shared_hosts
        or brand in common.free_mail.brands
    )


def _ascii(domain: str) -> str:
    """The domain in lower-case ASCII, or "" if IDNA refuses it."""
    if domain.isascii():
        return domain.lower()
    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        return ""


@cache
def _suffixes() -> TLDExtract:
    return TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True)
