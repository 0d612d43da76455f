# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The verdict on an answer: whether the service accepted the roster and, if not, why, and what to do."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from .._errors import Diagnosis
from .._text import format_count
from .answer import Answer
from .endpoint import Endpoint, ResultFormat
from .firewall import explain_firewall
from .redirect import explain_redirect
from .refusals import RefusalCause
from .retry import MAX_RETRY_AFTER, is_definite_rejection
from .status import (
    DOCUMENTATION,
    REFUSED,
    UNSURE,
    ServiceError,
    classify_status,
    explain_status,
)

CONFIRMED, UNCONFIRMED, PARTIAL = "confirmed", "unconfirmed", "partial"
REJECTED, UNKNOWN = "rejected", "unknown"
"""Outcomes of an upload.

CONFIRMED: the service accepted the roster, and the document in its response says so.
UNCONFIRMED: nothing in the response contradicts the acceptance, but the options do not define how to check a response.
PARTIAL: the service accepted all rows except those that it named.
REJECTED: the service has not accepted the roster.
UNKNOWN: the service might have accepted the roster, or a part of it.
"""

_LONG_DELAY_REMEDY = "Run less often, and wait for the requested delay before the next run"
_NOT_ACCEPTED = "the roster is treated as not accepted"
_SHOWN_CAUSES = 3
_SHOWN_LOCATIONS = 3
_MARKER = re.compile(r"\bO\(")


@dataclass(frozen=True)
class Verdict:
    """The verdict on an answer.

    :ivar outcome: CONFIRMED, UNCONFIRMED, PARTIAL, REJECTED or UNKNOWN.
    :ivar kind: kind of the failure; empty if the service accepted the complete roster.
    :ivar cause: reason for the failure; empty if the service accepted the complete roster.
    :ivar remedy: instruction for the administrator, without a full stop; empty if none is necessary.
    """

    outcome: str
    kind: str = ""
    cause: str = ""
    remedy: str = ""

    @property
    def is_accepted(self) -> bool:
        """Whether the service accepted the complete roster."""
        return self.outcome in (CONFIRMED, UNCONFIRMED)

    def error(self, endpoint: Endpoint) -> ServiceError | None:
        """Return the error that describes the failure; None if the service accepted the complete roster."""
        if self.is_accepted:
            return None
        error = ServiceError(endpoint.action, self.cause, self.remedy)
        error.kind = self.kind
        error.may_be_accepted = self.outcome == UNKNOWN
        return error


def decide(
    answer: Answer, endpoint: Endpoint, result_format: ResultFormat, *, is_in_doubt: bool = False
) -> Verdict:
    """Decide whether an answer means acceptance, rejection or an unknown outcome.

    An answer is an acceptance only if nothing in it contradicts acceptance. If any part of the roster was sent, every
    other answer leaves the outcome unknown, with these exceptions: a status code that means definite rejection and,
    with a status code that can mean success, a success flag that is false or a partial acceptance (see
    `Answer.is_partial`).

    :param is_in_doubt: whether the service may have accepted the roster in an earlier attempt. A rejection then leaves
        the outcome unknown.
    """
    is_success = answer.is_roster_sent and _is_success(answer.status, endpoint, result_format)
    diagnosis = _find_failure(answer, endpoint, result_format, is_success=is_success)
    if diagnosis is None:
        return Verdict(CONFIRMED if result_format.confirms else UNCONFIRMED)
    outcome, kind = _classify(answer, is_success=is_success)
    cause = diagnosis.cause
    if outcome == REJECTED and is_in_doubt:
        outcome = UNKNOWN
        kind = UNSURE if kind == REFUSED else kind
        cause += "; the outcome of an earlier attempt is unknown"
    if answer.message and answer.message not in (each.cause for each in answer.causes):
        also = " also" if any(each.cause or each.column for each in answer.causes) else ""
        cause += f". The service{also} reports: {_quote(answer.message)}"
    return Verdict(outcome, kind, cause, diagnosis.remedy)


def explain_acceptance(answer: Answer) -> str:
    """Return a message for the administrator about an acceptance that nothing confirms."""
    return (
        f"The roster is treated as accepted because the service returned HTTP {answer.status} with {answer.content}."
        " Nothing in the response confirms this. To check the response of each upload, describe it with O(result)"
        f" according to {DOCUMENTATION}."
    )


def _is_success(status: int, endpoint: Endpoint, result_format: ResultFormat) -> bool:
    """Return whether a status code can mean that the service accepted the roster (RFC 9110, 15.3).

    By default, 202 cannot, because the service has not yet processed the roster. 207 can only if the options describe
    the results of the rows (RFC 4918, 11.1).
    """
    if endpoint.accepted_statuses is not None:
        return status in endpoint.accepted_statuses
    if status == 207:
        return bool(result_format.status)
    return 200 <= status < 300 and status != 202


def _classify(answer: Answer, *, is_success: bool) -> tuple[str, str]:
    """Return the outcome and the kind of a failure."""
    if answer.refused_count:
        kind = REFUSED
    elif is_success:
        kind = REFUSED if answer.is_denied else UNSURE
    else:
        kind = classify_status(answer.status, answer.firewall)
    if is_success and answer.is_partial:
        return PARTIAL, kind
    if is_success and not answer.is_denied:
        return UNKNOWN, kind
    if answer.is_roster_sent and not is_success and not is_definite_rejection(answer.status):
        return UNKNOWN, kind
    return REJECTED, kind if answer.is_roster_sent or kind != UNSURE else REFUSED


def _find_failure(
    answer: Answer, endpoint: Endpoint, result_format: ResultFormat, *, is_success: bool
) -> Diagnosis | None:
    """Return the reason why an answer is not an acceptance of the complete roster; None if it is."""
    status_text = f"it returned HTTP {answer.status}"
    if 300 <= answer.status < 400:
        return _explain_redirect(answer, endpoint, status_text)
    if answer.refused_count:
        return _explain_refusals(answer, status_text, is_success=is_success)
    if not is_success:
        return _explain_status(answer, endpoint, status_text)
    return _check_document(answer, endpoint, result_format, status_text)


def _check_document(
    answer: Answer, endpoint: Endpoint, result_format: ResultFormat, status_text: str
) -> Diagnosis | None:
    """Return the reason why the document in a successful response is not an acceptance; None if it is."""
    if answer.is_denied:
        return Diagnosis(
            f"{status_text}, but {_name(result_format.success)} in its response is false",
            "Correct the cause that the service reports, or look it up in the service",
        )
    if answer.problem:
        return _explain_problem(answer, endpoint, result_format, status_text)
    if answer.failure_sign:
        return Diagnosis(
            f"{status_text}, but its response reports a failure or has an unknown meaning:"
            f" {answer.failure_sign}; {_NOT_ACCEPTED}",
            "Correct the cause that the service reports. If this response means that it accepted the roster,"
            f" describe it with O(result) according to {DOCUMENTATION}",
        )
    return None


def _name(path: str | None) -> str:
    return "the value" if path == "." else str(path)


def _explain_redirect(answer: Answer, endpoint: Endpoint, status_text: str) -> Diagnosis:
    cause, remedy = explain_redirect(
        answer.status, answer.redirect, answer.redirect_address, endpoint.credential_options
    )
    unknown = "" if is_definite_rejection(answer.status) else "; it might have accepted the roster"
    return Diagnosis(f"{status_text}, {cause}{unknown}", remedy)


def _explain_status(answer: Answer, endpoint: Endpoint, status_text: str) -> Diagnosis:
    if not answer.is_roster_sent and 200 <= answer.status < 300:
        return Diagnosis(
            f"{status_text} before the roster was sent",
            "Check O(url), and whether a proxy responded instead of the service",
        )
    diagnosis = explain_status(answer.status, endpoint)
    if answer.firewall:
        diagnosis = explain_firewall(answer.firewall, diagnosis)
    cause = f"{status_text} ({diagnosis.cause})" if diagnosis.cause else status_text
    remedy = diagnosis.remedy
    long_delay = _long_delay(answer)
    if long_delay and answer.status == 429:
        remedy = _LONG_DELAY_REMEDY
    return Diagnosis(cause + long_delay, remedy)


def _long_delay(answer: Answer) -> str:
    if answer.retry_after is None or answer.retry_after <= MAX_RETRY_AFTER:
        return ""
    return (
        f" and requested a delay of {answer.retry_after:.0f} seconds,"
        f" which is longer than the maximum of {MAX_RETRY_AFTER:.0f} seconds"
    )


def _explain_problem(
    answer: Answer, endpoint: Endpoint, result_format: ResultFormat, status_text: str
) -> Diagnosis:
    expected = "match O(result)" if result_format.confirms else "show that it accepted the roster"
    cause = (
        f"{status_text}, but the response does not {expected}: {answer.problem}; {_NOT_ACCEPTED}"
    )
    if answer.is_page:
        return Diagnosis(
            cause,
            f"Check O(url) and {endpoint.credential_options}: such a page usually comes from a login form, a proxy or"
            " a firewall",
        )
    return Diagnosis(cause, f"Check O(url) and O(result) against {DOCUMENTATION}")


def _explain_refusals(answer: Answer, status_text: str, *, is_success: bool) -> Diagnosis:
    count = answer.refused_count
    consequence = "no row is treated as accepted"
    if is_success and answer.is_partial:
        consequence = (
            "the other rows are treated as accepted, and the next run sends the whole roster again"
        )
    causes = _describe_causes(answer.causes, count)
    remedy = _refusal_remedy(answer)
    if answer.errors:
        remedy += "; see service.errors"
    return Diagnosis(
        f"{status_text} and rejected {format_count(count, 'row')}; {consequence}{causes}", remedy
    )


def _describe_causes(causes: Sequence[RefusalCause], count: int) -> str:
    """Return a sentence with the most frequent causes; empty if the response contains none."""
    named = [each for each in causes if each.cause or each.column]
    shown = [_describe_cause(each, count) for each in named[:_SHOWN_CAUSES]]
    if len(named) > _SHOWN_CAUSES:
        shown.append(f"{len(named) - _SHOWN_CAUSES} more in service.causes")
    return f". The service reports: {'; '.join(shown)}" if shown else ""


def _describe_cause(cause: RefusalCause, count: int) -> str:
    """Describe a cause, as in ``93 rows: Location: "is unknown", all at oslo-main``."""
    rows = "all rows" if cause.rows == count > 1 else format_count(cause.rows, "row")
    texts = [rows, cause.column, _quote(cause.cause) if cause.cause else ""]
    text = ": ".join(each for each in texts if each)
    if len(cause.locations) == 1 and cause.locations[0][1] == cause.rows:
        only = "all at " if cause.rows > 1 else "at "
        return f"{text}, {only}{cause.locations[0][0]}"
    shown = [f"{location} {rows}" for location, rows in cause.locations[:_SHOWN_LOCATIONS]]
    if len(cause.locations) > _SHOWN_LOCATIONS:
        shown.append("others")
    return f"{text} ({', '.join(shown)})" if shown else text


def _refusal_remedy(answer: Answer) -> str:
    """Return the remedy for the cause with the most rows."""
    cause = answer.causes[0] if answer.causes else None
    if cause is not None and _concerns_location(cause, answer.location_column):
        names = [location for location, _count in cause.locations[:_SHOWN_LOCATIONS]]
        identifiers = "identifiers" if len(names) != 1 else "identifier"
        return (
            f"Compare the location {' '.join([identifiers, ', '.join(names)]).strip()} with the locations of"
            " the account in the service"
        )
    if cause is not None and cause.column in answer.header:
        return f"Correct the values of {cause.column} in the directory, or the definition of this column"
    return "Correct the directory entries of the rejected contacts, or correct the columns"


def _concerns_location(cause: RefusalCause, location_column: str) -> bool:
    """Return whether a cause names the location column, or names no column but mentions a location."""
    if cause.column:
        return cause.column == location_column
    return bool(re.search(r"\blocations?\b", cause.cause, re.IGNORECASE))


def _quote(text: str) -> str:
    """Quote a message of the service, without anything that looks like the marker of an option."""
    text = _MARKER.sub("O (", text.replace('"', "'"))
    # Omit the full stop at the end of a sentence, but not the end of a mask.
    text = text[:-1] if re.search(r"[^.]\.$", text) else text
    return f'"{text}"'
