"""A request counts only as its signer sent it, and only while it is fresh."""

import json
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from http_message_signatures import HTTPMessageSigner, HTTPMessageVerifier, MappingKeyResolver, algorithms
from hypothesis import given
from hypothesis import strategies as st

from cairn_protocol.errors import (
    BadMessage,
    BadSignature,
    ClockOutsideWindow,
    ProtocolError,
    UncoveredComponent,
    UnknownSigner,
    Unsigned,
    WrongDigest,
)
from cairn_protocol.http_signatures import VerifiedRequest, sign_request, verify_request

VECTORS = Path(__file__).parent.parent / "vectors"
KEY = Ed25519PrivateKey.from_private_bytes(b"m" * 32)
NOW = 4_000_000_000  # in 2096: no clock but the caller's is asked
WINDOW_SECONDS = 300
NONCE = b64encode(bytes(range(16))).decode()
URL = "https://hub.example/v1/log/proof?index=3&size=9"
BODY = b'{"report":1}'
COVERED = '"@method" "@authority" "@path" "@query" "content-digest"'
PARAMETERS = f';created={NOW};keyid="member:m04";nonce="{NONCE}"'


def vector(name: str) -> Any:
    return json.loads((VECTORS / f"{name}.json").read_text())


def roster(key_id: str) -> Ed25519PublicKey:
    if key_id != "member:m04":
        raise UnknownSigner("nobody has this key id", culprit=None)
    return KEY.public_key()


@dataclass(frozen=True)
class FieldLines:
    """Headers as a server's framework gives them: a field that was sent twice is two items."""

    lines: tuple[tuple[str, str], ...]

    def items(self) -> Iterable[tuple[str, str]]:
        return self.lines


def signed(
    url: str = URL, created: int = NOW, nonce: str = NONCE, key_id: str = "member:m04"
) -> dict[str, str]:
    return sign_request("POST", url, BODY, key_id, KEY, created, nonce)


def verified(headers: Any, method: str = "POST", url: str = URL, body: bytes = BODY) -> VerifiedRequest:
    return verify_request(method, url, headers, body, roster, NOW, WINDOW_SECONDS)


def by_hand(
    covered: str = COVERED, parameters: str = PARAMETERS, label: str = "cairn", digest: str | None = None
) -> dict[str, str]:
    """A request signed as its sender likes: a true signature over whatever the input says."""
    content_digest = digest or f"sha-256=:{b64encode(sha256(BODY).digest()).decode()}:"
    values = {
        '"@method"': "POST",
        '"@authority"': "hub.example",
        '"@path"': "/v1/log/proof",
        '"@query"': "?index=3&size=9",
        '"content-digest"': content_digest,
    }
    base = [f"{name}: {values[name]}" for name in covered.split() if name in values]
    base.append(f'"@signature-params": ({covered}){parameters}')
    signature = b64encode(KEY.sign("\n".join(base).encode())).decode()
    return {
        "content-digest": content_digest,
        "signature-input": f"{label}=({covered}){parameters}",
        "signature": f"{label}=:{signature}:",
    }


@dataclass
class Message:
    method: str
    url: str
    headers: dict[str, str]


def test_the_rfcs_ed25519_request_verifies_through_the_library_and_is_signed_alike() -> None:
    """RFC 9421, B.2.6: its components are not our profile's, so this asks the library we build on."""
    rfc = vector("rfc9421")
    key = load_pem_private_key(rfc["private_key"].encode(), None)
    assert isinstance(key, Ed25519PrivateKey)
    keys = MappingKeyResolver(
        public_keys={rfc["key_id"]: rfc["public_key"].encode()}, private_keys={rfc["key_id"]: key}
    )
    field = {"Signature-Input": rfc["signature_input"], "Signature": rfc["signature"]}
    verifier = HTTPMessageVerifier(signature_algorithm=algorithms.ED25519, key_resolver=keys)
    signer = HTTPMessageSigner(signature_algorithm=algorithms.ED25519, key_resolver=keys)

    (result,) = verifier.verify(Message(rfc["method"], rfc["url"], rfc["headers"] | field), max_age=None)
    assert result.parameters == {"created": rfc["created"], "keyid": rfc["key_id"]}

    message = Message(rfc["method"], rfc["url"], dict(rfc["headers"]))
    signer.sign(
        message,
        key_id=rfc["key_id"],
        created=datetime.fromtimestamp(rfc["created"], UTC),
        label=rfc["label"],
        include_alg=False,
        covered_component_ids=rfc["components"],
        use_existing_digest=True,
    )
    assert message.headers == rfc["headers"] | field


def test_our_own_bytes_have_not_changed() -> None:
    frozen = vector("cairn_http_signatures")
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(frozen["private_key"]))

    for request in frozen["requests"]:
        assert request["headers"] == sign_request(
            request["method"],
            request["url"],
            request["body"].encode(),
            frozen["key_id"],
            key,
            frozen["created"],
            frozen["nonce"],
        )


@pytest.mark.parametrize(
    "url", [URL, "https://hub.example/v1/reports", "http://127.0.0.1:8700/", "http://[::1]:1/a%2Fb"]
)
def test_what_was_signed_verifies_and_says_who_and_when(url: str) -> None:
    headers = signed(url) | {"host": "whatever", "content-type": "application/json"}

    assert verified(headers, url=url) == VerifiedRequest("member:m04", NONCE, NOW)


def test_a_signature_built_by_hand_from_the_rfc_verifies() -> None:
    """So the two ends of the library are not merely each other's mirror."""
    assert verified(by_hand()) == VerifiedRequest("member:m04", NONCE, NOW)
    assert verified(by_hand(parameters=PARAMETERS + ';alg="ed25519"')).key_id == "member:m04"


def test_the_host_header_decides_as_the_client_saw_it() -> None:
    """Behind TLS a server sees plain http and the same host; case and a default port make no difference."""
    headers = signed("https://hub.example/v1/reports")

    assert verified(headers, url="http://hub.example/v1/reports")
    assert verified(headers, url="https://HUB.example:443/v1/reports")
    for other in ("http://127.0.0.1:8700/v1/reports", "http://hub.example:8700/v1/reports"):
        with pytest.raises(BadSignature):
            verified(headers, url=other)


@pytest.mark.parametrize("missing", ["Signature", "Signature-Input"])
def test_a_request_without_a_signature_is_unsigned(missing: str) -> None:
    headers = signed()
    del headers[missing]

    with pytest.raises(Unsigned):
        verified(headers)


def test_an_unknown_key_is_the_resolvers_to_refuse() -> None:
    with pytest.raises(UnknownSigner):
        verified(signed(key_id="member:m99"))


def test_another_members_key_does_not_sign_for_this_one() -> None:
    headers = sign_request("POST", URL, BODY, "member:m04", Ed25519PrivateKey.generate(), NOW, NONCE)

    with pytest.raises(BadSignature):
        verified(headers)


def test_another_body_has_another_digest() -> None:
    with pytest.raises(WrongDigest):
        verified(signed(), body=BODY + b" ")
    with pytest.raises(WrongDigest):
        verified(signed(), body=b"")


def test_a_digest_of_another_kind_is_refused_even_if_it_was_signed() -> None:
    with pytest.raises(WrongDigest):
        verified(by_hand(digest="sha-512=:" + b64encode(bytes(64)).decode() + ":"))


@pytest.mark.parametrize("away", [-WINDOW_SECONDS - 1, WINDOW_SECONDS + 1, -NOW])
def test_a_request_from_outside_the_window_is_refused(away: int) -> None:
    with pytest.raises(ClockOutsideWindow):
        verified(signed(created=NOW + away))


@pytest.mark.parametrize("away", [-WINDOW_SECONDS, 0, WINDOW_SECONDS])
def test_the_callers_clock_decides_and_not_the_machines(away: int) -> None:
    assert verified(signed(created=NOW + away)).created == NOW + away


@pytest.mark.parametrize("left_out", COVERED.split())
def test_every_part_of_the_profile_must_be_covered(left_out: str) -> None:
    covered = " ".join(component for component in COVERED.split() if component != left_out)

    with pytest.raises(UncoveredComponent):
        verified(by_hand(covered))


@pytest.mark.parametrize(
    "headers",
    [
        by_hand(COVERED + ' "@scheme"'),
        by_hand(COVERED + ' "@method"'),
        by_hand(COVERED.replace('"@path"', '"@path";req')),
        by_hand(COVERED.replace('"content-digest"', '"content-digest";key="sha-256"')),
        by_hand(COVERED.replace('"content-digest"', "content-digest")),
        by_hand(parameters=PARAMETERS + f";expires={NOW + 9}"),
        by_hand(parameters=PARAMETERS + ';tag="cairn"'),
        by_hand(parameters=PARAMETERS + ';alg="hmac-sha256"'),
        by_hand(parameters=PARAMETERS + ";x"),
        by_hand(parameters=f';created={NOW};keyid="member:m04"'),
        by_hand(parameters=f';keyid="member:m04";nonce="{NONCE}"'),
        by_hand(parameters=f';created={NOW};nonce="{NONCE}"'),
        by_hand(parameters=PARAMETERS.replace(f"created={NOW}", f"created={NOW}.0")),
        by_hand(parameters=PARAMETERS.replace(f"created={NOW}", "created=-1")),
        by_hand(parameters=PARAMETERS.replace(f"created={NOW}", f"created=@{NOW}")),
        by_hand(parameters=PARAMETERS.replace('keyid="member:m04"', "keyid=member")),
        by_hand(parameters=PARAMETERS.replace("member:m04", "")),
        by_hand(parameters=PARAMETERS.replace("member:m04", "m" * 256)),
        by_hand(parameters=PARAMETERS.replace(NONCE, b64encode(bytes(15)).decode())),
        by_hand(parameters=PARAMETERS.replace(NONCE, b64encode(bytes(65)).decode())),
        by_hand(parameters=PARAMETERS.replace(NONCE, NONCE.replace("w==", "x=="))),  # unused bits set
        by_hand(parameters=PARAMETERS.replace(NONCE, "?" * 24)),
        by_hand() | {"signature-input": "cairn=1"},
        by_hand() | {"signature-input": "cairn=("},
        by_hand() | {"signature-input": ""},
        by_hand() | {"signature": "other=:AAAA:"},
        by_hand()
        | {"signature-input": by_hand()["signature-input"] + ", " + by_hand(label="two")["signature-input"]},
        {
            "content-digest": by_hand()["content-digest"],
            "signature-input": by_hand()["signature-input"] + ", " + by_hand(label="two")["signature-input"],
            "signature": by_hand()["signature"] + ", " + by_hand(label="two")["signature"],
        },
        by_hand() | {"signature-input": by_hand()["signature-input"] + ", " + by_hand()["signature-input"]},
        by_hand() | {"signature": "cairn=:" + "A" * 4_000 + ":"},
        by_hand() | {"signature": by_hand()["signature"] + "\u00a0"},
        by_hand() | {"signature": "\ud800"},
        by_hand() | {"signature": "cairn=1"},
        by_hand() | {"signature": "cairn=(:AAAA:)"},
        by_hand() | {"signature": by_hand()["signature"] + ";x"},
        by_hand() | {"signature": by_hand()["signature"] + " "},
        by_hand() | {"signature": f"cairn=:{'A' * 85}B==:"},  # unused bits set
        {name: value for name, value in by_hand().items() if name != "content-digest"},
    ],
)
def test_whatever_is_not_in_the_profile_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(BadMessage):
        verified(headers)


@pytest.mark.parametrize(
    "signature", ["cairn=:AAAA:", "cairn=::", f"cairn=:{b64encode(bytes(64)).decode()}:"]
)
def test_what_is_no_ed25519_signature_does_not_hold(signature: str) -> None:
    with pytest.raises(BadSignature):
        verified(by_hand() | {"signature": signature})


@pytest.mark.parametrize("name", ["Signature", "Signature-Input", "Content-Digest"])
def test_a_field_that_was_sent_twice_is_refused(name: str) -> None:
    once = signed()

    with pytest.raises(BadMessage, match="twice"):
        verified(FieldLines((*once.items(), (name.lower(), once[name]))))


def test_a_query_that_was_not_there_when_it_was_signed_is_refused() -> None:
    with pytest.raises(UncoveredComponent):
        verified(signed("https://hub.example/v1/reports"), url="https://hub.example/v1/reports?all=1")


@pytest.mark.parametrize(
    "bad",
    [
        {"method": "post"},
        {"url": "/v1/reports"},
        {"url": "https://hub.example/a path"},
        {"url": "https://[hub.example/"},
        {"key_id": ""},
        {"key_id": "mémber"},
        {"created": -1},
        {"created": 10**12},
        {"nonce": "short"},
        {"nonce": b64encode(bytes(15)).decode()},
    ],
)
def test_nothing_is_signed_that_would_be_refused(bad: dict[str, Any]) -> None:
    request: dict[str, Any] = {
        "method": "POST",
        "url": URL,
        "body": BODY,
        "key_id": "member:m04",
        "private_key": KEY,
        "created": NOW,
        "nonce": NONCE,
    }

    with pytest.raises(BadMessage):
        sign_request(**request | bad)


@given(st.data())
def test_no_changed_byte_of_a_request_changes_who_asked_for_what(data: st.DataObject) -> None:
    parts = {"method": "POST", "url": URL, "body": BODY.decode(), **signed()}
    name = data.draw(st.sampled_from(sorted(parts)))
    at = data.draw(st.integers(0, len(parts[name]) - 1))
    letter = data.draw(
        st.characters(min_codepoint=0, max_codepoint=255).filter(lambda c: c != parts[name][at])
    )
    changed = parts | {name: parts[name][:at] + letter + parts[name][at + 1 :]}
    headers = {field: changed[field] for field in signed()}
    try:
        answer = verified(headers, changed["method"], changed["url"], changed["body"].encode("latin-1"))
    except ProtocolError:
        return
    assert answer == VerifiedRequest("member:m04", NONCE, NOW)
    assert name == "url"
    assert without_scheme(changed["url"]) == without_scheme(URL)


def without_scheme(url: str) -> str:
    """The scheme ends at whoever ends TLS, and a host name is the same in capitals."""
    host, slash, path = url.partition("://")[2].partition("/")
    return host.lower() + slash + path


@given(
    st.dictionaries(st.sampled_from(["signature", "signature-input", "content-digest"]), st.text(max_size=99))
)
def test_whatever_a_stranger_sends_is_refused_with_a_slug(headers: dict[str, str]) -> None:
    with pytest.raises(ProtocolError):
        verified(headers)
    with pytest.raises(ProtocolError):
        verified(
            signed() | {name.title(): value for name, value in headers.items()} | {"Signature": "cairn=::"}
        )
