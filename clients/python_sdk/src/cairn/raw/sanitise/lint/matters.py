"""Words that mark a matter of authorities or counsel, in the forms in which people write them.

Everyday senses pass: an item classified under a number, Hong Kong SAR, a buyer who is informed of something.
Source: domain brief 2.1 and 6.
"""

import re
from typing import Final

from cairn.raw.sanitise.lint.rules import Rule, any_case

_SAR: Final = "suspicious activity reports must never be mentioned"
_AUTHORITY: Final = "matters before courts and authorities stay at the firm"

_AGENCY: Final = (
    r"(?:BIS|OFAC|DDTC|FBI|CIA|HSI|CBP|OEE|DOJ|DHS|DOC|FinCEN|BAFA|ECJU|OTSI|OFSI|HMRC|SECO|NCA|Interpol|Europol|"
    r"government|treasury|(?:commerce|state|justice) department|department of \w+|minist(?:ry|er)(?: of \w+)?|police|"
    r"prosecut\w+|regulators?|authorit(?:y|ies)|customs|(?:intelligence|secret) service|"
    r"(?:government|federal|enforcement|licensing) agency|court|homeland security)"
)
_PAPER: Final = (
    r"(?:letters?|notices?|notification|requests?|inquir(?:y|ies)|outreach|warnings?|summons(?:es)?|visits?|"
    r"orders?|calls?)"
)

RULES: Final = (
    Rule(
        "SAR",
        _SAR,
        any_case(
            r"(?=S)(?<!hong kong )(?<!macao )(?<!macau )(?<!\bhk )(?<!china )\bS\.?A\.?R(?:\.|'?s)?(?!\w)",
            r"\bsuspicious[- ](?:activity|transaction|matter|order)s?[- ](?:report|filing|notification|disclosure)\w*",
            r"\bverdachtsmeldung\w*",
            r"\bgeldw[äa]sche-?verdacht\w*",
            r"\bd[ée]claration de soup[çc]on",
            r"\b(?:filed|reported|report|filing|disclos\w+) (?:it |them |this )?(?:with|to) (?:the )?"
            r"(?:FinCEN|FIU|financial intelligence)",
        ),
    ),
    Rule("SAR", _SAR, re.compile(r"\bSTRs?\b(?!\.)")),
    Rule(
        "AUTHORITY",
        _AUTHORITY,
        any_case(
            r"\bsub-?poena\w*",
            r"\bgrand[- ]jur\w+",
            r"\bsearch[- ]warrants?\b",
            r"\bwarrants? (?:for|was|were) (?:arrest|search|served|issued)",
            r"\bgag[- ]orders?\b",
            r"\bindict(?:ment|ed)\w*",
            r"\bis-informed\b",
            r"[\"'“‘]is informed[\"'”’]",
            r"\bis informed (?:letter|notice|process|requirement)s?",
            r"\bnational security letters?\b",
            r"\b(?:voluntary )?self-?disclosures?\b",
            r"\b(?:red[- ]flag|supplier[- ]list|government|agency|court) (?:letter|order)s?\b",
            r"\bproject guardian\b",
            r"\b(?:is|are|was|were) under (?:criminal |federal )?investigation\b",
        ),
    ),
    Rule(
        "AUTHORITY",
        _AUTHORITY,
        any_case(
            rf"\b{_AGENCY}(?:(?:'s)? (?:\w+ )?{_PAPER}\b(?! (?:of|for) (?:lading|goods|credit|intent))|"
            r" (?:has |have |had )?(?:asked|told|informed|contacted|warned|called|approached|requested|visited|"
            r"investigat\w+|raid\w*)\b)",
            rf"\b(?:{_PAPER} (?:from|by|of)|(?:investigat\w+|prob\w+|raid\w*) by) (?:an? |the )?"
            rf"(?:US |U\.S\. |federal )?{_AGENCY}\b",
        ),
    ),
    Rule(
        "CLASSIFIED",
        "classified matters may not be written here",
        any_case(
            # "classified as EAR99", "classified under 2B230" is everyday speech of exporters
            r"\b(?:un)?classified\b(?!\s+(?:as|under|in|by)\s+(?:an?\s+|the\s+)?(?:ECCN|EAR|HTS?|HS|dual|annex|chapter|"
            r"heading|tariff|non|not\b|item|\d))",
            r"\btop[- ]secret\b",
            r"\b(?:secret|confidential|restricted)//\w*",
            r"\b(?:nato|eu|uk|us)[- ](?:restricted|confidential|secret)\b",
            r"\bnoforn\b",
            r"\bfouo\b",
            r"\bVS-?NfD\b",
            r"\bverschlusssache\b",
            r"\bofficial[- ]sensitive\b",
            r"\blaw enforcement sensitive\b",
            r"\bstate secrets?\b",
        ),
    ),
    Rule("CLASSIFIED", "classified matters may not be written here", re.compile(r"\bCUI\b")),
    Rule(
        "PRIVILEGED",
        "what counsel said stays with counsel",
        any_case(
            r"\bprivileged?\b",
            r"\battorney[- ]client\b",
            r"\bwork[- ]product\b",
            r"\blegal (?:advice|opinion|memo\w*|counsel (?:advi\w+|says?|said))\b",
            r"\badvice of (?:our |the )?(?:legal )?counsel\b",
            r"\b(?:attorney|lawyer|solicitor|counsel|barrister|law firm)s?(?:['’]s?)? "
            r"(?:has |have )?(?:advi[sc]\w+|opinion|memo\w*|says?|said|told|thinks?|recommend\w*|warned)\b",
        ),
    ),
)
