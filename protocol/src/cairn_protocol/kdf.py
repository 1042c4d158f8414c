"""Every key derivation and digest of the protocol, each under its own label.

A label is "cairn/v1/<use>" and is used for one purpose; two uses never share one. All
variable parts are length-prefixed, so no two lists of parts give the same input.
Source: RFC 5869 (HKDF); RFC 9497 4.1 for the group's own hashes.
"""

import hashlib
from enum import StrEnum
from functools import cache
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

DIGEST_BYTES: Final = 32


class Use(StrEnum):
    """What a derived key or digest is for."""

    CARD_KEY = "card-key"
    KEY_DIGEST = "key-digest"
    CLAIM_KEY = "claim-key"
    LINE = "line"
    TAG = "tag"
    HEADER = "header"
    REPORT = "report"
    OPEN_PART = "open-part"
    FILLER_KEY = "filler-key"
    OPEN_SALT = "open-salt"
    REPORT_ID = "report-id"
    CONTENT = "content"
    CEREMONY = "ceremony"
    DEALING = "dealing"
    DEALING_PROOF = "dealing-proof"
    MESSAGE = "message"
    CONTENT_KEY = "content-key"
    CARD = "card"
    REGISTER_ROWS = "register-rows"
    REGISTER_DIGESTS = "register-digests"
    RETURN_LAYOUT = "return-layout"
    PAILLIER_PROOF = "paillier-proof"
    PAILLIER_WEIGHTS = "paillier-weights"
    NOISE = "noise"
    MATCH_LOCK = "match-lock"
    ASSENT_GENERATOR = "assent-generator"
    ASSENT_NONCE = "assent-nonce"
    ASSENT_CHALLENGE = "assent-challenge"
    ASSENT_OUTPUT = "assent-output"
    ASSENT_PART = "assent-part"
    ASSENT_ANSWER = "assent-answer"
    SEALING_SEED = "sealing-seed"
    SEALING = "sealing"
    INNER_KEY = "inner-key"
    ASSENT_SEED = "assent-seed"
    PAYLOAD = "payload"
    SEALED_TEXT = "sealed-text"
    SEALED_BODY = "sealed-body"
    SEALED_PART = "sealed-part"
    EVIDENCE_KEY = "evidence-key"
    RECORD_KEY = "record-key"


@cache
def label(use: Use) -> bytes:
    """The label of `use`, as bytes."""
    return f"cairn/v1/{use.value}".encode()


def prefixed(*parts: bytes) -> bytes:
    """The parts, each behind its length in four bytes."""
    return b"".join([piece for part in parts for piece in (len(part).to_bytes(4, "big"), part)])


def derive(secret: bytes, use: Use, *context: bytes, length: int = 32) -> bytes:
    """`length` bytes for one use of `secret` (uniform, 32 bytes or more) in one context.

    Source: HKDF-SHA-512 (RFC 5869) with an empty salt; info = label, then the context prefixed.
    """
    return HKDF(hashes.SHA512(), length, None, label(use) + prefixed(*context)).derive(secret)


def digest(use: Use, *parts: bytes) -> bytes:
    """32 bytes that stand for the parts: SHA-512 of label and prefixed parts, cut to 32 bytes."""
    return hashlib.sha512(label(use) + prefixed(*parts)).digest()[:DIGEST_BYTES]
