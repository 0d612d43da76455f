# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An HTTP client that uploads a roster, with retries, and returns the response.

Redirects are not followed, and the credential is sent only to the configured URL.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

from .._version import VERSION
from .endpoint import HEADER, QUERY, Endpoint
from .failure import (
    Failure,
    Progress,
    classify_early_acceptance,
    classify_failure,
    classify_timeout,
    classify_truncation,
    is_certificate_rejected,
)
from .firewall import find_firewall
from .library import requests, urllib3
from .request_body import FileContent, RequestBody, TruncatedFileError
from .response import Response
from .response_body import INCOMPLETE_BODY, ResponseBody, read_body
from .retry import compute_retry_delay, is_outcome_unknown, parse_retry_after
from .status import UNSURE, ServiceError
from .tls_context import create_service_context, inspect_certificate
from .transport import (
    CredentialAuth,
    UploadSession,
    find_proxy_address,
    select_verify_argument,
)
from .watchdog import Watchdog

_CHUNK_SIZE = 64 << 10
# Some firewalls reject the default User-Agent of the requests library, because many attackers use it.
_USER_AGENT = f"frontdesk.contacts/{VERSION}"


def send_file(
    endpoint: Endpoint,
    file_name: str,
    content: FileContent,
    sleep: Callable[[float], object] = time.sleep,
) -> Response:
    """Upload a file, with retries.

    :param endpoint: the endpoint to which the file is sent.
    :param file_name: name of the file in a form.
    :param content: content of the file.
    :param sleep: function that waits for the given number of seconds between attempts.
    :raises ServiceError: if the last attempt receives no usable response.
    :raises InputError: if a certificate file or a key file cannot be used, or if a name is not allowed in a form.
    """
    context = create_service_context(endpoint.tls)
    attempt, may_be_accepted = 1, False
    started = time.monotonic()
    while True:
        result = _attempt(endpoint, context, file_name, content)
        outcome, retry_after = (
            (result.outcome, None)
            if isinstance(result, Failure)
            else (result.status, result.retry_after)
        )
        delay = compute_retry_delay(
            endpoint.retries, endpoint.method, attempt, outcome, retry_after
        )
        if delay is None:
            duration = time.monotonic() - started
            return _finish(endpoint, result, attempt, duration, may_be_accepted)
        # If the service may have accepted the roster in an earlier attempt, a later rejection does not
        # change that.
        may_be_accepted = may_be_accepted or _is_in_doubt(result)
        sleep(delay)
        attempt += 1


def _is_in_doubt(result: Response | Failure) -> bool:
    """Return whether the service may have accepted the roster in an attempt with the given result."""
    if isinstance(result, Failure):
        return is_outcome_unknown(result.outcome)
    return result.is_roster_sent and is_outcome_unknown(result.status)


def _finish(
    endpoint: Endpoint,
    result: Response | Failure,
    attempts: int,
    duration: float,
    may_be_accepted: bool,
) -> Response:
    """Return the response to the last attempt.

    :param may_be_accepted: whether the service may have accepted the roster in an earlier attempt.
    :raises ServiceError: if the last attempt received no usable response.
    """
    if not isinstance(result, Failure):
        return replace(
            result, attempts=attempts, duration=duration, may_be_accepted=may_be_accepted
        )
    error = ServiceError(endpoint.action, *result.diagnosis)
    error.report_attempts(attempts, duration)
    error.may_be_accepted = may_be_accepted or _is_in_doubt(result)
    if error.may_be_accepted:
        error.kind = UNSURE
    raise error


def _attempt(
    endpoint: Endpoint, context: ssl.SSLContext, file_name: str, content: FileContent
) -> Response | Failure:
    """Send the file once, and return the response or the failure."""
    with (
        Watchdog(endpoint.timeout) as watchdog,
        UploadSession(endpoint, context, watchdog) as session,
    ):
        body = RequestBody(endpoint.body_with_secrets, file_name, content, watchdog.restart_timer)
        try:
            result: Response | Exception = _exchange(endpoint, session, body)
        except TruncatedFileError as error:
            return classify_truncation(error.missing)
        except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError) as error:
            result = error
    progress = Progress(
        started=body.started,
        finished=body.finished,
        timeout=endpoint.timeout,
        is_tls=endpoint.is_tls,
    )
    if isinstance(result, Response):
        result = replace(result, is_roster_sent=body.started)
    if isinstance(result, Response) and result.status >= 400:
        # The status code alone determines the outcome, so the rest of the response may be missing.
        return replace(result, body=INCOMPLETE_BODY) if watchdog.expired else result
    # Without a Content-Length header, an interrupted response looks complete.
    if watchdog.expired:
        return classify_timeout(progress)
    if isinstance(result, Exception):
        return _classify_exception(endpoint, context, result, progress)
    if result.status < 300 and body.started and not body.finished:
        return classify_early_acceptance(result.status)
    return result


def _classify_exception(
    endpoint: Endpoint, context: ssl.SSLContext, error: Exception, progress: Progress
) -> Failure:
    """Classify an exception from requests or urllib3."""
    proxy = find_proxy_address(endpoint)
    verification = None
    # A rejected certificate can also be that of the proxy.
    if proxy is None and is_certificate_rejected(error):
        verification = inspect_certificate(endpoint, context)
    return classify_failure(error, progress, proxy, verification)


def _exchange(endpoint: Endpoint, session: UploadSession, body: RequestBody) -> Response:
    """Send the request and read the response."""
    credential = endpoint.credential
    params = [*endpoint.params, *endpoint.secrets_in(QUERY)]
    if credential.token_param:
        params.append((credential.token_param, credential.token))
    response = session.request(
        endpoint.method,
        endpoint.url,
        params=params,
        data=body,
        headers={
            "Accept": "application/json",
            # Without compression, the decoded content is not larger than the received data.
            "Accept-Encoding": "identity",
            "User-Agent": _USER_AGENT,
            **dict(endpoint.headers),
            **dict(endpoint.secrets_in(HEADER)),
            "Content-Type": body.content_type,
        },
        auth=CredentialAuth(credential),
        timeout=endpoint.timeout,
        verify=select_verify_argument(endpoint.tls),
        allow_redirects=False,
        stream=True,
    )
    headers = response.headers
    retry_after = parse_retry_after(
        headers.get("Retry-After"), headers.get("Date"), datetime.now(timezone.utc)
    )
    content = _read_response_body(response)
    return Response(
        status=response.status_code,
        body=content,
        content_type=headers.get("Content-Type", ""),
        retry_after=retry_after,
        location=headers.get("Location", ""),
        firewall=find_firewall(response.status_code, headers, content.content),
    )


def _read_response_body(response: Any) -> ResponseBody:
    """Read the body of a response.

    :param response: the response object of requests.
    :raises urllib3.exceptions.HTTPError: if the body is incomplete, unless the status already means a failure.
    """
    try:
        return _read_complete_body(response.raw, response.headers.get("Content-Encoding", ""))
    except urllib3.exceptions.HTTPError:
        if response.status_code < 400:
            raise
        return INCOMPLETE_BODY


def _read_complete_body(raw: Any, encoding: str) -> ResponseBody:
    """Read the body of a response, and check that it is complete.

    :param raw: the response object of urllib3.
    :raises urllib3.exceptions.HTTPError: if the body cannot be read completely.
    """
    body = read_body(raw.stream(_CHUNK_SIZE, decode_content=False), encoding)
    # urllib3 1.26 does not raise this exception itself.
    if not body.problem and raw.length_remaining:
        raise urllib3.exceptions.ProtocolError(
            "incomplete", urllib3.exceptions.IncompleteRead(len(body.content), raw.length_remaining)
        )
    return body
