"""The words and lines in which results are told, and the exit code each stands for."""

from cairn.advice import Advice, Status
from cairn.advice import refused as refused_advice
from cairn.cli.outcome import Exit, emit, say
from cairn.filing import Receipt, ReceiptStatus
from cairn.raw.reading import Row

_CHECKED = {
    Status.SEEN: ("seen elsewhere", Exit.CARD_FOUND),
    Status.NOT_SEEN: ("not seen elsewhere", Exit.CLEAR),
    Status.QUEUED: ("waiting", Exit.QUEUED),
    Status.REFUSED: ("refused", Exit.REFUSED),
}
_FILED = {
    ReceiptStatus.PROMISED: ("filed; the hub promised to log it", Exit.CLEAR),
    ReceiptStatus.PROVEN: ("filed and proven in the log", Exit.CLEAR),
    ReceiptStatus.QUEUED: ("waiting on this computer", Exit.QUEUED),
    ReceiptStatus.REFUSED: ("refused", Exit.REFUSED),
}


def tell_advice(advice: Advice, as_json: bool, *, full: bool = False) -> Exit:
    """Print one advice; full: the whole card."""
    words, code = _CHECKED[advice.status]
    if as_json:
        emit(advice.as_json())
        return code
    if full:
        say(advice.text())
        return code
    say(
        f"{advice.inquiry_id}: {words}"
        + (f" by {advice.groups} groups, evidence {advice.evidence}" if code is Exit.CARD_FOUND else "")
        + (f", attention {advice.attention}" if advice.attention else "")
    )
    for reason in advice.reasons:
        say(f"    {reason}")
    if code is Exit.CARD_FOUND:
        say("    You decide alone. The hub does not recommend whether to deal with anybody.")
    return code


def tell_receipt(receipt: Receipt, as_json: bool) -> Exit:
    """Print one receipt."""
    words, code = _FILED[receipt.status]
    if as_json:
        emit(receipt.as_json())
    else:
        say(
            f"{receipt.inquiry_id}: {words}"
            + (f" (report {receipt.report_id})" if code is Exit.CLEAR else "")
        )
        if receipt.reason:
            say(f"    {receipt.reason}")
    return code


def tell_unread_check(row: Row, as_json: bool) -> Exit:
    """Print, in a check, a row that holds no inquiry."""
    return _tell_unread(row, as_json, refused_advice(None, str(row.error)).as_json())


def tell_unread_report(row: Row, as_json: bool) -> Exit:
    """Print, when filing, a row that holds no inquiry."""
    return _tell_unread(row, as_json, Receipt(None, None, ReceiptStatus.REFUSED, str(row.error)).as_json())


def _tell_unread(row: Row, as_json: bool, record: dict[str, object]) -> Exit:
    if as_json:
        emit(record)
    else:
        say(f"not read: {row.error}")
    return Exit.ERROR
