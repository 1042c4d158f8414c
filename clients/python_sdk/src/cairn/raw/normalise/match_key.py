"""A match key: one normalised identifying value with its kind, the input of the OPRF.

Kept apart so that every family of values can import it. `value` is as identifying as
what was typed, so it never shows in a repr, a log or an error.
"""

from dataclasses import dataclass, field

from cairn_protocol.kinds import Kind, oprf_input


@dataclass(frozen=True, slots=True, order=True)
class MatchKey:
    """`value` under `kind`. Equal keys give equal tags, whoever derives them."""

    kind: Kind
    value: str = field(repr=False)

    def oprf_input(self) -> bytes:
        """The bytes that are blinded: kind, 0x00, value (design.md 4.2)."""
        return oprf_input(self.kind, self.value)
