"""What can go wrong between a firm and the others, as types an integrator can tell apart.

Each error has a slug (the last part of the problem type on the wire), a sentence that says
what to do, and the request id of the answer if there was one. None ever holds a value
from an inquiry: details come from the protocol's own errors or from the other side's
problem document, which the protocol keeps free of values.
"""

from collections.abc import Sequence
from pathlib import Path

from cairn_protocol.errors import CairnError, PartyId, ProtocolError
from cairn_protocol.messages.problems import PROBLEM_TYPES


class ClientError(CairnError):
    """Root of the SDK's errors.

    slug        what happened, as a word for programs
    detail      what happened and what to do, as a sentence for people
    request_id  by which the other side finds the request in its log
    """

    def __init__(self, slug: str, detail: str, *, request_id: str | None = None) -> None:
        super().__init__(detail)
        self.slug = slug
        self.detail = detail
        self.request_id = request_id

    @property
    def problem_type(self) -> str:
        """The problem type (RFC 9457) of the slug."""
        return PROBLEM_TYPES + self.slug


class Unreachable(ClientError):
    """The other side gave no answer, or one that says it can't work now. The same again later may succeed.

    retry_after  seconds, if the other side said so
    """

    def __init__(
        self, party: PartyId, detail: str, *, retry_after: float | None = None, request_id: str | None = None
    ) -> None:
        super().__init__("unreachable", f"{party}: {detail}", request_id=request_id)
        self.party = party
        self.retry_after = retry_after


class Unauthorised(ClientError):
    """The other side doesn't take our signature: key not on the roster, revoked, or the clock is wrong."""


class Rejected(ClientError):
    """The other side refuses the content. The same again will be refused again.

    pointer  a JSON pointer to the place in the message, if the other side named it
    """

    def __init__(
        self, slug: str, detail: str, *, pointer: str | None = None, request_id: str | None = None
    ) -> None:
        super().__init__(slug, detail, request_id=request_id)
        self.pointer = pointer


class Conflict(ClientError):
    """Something else stands under this name already, such as other content under a report id."""


class Metered(ClientError):
    """The group has used up today's evaluations. `retry_after`: seconds, if a trustee said so."""

    def __init__(
        self, detail: str, *, retry_after: float | None = None, request_id: str | None = None
    ) -> None:
        super().__init__("metered", detail, request_id=request_id)
        self.retry_after = retry_after


class TrusteeUnavailable(ClientError):
    """Fewer trustees gave a usable answer than are needed. Keep the work and try later."""

    def __init__(self, reached: int, needed: int) -> None:
        super().__init__(
            "trustees-unavailable", f"{reached} trustees answered, {needed} are needed; try again later"
        )
        self.reached = reached
        self.needed = needed


class ProofInvalid(ClientError):
    """A proof, signature, cosignature or hash is false: somebody lies, or a disk does.

    culprit   whose word is false, where that can be known
    evidence  files kept for whoever looks into it, such as two notes that contradict each other
    """

    def __init__(
        self,
        slug: str,
        detail: str,
        *,
        culprit: PartyId | None = None,
        evidence: Sequence[Path] = (),
        request_id: str | None = None,
    ) -> None:
        super().__init__(slug, detail, request_id=request_id)
        self.culprit = culprit
        self.evidence = tuple(evidence)

    def __str__(self) -> str:
        named = f" (by {self.culprit})" if self.culprit else ""
        kept = f"; kept as evidence: {', '.join(map(str, self.evidence))}" if self.evidence else ""
        return f"{self.detail}{named}{kept}"

    @classmethod
    def of(cls, error: ProtocolError, culprit: PartyId) -> "ProofInvalid":
        """The same finding, with `culprit` unless the protocol named one."""
        return cls(error.slug, error.detail, culprit=error.culprit or culprit)


class Misconfigured(ClientError):
    """Something on this machine is missing or contradicts itself: an address, a file, the first sync."""

    def __init__(self, detail: str) -> None:
        super().__init__("misconfigured", detail)


class StateUnwritable(ClientError):
    """The state folder takes no more bytes. What stood there before still stands and is used."""

    def __init__(self, detail: str) -> None:
        super().__init__("state-unwritable", detail)
