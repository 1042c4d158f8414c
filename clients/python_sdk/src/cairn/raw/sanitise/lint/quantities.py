"""Numbers with units (specifications) and amounts of money, however they are spelt.

Units are made from the SI's prefixes and bases, as symbols and as words; what engineers write besides stands in
lists. Currencies are those of ISO 4217 by code, every currency sign of Unicode, and names.

Not a specification: a time of minutes or more, a share in per cent of no material, an ordinal, a count of pieces.
Source: BIPM SI brochure, tables 2, 4, 7; ISO 4217 as pycountry has it.
"""

import re
import sys
import unicodedata
from typing import Final

import pycountry

from cairn.raw.sanitise.lint.rules import Rule, any_case

# A number has few digits, and begins where no digit or letter stands before: hostile runs cost no more.
_NUMBER: Final = r"(?<![A-WYZa-wyz\d.,])\d{1,12}(?:[.,' ]\d{3}){0,3}(?:[.,]\d{1,12})?(?:[eE][+-]?\d{1,3})?"
_ONES: Final = (
    "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\\w{2,5}teen|\\w{2,4}ty|half an?"
)
_COUNT: Final = rf"(?:(?:{_ONES}|a)(?:[ -](?:and )?(?:{_ONES}))?(?: (?:hundred|thousand|million|billion))*)"
_WORDED: Final = rf"\b(?:{_COUNT}|several (?:hundred|thousand|million))"
_RANGE: Final = rf"(?:{_NUMBER}\s?(?:-|to|\.\.|/)\s?)?"
_SIGN: Final = r"(?:[<>≤≥±~+-]\s?)?"

# Symbols that take a prefix, those that don't, and single letters, of which few are meant without one.
_PREFIXED: Final = (
    r"(?:da|[YZEPTGMkhdcmμunpf])(?:Hz|Pa|bar|bara|barg|m|g|s|V|VA|A|Ah|W|Wh|N|Nm|J|K|F|H|T|Ω|ohm|S|C|mol|cd|lm|lx|"
    r"Bq|Sv|Gy|Ci|eV|eVr?|Wb|rad|t|l|L|B|b|bit|bps|Torr|psi|samples|FLOPS|flops|OPS|SPS|Sps|S/s|Bd|px|pixels?)"
)
_WHOLE: Final = (
    r"Hz|Pa|bar[ag]?|mbar|psi[ag]?|atm|mmHg|inHg|Torr|VA|VDC|VAC|V ?DC|V ?AC|eV|Ah|Wh|Nm|Bq|Sv|Gy|Ci|rpm|RPM|"
    r"r/min|rev/min|ppmv?|ppb|ppt|dB[a-zA-Z]{0,2}|bps|fps|dpi|SPS|Sps|S/s|FLOPS|px|MP|arcsec|arcmin|AWG|HRC|HV|cSt|"
    r"[KMGT]iB|mil|kt|kn|lbf?s?|oz|ft|ft-?lbs?|in-?lbs?|gal|mph|Ω|ohms?|℃|℉|°\s?[CFK]?|wt\s?%|vol\s?%|mesh"
)
_LETTER: Final = r"[mgsVAWNJtlL]|(?<=\s)[KTFH]"
_POWER: Final = r"(?:\^?-?[1-4])?"
# A morning is no distance: am and pm after a number are times of the day.
_SYMBOL: Final = rf"(?:(?!pm\b|am\b|Mb?\b)(?:{_PREFIXED})|{_WHOLE}|{_LETTER}){_POWER}"
_PER: Final = (
    r"(?:[sh]|min|hr|hour|sec|day|yr|m|mm|cm|km|g|kg|mol|K|W|V|A|J|N|l|L|°C|Hz|√Hz|rtHz|in|ft|bit|rev|sr|m)"
)
_SYMBOLS: Final = rf"(?:{_SYMBOL}(?:\s?[/·*]\s?(?:{_PER}|{_SYMBOL}){_POWER}){{0,3}}(?!\w))"
_ABROAD: Final = (
    r"[кМГТмнпс]?(?:Гц|Па|Вт|В|А|м|г|Н|Дж|Ом|бар|эВ)(?!\w)|об/мин|(?:千|兆|毫|微|纳|厘|公|吉)?"
    r"(?:赫兹?|帕|巴|米|克|伏|瓦|安|里|斤|摄氏度|ヘルツ|メートル|グラム|ボルト|ワット)|[キメギミ]\w{0,3}(?:ヘルツ|メートル|グラム|パスカル)"
)
_NAMES: Final = (
    r"(?:(?:peta|tera|giga|mega|kilo|hecto|deca|deci|centi|milli|micro|nano|pico|femto)-?"
    r"(?:second|gray|henry|ton(?:ne)?|(?:hertz|pascal|bar|met(?:re|er)|gram(?:me)?|volt|amp(?:ere)?|watt|watt-?hour|"
    r"newton|joule|kelvin|farad|tesla|ohm|siemens|coulomb|mole|lumen|lux|becquerel|curie|sievert|rad|rem|"
    r"electron-?volt|lit(?:re|er)|byte|bit|flop|torr|baud|pixel|sample))s?|"
    r"(?:hertz|pascal|bar|met(?:re|er)|gram(?:me)?|volt|amp(?:ere)?|watt|newton|joule|kelvin|farad|tesla|gauss|ohm|"
    r"siemens|lumen|lux|becquerel|curie|sievert|electron-?volt|lit(?:re|er)|bit|byte|torr|baud|pixel|micron|"
    r"inch(?:e)?|foot|yard|mile|ounce|tonne|ton|gallon|knot|degree|atmosphere|arc-?second|arc-?minute|"
    r"kilo|mach|decibel|horse ?power|hp|quart|pint|lb|flops?|deg)s?|inches|feet|cycles per second|"
    r"parts per (?:m|b|tr)illion|(?:revolutions?|revs?) per \w+)"
    r"(?:\s?(?:per|/)\s?\w{1,12})?"
)
_UNIT: Final = rf"(?:{_SYMBOLS}|(?i:{_NAMES})(?!\w)|{_ABROAD})"
_MATERIAL: Final = (
    r"pur\w*|grade|accura\w*|toleran\w*|concentrat\w*|solution|enrich\w*|humidity|by (?:weight|volume|mass)|w/w|assay|"
    r"efficien\w*|duty|strength|content|alloy|nickel|fluor\w*|H[A-Z0-9]+|U-?\d+|linear\w*|deviation|repeatab\w*"
)
_PERCENT: Final = (
    rf"(?:{_NUMBER}\s?(?:%|per ?cent)(?=\s?(?:\w+ )?(?:{_MATERIAL})\b)|"
    rf"(?<![\d.,])\d{{1,3}}[.,]\d{{1,9}}\s?(?:%|per ?cent)|±\s?\d{{1,3}}(?:[.,]\d{{1,9}})?\s?%|"
    rf"(?i:\b(?:purity|accuracy|concentration|enrichment)(?: of|:)?\s){_NUMBER}\s?(?:%|per ?cent))"
)
_DIMENSIONS: Final = rf"(?:\s?[x×]\s?{_NUMBER}(?:\s?{_UNIT})?){{0,3}}"
_ACROSS: Final = rf"{_NUMBER}(?:\s?[x×]\s?{_NUMBER}){{1,3}}\s?{_UNIT}"
_QUANTITY: Final = (
    rf"(?:{_ACROSS}|{_SIGN}{_RANGE}{_SIGN}{_NUMBER}(?:\s?[x×*]\s?10\^?-?\d{{1,3}})?[ -]?{_UNIT}{_DIMENSIONS}|"
    rf"{_PERCENT})"
)
_INCHES: Final = rf"""{_NUMBER}(?:/\d{{1,2}})?(?:"|″|'')(?=\s?[x×,;.)]|\s+\w|$)"""

_CODES: Final = sorted(
    {currency.alpha_3 for currency in pycountry.currencies} - {"XXX", "XTS"} | {"RMB", "CNH"}
)
# As words of English they are only meant where they are written as codes, beside a larger number.
_WORD_CODES: Final = {
    "ALL",
    "TOP",
    "CUP",
    "TRY",
    "PEN",
    "MAD",
    "GEL",
    "MOP",
    "COP",
    "SOS",
    "BAM",
    "RON",
    "ANG",
    "LAK",
}
_IN_ANY_CASE: Final = "usd|eur|gbp|chf|aed|cny|rmb|jpy|inr|rub|sgd|hkd|usdt|btc|eth"
_SIGNS: Final = "".join(
    chr(code) for code in range(sys.maxunicode) if unicodedata.category(chr(code)) == "Sc"
)
_MONEY_NAMES: Final = (
    r"dollars?|bucks|euros?|pounds?(?: sterling)?|sterling|liras?|yuan|renminbi|yen|francs?|franken|dirhams?|rupees?|"
    r"ro?u?bles?|rials?|riyals?|dinars?|krone[rn]?|krona|kronor|zlot\w+|forints?|tenge|hryvni\w+|pesos?|baht|ringgit|"
    r"rupiah|shekels?|lari|manats?|korun\w+|shillings?|taka|cents|bitcoins?|usdt|tether|stable ?coins?"
)
_SHORT: Final = r"TL|Rs\.?|Dhs?\.?|kr\.?|zł|Kč|Ft|руб\w*|р\.|тг|元|円|人民币|美元|欧元|リラ|BTC|ETH|USDT|USDC"
_LARGE: Final = r"(?:\s?(?:k|K|m|M|mn|mln|mio|Mio|bn|million|billion|thousand|tausend|Mrd|lakhs?|crores?)\b)?"
_SUM: Final = r"\d[\d.,' ]{0,20}"
_PLAIN_CODES: Final = "|".join(code for code in _CODES if code not in _WORD_CODES)
_BEFORE: Final = (
    rf"(?:(?:\b[A-Z]{{1,3}})?[{re.escape(_SIGNS)}]|\b(?:{_PLAIN_CODES}|(?i:{_IN_ANY_CASE})|{_SHORT}))"
)
_NAMED_AFTER: Final = rf"(?i:(?:[a-z]{{2,10}} )?(?:{_MONEY_NAMES}))\b"
_AFTER: Final = (
    rf"(?:[{re.escape(_SIGNS)}]|(?:{_PLAIN_CODES}|(?i:{_IN_ANY_CASE})|{_SHORT})(?!\w)|{_NAMED_AFTER})"
)
_WORDY: Final = "|".join(sorted(_WORD_CODES))


def _is_no_container(match: re.Match[str]) -> bool:
    """Whether it is more than the size of a freight container."""
    return not re.match(r"\s*(?:container|box|reefer|trailer)", match.string[match.end() :])


def _opens_no_quotation(match: re.Match[str]) -> bool:
    """Whether the mark is one of inches: not the end of a quotation that began before."""
    return match.string.count('"', 0, match.start()) % 2 == 0


_PRICE: Final = "prices and amounts of money are not exchanged"
_SPEC: Final = "a specification with units may be controlled technology"

RULES: Final = (
    Rule(
        "PRICE",
        _PRICE,
        re.compile(
            rf"{_BEFORE}\s?{_SUM}{_LARGE}|(?<![\d.,'])\d[\d.,']{{0,20}}(?: \d{{3}}){{0,3}}{_LARGE}\s?{_AFTER}|"
            rf"\b(?:{_WORDY})\s?\d[\d.,' ]{{2,20}}|\d[\d.,']{{2,20}}\s?(?:{_WORDY})\b|"
            r"(?i:\b(?:price[ds]?|costs?|preis|prix)(?: of| is| was| at| about| each| per \w+|:|=){0,2})"
            r"\s?\d[\d.,']{0,20}"
            r"(?![\d.,']|\s?(?:%|x\b|times|weeks?|days?|months?|of))"
        ),
        numbers=True,
    ),
    Rule(
        "PRICE",
        _PRICE,
        any_case(
            rf"{_WORDED}(?: of)?(?: \w{{3,9}})? (?:{_MONEY_NAMES})\b|\b\w{{0,12}}hundert\w{{0,12}} (?:{_MONEY_NAMES})\b"
        ),
    ),
    Rule(
        "SPEC",
        _SPEC,
        re.compile(
            rf"{_QUANTITY}(?:(?:\s?[,;/]\s?|\s+(?:and|at|by|x|to|or|und)\s+|\s+){_QUANTITY}){{0,40}}|"
            r"(?i:\bmach )\d(?:\.\d)?"
        ),
        holds=_is_no_container,
        numbers=True,
    ),
    Rule("SPEC", _SPEC, any_case(rf"{_WORDED}[ -](?:{_NAMES})(?!\w)")),
    Rule("SPEC", _SPEC, re.compile(_INCHES), holds=_opens_no_quotation, numbers=True),
)
