# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Signs of failure in a response whose status code means success.

Some services return 200 with a document that says that the upload failed. The tables below contain the names and
values that such documents use.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from .document import JSON, TEXT, Document, to_integer

Path = tuple[str, ...]
"""Path of a value in a document; empty for the document itself."""

MESSAGE_PATHS: tuple[Path, ...] = (("message",), ("msg",))
"""Paths of a message that can report a failure if nothing else in the document tells the outcome."""

_PROBLEM_TYPE = "application/problem+json"
"""Media type of a document that describes an error (RFC 9457)."""

# Strings that mean false, and strings that mean that there is no error.
_FALSE_TEXTS = frozenset({"", "0", "false", "no", "n", "null", "none"})
_NO_ERROR_TEXTS = _FALSE_TEXTS | {"ok", "success", "no error", "no errors"}
# Words that report a failure. The pattern does not match "0 failed", "failed: 0" or "without errors".
_FAILURE_WORDS = re.compile(
    r"(?<!\bno )(?<!\bnot )(?<!\b0 )(?<!\bwithout )(?<!\bzero )"
    r"\b(?:errors?|err|exception|fail|failed|fails|failure|failures|fatal|rejected|refused|denied|invalid|aborted"
    r"|cancell?ed|unauthori[sz]ed|forbidden|nok|ko|not ok|unsuccessful|partial|partially"
    r"|expired|time[d ]?out|unavailable|exceeded|unsupported|missing|unable|can ?not|could not|bad request|not found"
    r"|not (?:been |yet )?(?:imported|accepted|processed|saved|allowed|permitted|supported|authori[sz]ed|authenticated)"
    r"|nothing (?:was )?imported|(?:log|sign) in to|please (?:log|sign) in|(?:login|authentication) required)\b"
    r"(?! ?[:=] ?(?:0|no|none|false)\b)",
    re.IGNORECASE,
)
# A count of zero, such as "no rows". It is replaced with 0, so that "no rows failed" does not report a failure.
_NO_ROWS = re.compile(
    r"\b(?:0|no|zero) (?:rows?|records?|contacts?|users?|people|entries|items|lines)\b",
    re.IGNORECASE,
)
_MAX_TEXT = 1 << 20
_CAMEL_CASE = re.compile(r"(?<=[a-z])(?=[A-Z])")


def _is_false(value: Any) -> bool:
    """Return whether the value of a success flag means failure, as false, 0, null and an empty string do."""
    if isinstance(value, str):
        return value.strip().casefold() in _FALSE_TEXTS or _reports_failure(value)
    return value is None or (isinstance(value, (bool, int, float)) and not value)


def _is_denied(value: Any) -> bool:
    """Return whether a value is a flag that is false. A number is not a flag but a count, which may be 0."""
    return value is False or (isinstance(value, str) and value.strip().casefold() == "false")


def _is_error(value: Any) -> bool:
    """Return whether a value under the name of an error reports one; 0, ``none`` and empty values do not."""
    if isinstance(value, str):
        return value.strip().casefold() not in _NO_ERROR_TEXTS
    return bool(value)


def _is_error_code(value: Any) -> bool:
    """Return whether a code is that of an error; 0 and 000, for example, mean success."""
    return _is_error(value) and to_integer(value) != 0


def _is_failed_count(value: Any) -> bool:
    number = to_integer(value)
    if number is None:
        return _is_error(value)
    return number != 0


def _is_failed_state(value: Any) -> bool:
    """Return whether a state, which is a string or a flag, means failure."""
    return value is False or (isinstance(value, str) and _reports_failure(value))


def _is_error_status(value: Any) -> bool:
    """Return whether a status code, which services repeat in the document, is that of an error (RFC 9457, 3.1.2)."""
    return 400 <= (to_integer(value) or 0) < 600


def _is_error_number(value: Any) -> bool:
    """Return whether a number is the status code of an error. Codes in strings have too many other meanings."""
    return not isinstance(value, str) and _is_error_status(value)


def _reports_failure(text: str) -> bool:
    words = _CAMEL_CASE.sub(" ", text[:_MAX_TEXT]).replace("_", " ").replace("-", " ")
    return bool(_FAILURE_WORDS.search(_NO_ROWS.sub("0", " ".join(words.split()))))


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _count_names() -> frozenset[str]:
    """Return the names of counts of failures, such as failed, errorCount, failedContacts and rowsRejected."""
    failures = (
        "failed",
        "failure",
        "failures",
        "error",
        "errors",
        "rejected",
        "refused",
        "invalid",
    )
    counted = (
        *(
            "count",
            "total",
            "num",
            "number",
            "numberof",
            "rows",
            "records",
            "contacts",
            "users",
            "people",
            "persons",
        ),
        *("entries", "items", "lines", "hosts", "recipients", "employees", "imports"),
    )
    pairs = itertools.product(failures, counted)
    single = ("failed", "rejected", "refused", "invalid")
    return frozenset((*single, *(name for a, b in pairs for name in (f"{a}{b}", f"{b}{a}"))))


# Names are compared in lowercase, without underscores and hyphens: is_success and isSuccess are the same.
_SIGNS: tuple[tuple[AbstractSet[str], Callable[[Any], bool], str], ...] = (
    (_names("success issuccess issuccessful ok isok"), _is_false, "is not true"),
    (
        _names(
            "successful succeeded valid isvalid accepted imported processed saved uploaded complete completed done"
            " finished authenticated authorized"
        ),
        _is_denied,
        "is false",
    ),
    (
        _names(
            "error errors errormessage errormessages errordescription errordetails exception exceptions failure"
            " failures fault faults failedrows failedrecords rejectedrows invalidrows haserror haserrors iserror"
            " errormsg errmsg errortext faultstring"
        ),
        _is_error,
        "has a value",
    ),
    (_names("errorcode errcode errno errornumber faultcode"), _is_error_code, "is not 0"),
    (_count_names(), _is_failed_count, "is not 0"),
    (
        _names("status state result outcome importstatus importstate"),
        _is_failed_state,
        "reports a failure",
    ),
    (_names("status statuscode httpstatus"), _is_error_status, "is an error status code"),
    (_names("code"), _is_error_number, "is an error status code"),
)
_COUNT_SIGN = _count_names() | {"errors", "error", "failures"}
# Members that refer to other resources.
_LINKS = _names("links link urls self href")


def find_failure_sign(
    document: Document, explained: AbstractSet[Path] = frozenset(), refused: int = 0
) -> str:
    """Return the first sign that the upload failed, for an error message; empty if there is none.

    The search covers the members of the document, of the objects directly in it, and of the objects in lists at these
    two levels. Counts and row results are not deeper than that, even in a wrapper such as ``data``. Deeper values
    usually describe other things, such as the contacts.

    :param explained: paths of values whose meaning the options define.
    :param refused: number of rows that are known to be rejected. A count of failures up to this number is not a
        further sign.
    """
    value = document.value
    if document.kind not in (JSON, TEXT) or () in explained:
        return ""
    if document.media_type == _PROBLEM_TYPE:
        return "its media type is that of an error (RFC 9457)"
    if isinstance(value, str):
        return "it reports a failure" if _reports_failure(value) or _is_false(value) else ""
    if isinstance(value, Mapping):
        signs = _signs_in_object(value, (), explained, refused)
        return next(signs, "") or _find_message_sign(value, explained)
    if isinstance(value, list):
        return next(_signs_in_list(value, (), explained, refused), "")
    return "" if value is True else "it is neither an object, a list nor a string"


def _signs_in_object(
    members: Mapping[str, Any], path: Path, explained: AbstractSet[Path], refused: int
) -> Iterator[str]:
    """Yield the signs of failure in the object at a path."""
    for name, value in members.items():
        member = (*path, name)
        if member in explained or _fold_name(name) in _LINKS:
            continue
        if sign := _explain_member(name, value, refused):
            yield sign
        if isinstance(value, Mapping) and not path:
            yield from _signs_in_object(value, member, explained, refused)
        elif isinstance(value, list) and len(path) < 2:
            yield from _signs_in_list(value, member, explained, refused)


def _find_message_sign(members: Mapping[str, Any], explained: AbstractSet[Path]) -> str:
    """Return the reason why the message in a document is a sign of failure; empty if it is not.

    A success flag is more reliable than a message, and so are the values whose meaning the options define.
    """
    if any(_fold_name(name) in _SIGNS[0][0] for name in members):
        return ""
    for name, value in members.items():
        path = (_fold_name(name),)
        if path in MESSAGE_PATHS and path not in explained and _is_failed_state(value):
            return f"{name} reports a failure"
    return ""


def _signs_in_list(
    items: list[Any], path: Path, explained: AbstractSet[Path], refused: int
) -> Iterator[str]:
    """Yield the signs of failure in the items of the list at a path."""
    for index, item in enumerate(items):
        if isinstance(item, Mapping):
            # Padding makes the path so long that objects and lists in the item are not searched.
            yield from _signs_in_object(item, (*path, str(index), ""), explained, refused)
        elif not path:
            yield "it is a list of values of unknown meaning"


def _explain_member(name: str, value: Any, refused: int) -> str:
    """Return the reason why a member of an object is a sign of failure; empty if it is not."""
    folded = _fold_name(name)
    for names, is_sign, reason in _SIGNS:
        if folded in names and is_sign(value):
            number = to_integer(value)
            if folded in _COUNT_SIGN and number is not None and 0 < number <= refused:
                return ""
            return f"{name} {reason}"
    return ""


def _fold_name(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()
