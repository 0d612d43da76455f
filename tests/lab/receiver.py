# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lab's front-desk service: takes a file of contacts over HTTPS and is strict about it.

POST multipart/form-data with the one field `file` (text/csv), and the token in a header, unless a
`ServiceBehavior` says otherwise. What it answers, always as JSON:

200  the file replaced what was known: {"counts": {received, added, updated, removed}, "errors": []}
422  rows are wrong, nothing was taken: {"counts": ..., "errors": [{"row", "column", "error"}]}
400  the form or the file as a whole is wrong; 401 the token; 404 the path; 405 the method; 411 no
     Content-Length; 413 too large; 415 a media type: {"error": "..."}
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
from dataclasses import asdict, dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from tests.lab.process_supervisor import ProcessSupervisor
from tests.lab.roster_validator import Contact, Counts, InvalidFileError, RosterValidator
from tests.lab.server import Request, Response, https_server
from tests.lab.upload import RejectedRequestError, extract_upload

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from tests.lab.authority import Authority, Certificate

RECEPTIONIST = Path(__file__).parents[2] / "roles/contact_sync/vars/profiles/receptionist.yml"
PATH = "/contacts"
FIELD = "file"


@dataclass(frozen=True)
class ServiceBehavior:
    """How a service wants its files, where that differs from one to the next."""

    method: str = "POST"
    raw: bool = False
    """Whether the file is the body itself, as text/csv."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """What the form's further fields must hold."""
    flags: Mapping[str, str] = field(default_factory=dict)
    """What the query must hold."""
    token_param: str | None = None
    """The query's parameter that holds the token; None for a header."""
    is_basic: bool = False
    """Whether the token is the user name of HTTP Basic, without a password."""
    client_name: str | None = None
    """The common name in the client's certificate; without a token, it is all that counts."""
    requires_token: bool = True


@dataclass
class Receiver:
    """A running service, what it has taken so far, and how to make it misbehave.

    Its attributes may be read while it works; its methods may be called from any thread.
    """

    validator: RosterValidator
    ca_file: Path
    log_file: Path
    """All it logged: methods, paths, statuses, counts, headers' names. Never a header's value."""
    token: str = field(repr=False)
    token_header: str = "Authorization"
    token_prefix: str = "Bearer "
    behavior: ServiceBehavior = field(default_factory=ServiceBehavior)
    url: str = ""
    history: list[list[Contact]] = field(default_factory=list)
    """What each accepted upload held, the oldest first."""
    requests: int = 0
    """How many requests came, refused ones included."""
    _queued: deque[Response] = field(default_factory=deque, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _held: tuple[threading.Event, threading.Event] | None = field(default=None, repr=False)

    @property
    def contacts(self) -> list[Contact]:
        """What the last accepted upload held."""
        return self.history[-1] if self.history else []

    @property
    def uploads(self) -> int:
        """How many uploads were accepted."""
        return len(self.history)

    def queue_response(
        self,
        status: int,
        body: Mapping[str, Any] | bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Answer the next request so, whatever it holds; several calls queue up."""
        self._queued.append(Response(status, {} if body is None else body, dict(headers or {})))

    def redirect(self, target: str, status: int = HTTPStatus.TEMPORARY_REDIRECT) -> None:
        """Send the next request somewhere else."""
        self.queue_response(status, headers={"Location": target})

    @contextlib.contextmanager
    def hold(self) -> Iterator[threading.Event]:
        """Keep requests waiting for their response until the block ends.

        Yields an event that is set as soon as a request waits.
        """
        arrived, released = threading.Event(), threading.Event()
        self._held = (arrived, released)
        try:
            yield arrived
        finally:
            self._held = None
            released.set()

    def respond(self, request: Request) -> Response:
        """Answer a request and log both."""
        if held := self._held:
            arrived, released = held
            arrived.set()
            released.wait()
        with self._lock:
            self.requests += 1
            response = self._queued.popleft() if self._queued else self._evaluate(request)
            self._log(request, response)
        return response

    def _evaluate(self, request: Request) -> Response:
        try:
            self._check_request(request)
            return self._replace_contacts(self.validator.read(self._extract_file(request)))
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
        """Look at everything but the body."""
        if request.path != PATH:
            raise RejectedRequestError(HTTPStatus.NOT_FOUND, "there is nothing here")
        if request.method != self.behavior.method:
            problem = f"only {self.behavior.method} is taken here"
            raise RejectedRequestError(HTTPStatus.METHOD_NOT_ALLOWED, problem)
        if not self._is_authenticated(request):
            raise RejectedRequestError(HTTPStatus.UNAUTHORIZED, "the token is missing or wrong")
        flags = {name: text for name, text in request.query.items() if name in self.behavior.flags}
        if flags != dict(self.behavior.flags):
            raise RejectedRequestError(HTTPStatus.BAD_REQUEST, "flags are missing or wrong")
        if request.problem is not None:
            raise RejectedRequestError(request.problem, request.problem.description)

    def _extract_file(self, request: Request) -> bytes:
        content_type = request.headers.get("Content-Type", "")
        if not self.behavior.raw:
            return extract_upload(content_type, request.body, FIELD, self.behavior.fields)
        if content_type.partition(";")[0] != "text/csv":
            raise RejectedRequestError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "it must be text/csv")
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
        """Replace everything known, or nothing if one row is wrong."""
        if errors := self.validator.check(contacts):
            refused = {
                "counts": asdict(Counts(received=len(contacts))),
                "errors": [asdict(error) for error in errors],
            }
            return Response(HTTPStatus.UNPROCESSABLE_ENTITY, refused)
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
        """Write a line into the log."""
        # A thread that served a slow client may end later than the service and its directory.
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
    profile: Path | Mapping[str, Any] = RECEPTIONIST,
    location_header: str = "Location",
    token_header: str = "Authorization",
    token_prefix: str = "Bearer ",
    certificate: Certificate | None = None,
    tls_maximum: ssl.TLSVersion = ssl.TLSVersion.MAXIMUM_SUPPORTED,
    behavior: ServiceBehavior | None = None,
) -> Iterator[Receiver]:
    """Run the service on a free port of 127.0.0.1, with a new token.

    :param locations: the identifiers of the account's locations.
    :param profile: a profile's file, or its data.
    :param location_header: the title of the location's column, if the profile does not fix it.
    :param certificate: what it shows instead of a certificate for localhost and 127.0.0.1.
    :param tls_maximum: the newest TLS version it speaks; the oldest is 1.2.
    :param behavior: how it wants its files; with a client's name in it, it asks for certificates.
    """
    behavior = behavior or ServiceBehavior()
    if isinstance(profile, Path):
        data: Mapping[str, Any] = yaml.safe_load(profile.read_text(encoding="utf-8"))
    else:
        data = profile
    certificate = certificate or authority.issue("localhost", "127.0.0.1")
    with ProcessSupervisor() as supervisor:
        service = Receiver(
            validator=RosterValidator.from_profile(data, locations, location_header),
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
