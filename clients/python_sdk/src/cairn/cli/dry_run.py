"""`cairn preview` and `cairn report --dry-run`: what would leave this computer, in words and byte for byte."""

from collections.abc import Sequence

from cairn.cli.outcome import Exit, emit, say
from cairn.client.errors import TrusteeUnavailable, Unreachable
from cairn.preview import Preview, preview_all
from cairn.raw.inquiry import Inquiry
from cairn.session import Session


async def tell_what_would_leave(
    session: Session, inquiries: Sequence[Inquiry], as_json: bool, narrative: bool
) -> list[Exit]:
    """Print the report of each inquiry without sending or keeping it."""
    try:
        previews = await preview_all(session, inquiries, narrative=narrative)
    except (TrusteeUnavailable, Unreachable) as error:
        say(f"Hub or trustees must be asked first: {error}")
        return [Exit.QUEUED] * len(inquiries)
    for preview in previews:
        if as_json:
            emit(preview.as_json())
        else:
            _tell(preview)
    return [Exit.CLEAR] * len(previews)


def _tell(preview: Preview) -> None:
    say(f"{preview.inquiry_id}: what would leave this computer")
    for section in preview.sections():
        if section.lines:
            say(f"  {section.heading}")
            for line in section.lines:
                say(f"    {line}")
