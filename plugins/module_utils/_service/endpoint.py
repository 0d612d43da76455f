# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Settings of an upload: the URL, the credential, and the formats of request and response."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import quote, unquote

MULTIPART, RAW = "multipart", "raw"
"""Kinds of request bodies: a form with the file in one of its fields, or the file itself."""

CSV_TYPE = "text/csv; charset=utf-8"
"""Media type of a roster (RFC 4180)."""

SUCCESS = "true"
"""Value of a flag that means success."""


@dataclass(frozen=True)
class Credential:
    """The credential for the service: a token, or a user name and a password.

    It is empty if an upload uses only a client certificate or `Endpoint.secrets`, or no credential at all.

    :ivar token: the token, sent in a header or, with `token_param`, in the query.
    :ivar token_header: name of the header that contains the token.
    :ivar token_prefix: text before the token in the header, such as ``Bearer``; empty if there is
        none.
    :ivar token_param: name of the query parameter that contains the token; empty if the token is
        sent in a header.
    :ivar username: user name for HTTP Basic authentication (RFC 7617); empty if there is none.
    :ivar password: password for HTTP Basic authentication; may be empty.
    :ivar is_anonymous: whether the service requires no credential.
    """

    token: str = ""
    token_header: str = ""
    token_prefix: str = ""
    token_param: str = ""
    username: str = ""
    password: str = ""
    is_anonymous: bool = False

    def __repr__(self) -> str:
        # Keeps secrets out of tracebacks and logs.
        return "Credential(...)"

    @property
    def secrets(self) -> tuple[str, ...]:
        """The values that must not appear in any output.

        A user name without a password is usually an API key.
        """
        username = "" if self.password else self.username
        return tuple(secret for secret in (self.token, username, self.password) if secret)

    @property
    def option_names(self) -> str:
        """The names of the options that define the credential, for use in a remedy; empty without a credential."""
        if self.username:
            return "O(url_username) and O(url_password)"
        if self.token_param:
            return "O(token) and O(token_param)"
        return "O(token), O(token_header) and O(token_prefix)" if self.token else ""


MIN_SECRET_LENGTH = 6
"""Minimum length of a `Secret`, and of a credential that must not occur in other options.

A shorter one might occur in them by chance.
"""

HEADER, QUERY, FORM = "header", "query", "form"
"""Parts of a request that can contain a secret."""


@dataclass(frozen=True)
class Secret:
    """A secret that is sent in addition to the credential, or instead of it.

    :ivar name: name of the header, the query parameter or the form field.
    :ivar place: HEADER, QUERY or FORM.
    :ivar value: the secret.
    """

    name: str
    place: str
    value: str

    def __repr__(self) -> str:
        # Keeps secrets out of tracebacks and logs.
        return f"Secret({self.name!r}, {self.place!r}, ...)"


@dataclass(frozen=True)
class BodyFormat:
    """The format of the request body.

    :ivar kind: MULTIPART or RAW.
    :ivar content_type: media type of the file.
    :ivar field_name: name of the form field that contains the file.
    :ivar form_fields: names and values of the other form fields, in order.
    """

    kind: str = MULTIPART
    content_type: str = CSV_TYPE
    field_name: str = "file"
    form_fields: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class TlsSettings:
    """The TLS settings of connections to the service.

    :ivar ca_path: file with the trusted certificates; None to trust those of the environment or of the system.
    :ivar validate_certs: whether to verify the service's certificate.
    :ivar client_cert: file with the client certificate; None if there is none.
    :ivar client_key: file with the private key; None if `client_cert` also contains the key.
    :ivar minimum_version: oldest permitted TLS version, ``1.2`` or ``1.3``.
    """

    ca_path: str | None = None
    validate_certs: bool = True
    client_cert: str | None = None
    client_key: str | None = None
    minimum_version: str = "1.2"


@dataclass(frozen=True)
class Retries:
    """The maximum number of retries and the delay between attempts.

    :ivar limit: maximum number of retries.
    :ivar interval: delay in seconds before the first retry; it doubles with each further retry,
        up to 60 seconds.
    """

    limit: int = 3
    interval: int = 2


@dataclass(frozen=True)
class ResultFormat:
    """The structure of the document in a response.

    :ivar success: path of a flag or a state that says whether the service accepted the roster; None if there is none.
        ``.`` also stands for the text of a document that is not JSON.
    :ivar success_values: values of `success` that mean acceptance.
    :ivar messages: paths of human-readable messages.
    :ivar counts: path of the object that contains the counts, as dot-separated keys; ``.`` for the
        document itself; None if there is no such object.
    :ivar refused: names of the counts that report rejected contacts.
    :ivar errors: path of the value that lists the refusals; None if there is no such value. It is usually a list that
        contains an object for each rejected row or, if `status` is set, for each row.
    :ivar row: key of the row number in each of these objects.
    :ivar first_row: number that the service assigns to the first row after the header.
    :ivar row_column: title of a column. If it is set, `row` is the key of the row's value in this
        column instead of the row number.
    :ivar column: key of the title of the column that caused the refusal.
    :ivar cause: key of the error message.
    :ivar status: key of the row's status; None if the list contains only rejected rows.
    :ivar accepted: statuses of accepted rows. A row with any other status was rejected.
    """

    success: str | None = None
    success_values: tuple[str, ...] = (SUCCESS,)
    messages: tuple[str, ...] = ()
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

    @property
    def confirms(self) -> bool:
        """Whether a document with this structure confirms that the service accepted the roster."""
        return bool(self.success or self.counts or self.errors)


@dataclass(frozen=True)
class Endpoint:
    """The upload endpoint of a service, and the request that it expects.

    :ivar url: URL of the endpoint. The scheme is https; http is allowed only for loopback
        addresses.
    :ivar method: POST, PUT or PATCH.
    :ivar params: names and values of additional query parameters, in order.
    :ivar headers: names and values of additional headers.
    :ivar credential: the credential to send.
    :ivar secrets: other secrets to send.
    :ivar body: the format of the request body.
    :ivar tls: the TLS settings.
    :ivar retries: the retry settings.
    :ivar timeout: timeout in seconds for establishing the connection, for sending each chunk of the
        roster, and for receiving the response.
    :ivar use_proxy: whether to use the proxies configured in the environment.
    :ivar public_names: names of headers, parameters and fields that do not contain credentials.
    :ivar accepted_statuses: status codes that can mean acceptance; None for the default.
    """

    url: str
    method: str = "POST"
    params: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    credential: Credential = Credential()
    secrets: tuple[Secret, ...] = ()
    body: BodyFormat = BodyFormat()
    tls: TlsSettings = TlsSettings()
    retries: Retries = Retries()
    timeout: int = 60
    use_proxy: bool = True
    public_names: tuple[str, ...] = ()
    accepted_statuses: tuple[int, ...] | None = None

    def __repr__(self) -> str:
        # Omits the query, which may contain a secret.
        return f"Endpoint({self.url_without_query})"

    @property
    def is_tls(self) -> bool:
        """Whether connections to the service use TLS."""
        return self.url.lower().startswith("https:")

    @property
    def url_without_query(self) -> str:
        """The URL without its query and fragment, for messages and the receipt.

        Each segment of the path that contains a secret of at least MIN_SECRET_LENGTH characters is masked.
        """
        address, separator, path = self.url.partition("://")
        path = path.partition("?")[0].partition("#")[0]
        return f"{address}{separator}{'/'.join(map(self._mask_segment, path.split('/')))}"

    def _mask_segment(self, segment: str) -> str:
        decoded = unquote(segment)
        forms = (segment, decoded, unquote(decoded))
        secrets = [secret for secret in self.secret_values if len(secret) >= MIN_SECRET_LENGTH]
        return "..." if any(secret in form for secret in secrets for form in forms) else segment

    @property
    def secret_values(self) -> tuple[str, ...]:
        """The values that must not appear in any output."""
        return (*self.credential.secrets, *(secret.value for secret in self.secrets))

    @property
    def secret_forms(self) -> frozenset[str]:
        """The secrets in the forms in which they can occur in options: unchanged, and percent-encoded as in a URL."""
        encoded = (quote(secret, safe="") for secret in self.secret_values)
        return frozenset((*self.secret_values, *encoded))

    @property
    def credential_options(self) -> str:
        """The object of *Check* in a remedy: the options that define the credentials."""
        if self.credential.is_anonymous:
            return "O(anonymous), and whether the service requires O(token)"
        options = (
            self.credential.option_names,
            "O(secrets)" if self.secrets else "",
            "O(client_cert)" if self.tls.client_cert else "",
        )
        return ", and ".join(each for each in options if each)

    @property
    def credential_noun(self) -> str:
        """The name of the credential in a message."""
        if self.credential.secrets or self.secrets or not self.tls.client_cert:
            return "credential"
        return "client certificate"

    @property
    def body_with_secrets(self) -> BodyFormat:
        """The format of the request body, including the form fields that contain secrets."""
        return replace(self.body, form_fields=(*self.body.form_fields, *self.secrets_in(FORM)))

    def secrets_in(self, place: str) -> tuple[tuple[str, str], ...]:
        """Return the names and values of the secrets in one part of the request: HEADER, QUERY or FORM."""
        return tuple(
            (secret.name, secret.value) for secret in self.secrets if secret.place == place
        )

    @property
    def action(self) -> str:
        """The action part of error messages."""
        return f"Cannot upload to {self.url_without_query}"
