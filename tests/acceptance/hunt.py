"""Search files for values in plain, hex, base64 (at every offset) and digits-only form; print each hit.

hunt.py LIST VALUE...      LIST names one file a line. Ends with 1 if there is a hit.
"""

import base64
import sys
from pathlib import Path


def forms(value: str) -> dict[bytes, str]:
    """Every spelling under which a value could have leaked."""
    found: dict[bytes, str] = {}
    for text in {
        value,
        value.lower(),
        value.upper(),
        value.replace(" ", ""),
        "".join(filter(str.isdigit, value)),
    }:
        raw = text.encode()
        if len(raw) < 7:
            continue
        found[raw] = "plain"
        found[raw.hex().encode()] = "hex"
        found[raw.hex().upper().encode()] = "hex"
        for offset in range(3):
            padded = base64.b64encode(b"\0" * offset + raw)
            # Characters that depend on neighbours are cut at both ends.
            found[padded[-(-offset * 8 // 6) : (offset + len(raw)) * 8 // 6]] = "base64"
    return {form: kind for form, kind in found.items() if len(form) >= 7}


def main() -> int:
    """Search; 1 if anything was found."""
    wanted = {form: kind for value in sys.argv[2:] for form, kind in forms(value).items()}
    hits = 0
    for name in filter(None, Path(sys.argv[1]).read_text().splitlines()):
        try:
            raw = Path(name).read_bytes()
        except OSError:
            continue
        for form, kind in wanted.items():
            if form in raw:
                print(f"{name}: {kind}")
                hits += 1
    return 1 if hits else 0


if __name__ == "__main__":
    sys.exit(main())
