"""An inquiry as bytes, for the register: canonical, so that two spellings of one inquiry are equal."""

import json

from cairn.raw.inquiry import Inquiry


def to_bytes(inquiry: Inquiry) -> bytes:
    """The inquiry's fields as JSON with sorted keys."""
    return json.dumps(
        inquiry.to_mapping(), sort_keys=True, ensure_ascii=False, separators=(",", ":")
    ).encode()


def from_bytes(raw: bytes) -> Inquiry:
    """The inquiry that `to_bytes` wrote. Raises BadInquiry."""
    return Inquiry.from_mapping(json.loads(raw))
