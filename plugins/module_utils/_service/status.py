# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an answer means for the roster: taken, taken in part, or not, and what to do then."""

from __future__ import annotations

from .._errors import Diagnosis, FrontdeskError
from .answer import Answer
from .endpoint import Endpoint
from .retry import MAX_RETRY_AFTER


class ServiceError(FrontdeskError):
    """The service could not be reached, or did not take the roster, or not all of it.

    :ivar attempts: how many were made.
    :ivar may_be_accepted: whether it may have taken the roster all the same.
    """

    attempts = 1
    may_be_accepted = False


_DOCUMENTATION = "the service's documentation"

# RFC 9110, 15, and what services use these for.
_STATUSES = {
    202: Diagnosis(
        "it may yet refuse the roster",
        "Check url and result against the service's documentation; to take it for accepted, put 202 into status_code",
    ),
    400: Diagnosis(
        "it cannot read the request",
        f"Compare method, body_format, field_name, form_fields, params and the columns with {_DOCUMENTATION}",
    ),
    401: Diagnosis(
        "it does not know the credential", "Check {credential}, and what the token may do"
    ),
    403: Diagnosis(
        "the credential does not permit this", "Check {credential}, and what the token may do"
    ),
    404: Diagnosis("nothing is there", "Check url"),
    405: Diagnosis("it does not take this method there", "Check url and method"),
    406: Diagnosis("it has no answer in JSON", "Check url, or set Accept in headers"),
    407: Diagnosis("a proxy asks for a password", "Check HTTPS_PROXY in the environment"),
    408: Diagnosis(
        "the roster did not arrive in time", "Check the network; the next run sends it again"
    ),
    409: Diagnosis(
        "it conflicts with what the service has or does",
        "Wait until another import has ended; the next run sends the roster again",
    ),
    410: Diagnosis("it is no longer there", "Check url"),
    411: Diagnosis("it wants a length that it was told", "Look for a proxy that changes requests"),
    412: Diagnosis("a condition does not hold", "Check headers"),
    413: Diagnosis(
        "the roster is too large for it",
        f"Look up the limit in {_DOCUMENTATION}; export fewer people",
    ),
    415: Diagnosis("it takes another media type", "Check body_format and content_type"),
    422: Diagnosis(
        "it refuses the content",
        f"Compare the columns with {_DOCUMENTATION}; with result.errors set, service.errors has the rows",
    ),
    425: Diagnosis("it is too early for it", "The next run sends the roster again"),
    429: Diagnosis(
        "it has had too many requests", "Run less often, or raise retries or retry_interval"
    ),
    502: Diagnosis(
        "the way to the service is disturbed",
        "It may have taken the roster; the next run sends it again",
    ),
    503: Diagnosis(
        "it is not available", "The service has a problem; the next run sends the roster again"
    ),
    504: Diagnosis(
        "the service behind it did not answer in time",
        "It may have taken the roster; the next run sends it again",
    ),
}


def explain_status(status: int) -> Diagnosis:
    """What a status means that no roster was accepted with, and what to do."""
    if status in _STATUSES:
        return _STATUSES[status]
    if status >= 500:
        return Diagnosis("", "The service has a problem; the next run sends the roster again")
    if 200 <= status < 300:
        return Diagnosis("", f"Check url, result and status_code against {_DOCUMENTATION}")
    return Diagnosis("", f"Look up the status in {_DOCUMENTATION}")


def answer_error(endpoint: Endpoint, answer: Answer) -> ServiceError | None:
    """Why an answer does not mean that all of the roster was accepted; None when it does."""
    status_text = f"it answered {answer.status}"
    if answer.refused_count:
        return _refused_rows_error(endpoint, answer, status_text)
    if not endpoint.accepts(answer.status):
        diagnosis = explain_status(answer.status)
        cause = f"{status_text} ({diagnosis.cause})" if diagnosis.cause else status_text
        remedy = diagnosis.remedy.format(credential=endpoint.credential.option_names)
        return ServiceError(endpoint.action, cause + _long_wait(answer), remedy)
    if answer.problem:
        return ServiceError(
            endpoint.action,
            f"{status_text}, but not with what result says: {answer.problem}; the roster counts as not accepted",
            f"Check url and result against {_DOCUMENTATION}",
        )
    return None


def _refused_rows_error(endpoint: Endpoint, answer: Answer, status_text: str) -> ServiceError:
    rows = "1 row" if answer.refused_count == 1 else f"{answer.refused_count} rows"
    counts = "nothing counts as accepted"
    if endpoint.accepts(answer.status) and answer.is_partial:
        counts = "the others count as accepted, and the next run sends all of it again"
    remedy = "Correct these people in the directory, or the columns"
    if answer.errors:
        remedy += "; service.errors has the rows"
    return ServiceError(endpoint.action, f"{status_text} and refused {rows}; {counts}", remedy)


def _long_wait(answer: Answer) -> str:
    if answer.retry_after is None or answer.retry_after <= MAX_RETRY_AFTER:
        return ""
    return f" and asks to wait {answer.retry_after:.0f} seconds, longer than a run waits"
