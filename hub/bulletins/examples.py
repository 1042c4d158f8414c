"""Messages as examples in the API's description. Everything in them is invented."""

from uuid import UUID

from cairn_protocol.messages.bulletins import (
    Action,
    Assurance,
    Audience,
    BulletinKind,
    Bulletins,
    Contact,
    Contacts,
    Draft,
    Edition,
    Inbound,
    Inbox,
    Input,
    Intelligence,
    Origin,
)
from cairn_protocol.messages.report import Tlp

_ID = UUID("7c8d9e0f-1a2b-4c3d-8e4f-5a6b7c8d9e0f")
EDITION = Edition(
    audience=Audience.MEMBERS,
    tlp=Tlp.GREEN,
    title="Requests that change their stated end use",
    bottom_line="Reports describe buyers who change the stated end use when asked for a statement.",
    observed="Several groups observed it. The reports are unverified.",
    figures=(),
    suppression=None,
    families=(),
    chpl_tiers=(),
    programmes=(),
    corridors=(),
    red_flags=("RF-ENU-01",),
    alternatives=("Distributors often do not know the end use at first.",),
    confidence=Assurance.MEDIUM,
    basis="Reports of several groups.",
    actions=(Action.EUS,),
    wanted=(),
    handling="For members.",
)
DRAFT = Draft(
    bulletin=_ID,
    version=1,
    kind=BulletinKind.METHOD,
    author="a0",
    editions=(EDITION,),
    inputs=(Input(origin=Origin.HAND, reference="note-1", reports=(), party=False),),
    valid_from=1_800_000_000,
    valid_until=1_808_000_000,
    embargo_until=0,
    correction=None,
)
BULLETINS = Bulletins(bulletins=(), latest=12, more=False)
INTELLIGENCE = Intelligence(
    kind=BulletinKind.ADVISORY,
    title="Notice on transshipment through free zones",
    text="The authority has published guidance on transshipment through free zones.",
    authority="Export control authority, press office",
    unclassified=True,
    no_source_or_method=True,
    no_natural_person=True,
    no_licence_data=True,
    no_identifiers_to_match=True,
    expires_at=1_808_000_000,
)
INBOX = Inbox(inbound=(Inbound(id=_ID, liaison="l0", intelligence=INTELLIGENCE),))
CONTACTS = Contacts(
    contacts=(
        Contact(
            id=_ID,
            bulletin=_ID,
            liaison="l0",
            about="How the stated end use changed.",
            reach="Desk 4 of the authority",
            accepted=False,
        ),
    )
)
