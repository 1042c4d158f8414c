"""A page to print or keep: plain HTML in one file, no script, nothing loaded from anywhere.

Everything that goes in is text and is escaped. The page forbids itself scripts and loading
(Content-Security-Policy), so a copy that somebody tampered with loads nothing either.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape, unescape

_STYLE = (
    "body{font:11pt/1.45 Georgia,serif;max-width:46rem;margin:2rem auto;color:#111}"
    "h1{font-size:1.4rem}h2{font-size:1.1rem;border-top:1px solid #999;padding-top:.6rem}"
    "h3{font-size:1rem;margin-bottom:.2rem}ul{margin-top:.2rem}li{overflow-wrap:anywhere}pre{font-size:6pt;white-space:pre-wrap;overflow-wrap:anywhere}"
    "article{break-inside:avoid}@media print{body{margin:0}}"
)


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands under it."""

    heading: str
    lines: tuple[str, ...]


PAGE_BEGINS = "<!doctype html>"
_DATA_BEGINS, _DATA_ENDS = '<pre id="cairn-data">', "</pre>"


def page(
    title: str,
    articles: Iterable[tuple[str, Sequence[Section]]],
    foot: Sequence[str] = (),
    data: str | None = None,
) -> str:
    """A whole page: each article a heading with its sections. data: what a program finds in it (`data_in`)."""
    body = "".join(
        f"<article><h2>{escape(heading)}</h2>{''.join(map(_section, sections))}</article>"
        for heading, sections in articles
    )
    footer = "".join(f"<p>{escape(line)}</p>" for line in foot)
    return (
        f'{PAGE_BEGINS}<html lang="en"><head><meta charset="utf-8">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>"
        f"<body><h1>{escape(title)}</h1>{body}{footer}{_data(data)}</body></html>\n"
    )


def data_in(text: str) -> str:
    """The data of a page, or the text itself if it is no page. A page without data gives ""."""
    if not text.startswith(PAGE_BEGINS):
        return text
    _, begins, rest = text.partition(_DATA_BEGINS)
    return unescape(rest.partition(_DATA_ENDS)[0]) if begins else ""


def _data(data: str | None) -> str:
    return "" if data is None else f"<h2>To verify</h2>{_DATA_BEGINS}{escape(data)}{_DATA_ENDS}"


def _section(section: Section) -> str:
    lines = "".join(f"<li>{escape(line)}</li>" for line in section.lines)
    return f"<h3>{escape(section.heading)}</h3><ul>{lines}</ul>"
