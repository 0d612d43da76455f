# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lab's front-desk service, which accepts a CSV file of contacts over HTTPS and validates it strictly.

By default, it expects a POST request with the form field `file` (multipart/form-data, text/csv) and a token in a
header. `ServiceBehavior` can change this. The response body is JSON:

200  All contacts were replaced: {"counts": {received, added, updated, removed}, "errors": []}
422  Some rows are invalid, and nothing was changed: {"counts": ..., "errors": [{"row", "column", "error"}]}
400  The query, the form or the file is invalid: {"error": "..."}. Other errors have a body of the same form: 401 for
     invalid credentials or headers, 404 for an unknown path, 405 for a wrong method, 411 for a missing
     Content-Length, 413 for a body that is too large, and 415 for an unsupported media type.
"""

from __future__ import annotations

import base64
import contextlib
import hmac
import json
import secrets
import ssl
import threading
from collections import deque
from dataclasses import asdict, dataclass, field, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from tests.lab.process_supervisor import ProcessSupervisor
from tests.lab.roster_validator import (
    RECEPTIONIST,
    Contact,
    Counts,
    InvalidFileError,
    RosterValidator,
)
from tests.lab.server import Request, Response, https_server
from tests.lab.upload import RejectedRequestError, extract_upload

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from tests.lab.authority import Authority, Certificate

PATH = "/contacts"
FIELD = "file"


@dataclass(frozen=True, kw_only=True)
class ServiceBehavior:
    """Request format and authentication of a service, which vary between front-desk services."""

    method: str = "POST"
    """HTTP method of uploads."""
    raw: bool = False
    """Whether the body is the CSV file instead of a form."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """Required values of the other form fields."""
    flags: Mapping[str, str] = field(default_factory=dict)
    """Required query parameters and their values."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Required headers and their values, in addition to the token."""
    token_param: str | None = None
    """Query parameter that contains the token; None if the token is in a header."""
    is_basic: bool = False
    """Whether the token is sent as the user name of HTTP Basic authentication, without a password."""
    client_name: str | None = None
    """Required common name of the client certificate; None if no certificate is required."""
    requires_token: bool = True
    """Whether requests must contain a token; if false, requests with an Authorization header are rejected."""


@dataclass
class Receiver:
    """A running service, with the accepted uploads and with methods that simulate failures.

    The attributes can be read while the service runs, and the methods are thread-safe.
    """

    validator: RosterValidator
    ca_file: Path
    log_file: Path
    """Log file with methods, paths, status codes, counts, the names (but not the values) of headers, and failed
    connections."""
    token: str = field(repr=False)
    token_header: str = "Authorization"
    token_prefix: str = "Bearer "
    behavior: ServiceBehavior = field(default_factory=ServiceBehavior)
    url: str = ""
    history: list[list[Contact]] = field(default_factory=list)
    """Contacts of each accepted upload, the oldest first."""
    requests: int = 0
    """Number of requests, including rejected ones."""
    interim: Sequence[int] = ()
    """Status codes (1xx) of the interim responses before each response."""
    _queued: deque[tuple[Response, bool]] = field(default_factory=deque, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _held: tuple[threading.Event, threading.Event] | None = field(default=None, repr=False)

    @property
    def contacts(self) -> list[Contact]:
        """Contacts of the last accepted upload."""
        return self.history[-1] if self.history else []

    @property
    def uploads(self) -> int:
        """Number of accepted uploads."""
        return len(self.history)

    def queue_response(
        self,
        status: int,
        body: Mapping[str, Any] | bytes | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        is_processed: bool = False,
    ) -> None:
        """Queue a response for a later request.

        Requests receive the queued responses in order. The content of these requests is ignored, unless
        `is_processed` is true.

        :param status: status code.
        :param body: body; a mapping is encoded as JSON.
        :param headers: additional headers.
        :param is_processed: whether the request is processed even though its response is queued.
        """
        response = Response(status, {} if body is None else body, dict(headers or {}))
        self._queued.append((response, is_processed))

    def redirect(self, target: str, status: int = HTTPStatus.TEMPORARY_REDIRECT) -> None:
        """Queue a redirect.

        :param target: URL to which the client is redirected.
        :param status: status code.
        """
        self.queue_response(status, headers={"Location": target})

    @contextlib.contextmanager
    def hold(self) -> Iterator[threading.Event]:
        """Delay all responses until the end of the block.

        Yields an event that is set when a request has arrived.
        """
        arrived, released = threading.Event(), threading.Event()
        self._held = (arrived, released)
        try:
            yield arrived
        finally:
            self._held = None
            released.set()

    def respond(self, request: Request) -> Response:
        """Return the response to a request, and log the request and the response."""
        if held := self._held:
            arrived, released = held
            arrived.set()
            released.wait()
        with self._lock:
            self.requests += 1
            queued, is_processed = self._queued.popleft() if self._queued else (None, True)
            processed = self._evaluate(request) if is_processed else None
            response = queued or processed
            assert response is not None
            self._log(request, response)
        return replace(response, interim=self.interim)

    def _evaluate(self, request: Request) -> Response:
        try:
            self._check_request(request)
            return self._replace_contacts(self.validator.parse(self._extract_file(request)))
        except RejectedRequestError as error:
            headers = (
                {"Allow": self.behavior.method}
                if error.status == HTTPStatus.METHOD_NOT_ALLOWED
                else {}
            )
            return Response(error.status, {"error": str(error)}, headers)
        except InvalidFileError as error:
            return Response(HTTPStatus.BAD_REQUEST, {"error": str(error)})

    def _check_request(self, request: Request) -> None:
        """Check everything except the body.

        :raises RejectedRequestError: if the path, the method, the token or another part of the request is invalid.
        """
        if request.path != PATH:
            raise RejectedRequestError(HTTPStatus.NOT_FOUND, "unknown path")
        if request.method != self.behavior.method:
            problem = f"the method must be {self.behavior.method}"
            raise RejectedRequestError(HTTPStatus.METHOD_NOT_ALLOWED, problem)
        if not self._is_authenticated(request):
            raise RejectedRequestError(HTTPStatus.UNAUTHORIZED, "the token is missing or invalid")
        if any(request.headers.get(name) != text for name, text in self.behavior.headers.items()):
            raise RejectedRequestError(HTTPStatus.UNAUTHORIZED, "a header is missing or invalid")
        flags = {name: text for name, text in request.query.items() if name in self.behavior.flags}
        if flags != dict(self.behavior.flags):
            raise RejectedRequestError(
                HTTPStatus.BAD_REQUEST, "query parameters are missing or invalid"
            )
        if request.problem is not None:
            raise RejectedRequestError(request.problem, request.problem.description)

    def _extract_file(self, request: Request) -> bytes:
        content_type = request.headers.get("Content-Type", "")
        if not self.behavior.raw:
            return extract_upload(content_type, request.body, FIELD, self.behavior.fields)
        if content_type.partition(";")[0] != "text/csv":
            raise RejectedRequestError(
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "the body must be text/csv"
            )
        return request.body

    def _is_authenticated(self, request: Request) -> bool:
        behavior = self.behavior
        if behavior.client_name is not None and request.client != behavior.client_name:
            return False
        if not behavior.requires_token:
            return "Authorization" not in request.headers
        header = request.headers.get(self.token_header, "")
        given, expected = header, f"{self.token_prefix}{self.token}"
        if behavior.token_param is not None:
            given, expected = request.query.get(behavior.token_param, "") + header, self.token
        elif behavior.is_basic:
            expected = f"Basic {base64.b64encode(f'{self.token}:'.encode()).decode()}"
        return hmac.compare_digest(given.encode(), expected.encode())

    def _replace_contacts(self, contacts: list[Contact]) -> Response:
        """Replace all contacts, or none if a row is invalid."""
        if errors := self.validator.validate(contacts):
            body = {
                "counts": asdict(Counts(received=len(contacts))),
                "errors": [asdict(error) for error in errors],
            }
            return Response(HTTPStatus.UNPROCESSABLE_ENTITY, body)
        counts = self.validator.compare(self.contacts, contacts)
        self.history.append(contacts)
        return Response(HTTPStatus.OK, {"counts": asdict(counts), "errors": []})

    def _log(self, request: Request, response: Response) -> None:
        body: Mapping[str, Any] = {} if isinstance(response.body, bytes) else response.body
        line = {
            "method": request.method,
            "path": request.path,
            "headers": sorted(request.headers.keys()),
            "status": int(response.status),
            "counts": body.get("counts"),
        }
        self.write_log_line(json.dumps(line))

    def write_log_line(self, line: str) -> None:
        """Append a line to the log."""
        # The thread of a slow client can outlive the service and its directory.
        with (
            contextlib.suppress(FileNotFoundError),
            self.log_file.open("a", encoding="utf-8") as log,
        ):
            log.write(f"{line}\n")


@contextlib.contextmanager
def receiver(
    authority: Authority,
    *,
    locations: Collection[str],
    profile: Mapping[str, Any] = RECEPTIONIST,
    token_header: str = "Authorization",
    token_prefix: str = "Bearer ",
    certificate: Certificate | None = None,
    tls_maximum: ssl.TLSVersion = ssl.TLSVersion.MAXIMUM_SUPPORTED,
    behavior: ServiceBehavior | None = None,
) -> Iterator[Receiver]:
    """Run the service on a free port of 127.0.0.1, with a new token.

    :param locations: identifiers of the locations of the account.
    :param profile: columns with their rules, key and location column, as for `RosterValidator.from_profile`.
    :param token_header: name of the header that contains the token.
    :param token_prefix: prefix of the token in the header.
    :param certificate: certificate of the service; None to issue one for localhost and 127.0.0.1.
    :param tls_maximum: newest supported TLS version; the oldest is 1.2.
    :param behavior: request format and authentication; None for the default.
    """
    behavior = behavior or ServiceBehavior()
    certificate = certificate or authority.issue("localhost", "127.0.0.1")
    with ProcessSupervisor() as supervisor:
        service = Receiver(
            validator=RosterValidator.from_profile(profile, locations),
            ca_file=authority.ca_file,
            log_file=supervisor.write_file("receiver.log", ""),
            token=f"Tk7.{secrets.token_hex(16)}",
            token_header=token_header,
            token_prefix=token_prefix,
            behavior=behavior,
        )
        client_ca = authority.ca_file if behavior.client_name is not None else None
        with https_server(
            service.respond, service.write_log_line, certificate, tls_maximum, client_ca
        ) as port:
            service.url = f"https://localhost:{port}{PATH}"
            yield service
