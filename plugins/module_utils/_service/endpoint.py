# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a roster is sent, how, and what the answers hold: what the administrator decided, in parts."""

from __future__ import annotations

from dataclasses import dataclass

MULTIPART, RAW = "multipart", "raw"
"""The ways to put a file into a request: as a form's field, or as the body itself."""

CSV_TYPE = "text/csv; charset=utf-8"
"""Media type of a roster (RFC 4180)."""


@dataclass(frozen=True)
class Credential:
    """What the service knows the sender by. Of token and user name at most one is set; neither is printed.

    :ivar token: goes into a header or, with `token_param`, into the query.
    :ivar token_header: header that carries it.
    :ivar token_prefix: what stands before it in the header, such as ``Bearer``; empty for nothing.
    :ivar token_param: name of the query's parameter that carries it; empty for the header.
    :ivar username: of HTTP Basic (RFC 7617); empty for none.
    :ivar password: of HTTP Basic; may be empty.
    """

    token: str = ""
    token_header: str = ""
    token_prefix: str = ""
    token_param: str = ""
    username: str = ""
    password: str = ""

    def __repr__(self) -> str:
        # Neither a traceback nor a log may show it.
        return "Credential(...)"

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not be seen anywhere."""
        return tuple(secret for secret in (self.token, self.username, self.password) if secret)

    @property
    def option_names(self) -> str:
        """The options that make it up, for a remedy."""
        if self.username:
            return "url_username and url_password"
        if self.token_param:
            return "token and token_param"
        return "token, token_header and token_prefix" if self.token else "client_cert"


@dataclass(frozen=True)
class BodyFormat:
    """How the roster is put into the request.

    :ivar kind: MULTIPART or RAW.
    :ivar content_type: media type of the file.
    :ivar field_name: form field that holds the file.
    :ivar form_fields: further fields of the form, in order.
    """

    kind: str = MULTIPART
    content_type: str = CSV_TYPE
    field_name: str = "file"
    form_fields: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class TlsSettings:
    """What the connection must satisfy, and what this side shows of itself.

    :ivar ca_path: file with the certificates to trust; None for those of the system.
    :ivar validate_certs: whether the service's certificate is verified.
    :ivar client_cert: file with the certificate to show; None for none.
    :ivar client_key: file with its key; None when the certificate's file holds it.
    :ivar minimum_version: oldest version of TLS, ``1.2`` or ``1.3``.
    """

    ca_path: str | None = None
    validate_certs: bool = True
    client_cert: str | None = None
    client_key: str | None = None
    minimum_version: str = "1.2"


@dataclass(frozen=True)
class Retries:
    """How often what may be repeated is tried again.

    :ivar limit: how many attempts may follow the first.
    :ivar interval: seconds before the second attempt; each later wait is twice the one before.
    """

    limit: int = 3
    interval: int = 2


@dataclass(frozen=True)
class ResultFormat:
    """Where a JSON answer holds what.

    :ivar counts: path to an object of numbers, its keys parted by dots; ``.`` is the answer itself.
    :ivar refused: names of the counts that say how many contacts were not taken.
    :ivar errors: path to a list of objects, one for each row refused, or for each row with its status.
    :ivar row: key of the row's number in such an object.
    :ivar first_row: the number that the service gives the first row after the header.
    :ivar row_column: title of a column; `row` is then the key of the row's value in it, not of a number.
    :ivar column: key of the column's title.
    :ivar cause: key of the reason.
    :ivar status: key of a row's status; None when all rows that are listed were refused.
    :ivar accepted: statuses of rows that were taken; a row with any other was refused.
    """

    counts: str | None = None
    refused: tuple[str, ...] = ()
    errors: str | None = None
    row: str = "row"
    first_row: int = 1
    row_column: str | None = None
    column: str = "column"
    cause: str = "error"
    status: str | None = None
    accepted: tuple[str, ...] = ()


@dataclass(frozen=True)
class Endpoint:
    """Where a roster is sent, and how.

    :ivar url: https, or http to this host itself.
    :ivar method: POST, PUT or PATCH.
    :ivar params: what is added to the query, in order.
    :ivar headers: headers of the administrator's own.
    :ivar timeout: seconds to connect, for each piece of the roster, and for the whole answer.
    :ivar use_proxy: whether the environment's proxies count.
    :ivar accepted_statuses: statuses that mean acceptance; None for 200 to 299 without 202.
    """

    url: str
    method: str = "POST"
    params: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    credential: Credential = Credential()
    body: BodyFormat = BodyFormat()
    tls: TlsSettings = TlsSettings()
    retries: Retries = Retries()
    timeout: int = 60
    use_proxy: bool = True
    accepted_statuses: tuple[int, ...] | None = None

    def __repr__(self) -> str:
        # Its query may hold a secret.
        return f"Endpoint({self.url_without_query})"

    @property
    def url_without_query(self) -> str:
        """The URL without its query."""
        return self.url.partition("?")[0].partition("#")[0]

    @property
    def action(self) -> str:
        """How an error begins."""
        return f"Cannot upload to {self.url_without_query}"

    def accepts(self, status: int) -> bool:
        """Whether a status means that the service took the roster (RFC 9110, 15.3).

        202 says that it has yet to decide.
        """
        if self.accepted_statuses is not None:
            return status in self.accepted_statuses
        return 200 <= status < 300 and status != 202
