# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The HTTPS client: one upload, in as many attempts as are permitted; one answer, or an error that says why.

Redirects are not followed, and the credential goes to the given URL alone.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timezone
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from .._hosts import is_host
from .body import Body, Content, ShrunkError
from .endpoint import Endpoint
from .failure import Failure, classify_failure, shrunk, timed_out
from .library import requests, urllib3
from .response_body import ResponseBody, read_body
from .retry import outcome_is_unknown, seconds_asked, wait_before_next
from .status import ServiceError
from .transport import UploadSession, authorization, proxy_host, service_context, verification
from .watchdog import Watchdog

_PIECE = 64 << 10


class Response(NamedTuple):
    """What came back.

    :ivar status: HTTP status code (RFC 9110, 15).
    :ivar reading: the beginning of the body, and why it is not all of it.
    :ivar retry_after: seconds that the service asked to wait; None when it did not.
    :ivar location: where a redirect leads.
    :ivar attempts: how many were made.
    :ivar may_be_accepted: whether any attempt may have been accepted although the response does not say so.
    """

    status: int
    reading: ResponseBody
    retry_after: float | None = None
    location: str = ""
    attempts: int = 1
    may_be_accepted: bool = False


def send(
    endpoint: Endpoint,
    file_name: str,
    content: Content,
    sleep: Callable[[float], object] = time.sleep,
) -> Response:
    """Upload one file.

    :param file_name: what it is called in a form.
    :param sleep: waits between attempts, by a clock that does not jump.
    :raises ServiceError: when no answer came, or a redirect.
    :raises InputError: when a file with certificates or the key cannot be used.
    """
    context = service_context(endpoint.tls)
    attempt, may_be_accepted = 1, False
    while True:
        came = _attempt(endpoint, context, file_name, content)
        ended, asked = (
            (came.ended, None) if isinstance(came, Failure) else (came.status, came.retry_after)
        )
        # What an earlier attempt may have left there, a later one that is refused does not take back.
        may_be_accepted = may_be_accepted or outcome_is_unknown(ended)
        wait = wait_before_next(endpoint.retries, endpoint.method, attempt, ended, asked)
        if wait is None:
            return _final(endpoint, came, attempt, may_be_accepted)
        sleep(wait)
        attempt += 1


def _final(
    endpoint: Endpoint, came: Response | Failure, attempts: int, may_be_accepted: bool
) -> Response:
    """The last attempt's reply, or the error that it ended in.

    :raises ServiceError: when there is no reply, or a redirect.
    """
    if isinstance(came, Failure):
        error = ServiceError(endpoint.action, *came.diagnosis)
    elif 300 <= came.status < 400:
        error = ServiceError(
            endpoint.action,
            f"it answered with a redirect to {_host_of(came.location)}",
            "Give the final address in url",
        )
    else:
        return came._replace(attempts=attempts, may_be_accepted=may_be_accepted)
    error.attempts, error.may_be_accepted = attempts, may_be_accepted
    raise error


def _attempt(
    endpoint: Endpoint, context: ssl.SSLContext, file_name: str, content: Content
) -> Response | Failure:
    """Send the file once."""
    with (
        Watchdog(endpoint.timeout) as watchdog,
        UploadSession(endpoint, context, watchdog) as session,
    ):
        body = Body(endpoint.body, file_name, content, watchdog.progress)
        try:
            reply = _exchange(endpoint, session, body)
        except ShrunkError as error:
            return shrunk(error.missing)
        except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError) as error:
            if not watchdog.expired:
                return classify_failure(error, sent=body.started, proxy=proxy_host(endpoint))
    # An answer without a length may look whole when it was cut.
    return timed_out(sent=body.started) if watchdog.expired else reply


def _exchange(endpoint: Endpoint, session: UploadSession, body: Body) -> Response:
    """Send the request and read the answer."""
    credential = endpoint.credential
    params = list(endpoint.params)
    if credential.token_param:
        params.append((credential.token_param, credential.token))
    response = session.request(
        endpoint.method,
        endpoint.url,
        params=params,
        data=body,
        headers={
            "Accept": "application/json",
            # What is not packed cannot unpack to more than was read.
            "Accept-Encoding": "identity",
            **dict(endpoint.headers),
            "Content-Type": body.content_type,
        },
        auth=authorization(credential),
        timeout=endpoint.timeout,
        verify=verification(endpoint.tls),
        allow_redirects=False,
        stream=True,
    )
    headers = response.headers
    asked = seconds_asked(
        headers.get("Retry-After"), headers.get("Date"), datetime.now(timezone.utc)
    )
    return Response(
        response.status_code,
        _read(response.raw, headers.get("Content-Encoding", "")),
        asked,
        headers.get("Location", ""),
    )


def _read(raw: Any, encoding: str) -> ResponseBody:
    """Read the answer's body.

    :param raw: the answer as urllib3 has it.
    :raises urllib3.exceptions.ProtocolError: when it ends before its time.
    """
    reading = read_body(raw.stream(_PIECE, decode_content=False), encoding)
    # urllib3 1.26 leaves it to others to see that a part is missing.
    if not reading.problem and raw.length_remaining:
        raise urllib3.exceptions.ProtocolError(
            "cut short", urllib3.exceptions.IncompleteRead(len(reading.body), raw.length_remaining)
        )
    return reading


def _host_of(location: str) -> str:
    with suppress(ValueError):
        host = urlsplit(location).hostname
        if not host or is_host(host):
            return host or "itself"
    return "a malformed address"
