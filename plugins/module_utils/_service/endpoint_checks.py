# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All of an endpoint that can be seen to be wrong without the service, before anything is read or sent."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from urllib.parse import parse_qsl, urlsplit

from .._errors import InputError
from .._hosts import check_timeout, is_host, is_loopback
from .._text import SURROGATE
from .credential_names import is_credential_name
from .endpoint import RAW, Credential, Endpoint, Retries, TlsSettings
from .request_body import check_form_name

# RFC 9110, 5.6.2.
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
# A type and a subtype with parameters (RFC 9110, 8.3.1).
_MEDIA_TYPE = re.compile(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+(?:\s*;\s*[\w-]+=(?:[\w.+-]+|\"[^\"\\]*\"))*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
# Those that say how this client talks; with others it would say something else than it does.
_RESERVED_HEADERS = frozenset(
    {
        *("accept-encoding", "connection", "content-encoding", "content-length", "content-type"),
        *("expect", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"),
    }
)
_CONTROL_REMEDY = "Look for a line break or a space at its end"
_HEADER_CAUSE = "it holds characters that no HTTP header can hold"
_MIN_SECRET_LENGTH = 6

Pairs = Iterable[tuple[str, str]]


def check_endpoint(endpoint: Endpoint) -> None:
    """Check all that can be checked without the service.

    :raises InputError: for what cannot be used, contradicts, or would cross a network in clear.
    """
    _check_encoding(endpoint)
    _check_url(endpoint)
    _check_credential(endpoint)
    _check_body(endpoint)
    _check_headers(endpoint)
    _check_exposed_credentials(endpoint)
    _check_tls(endpoint)
    check_timeout("timeout", endpoint.timeout)
    _check_retries(endpoint.retries)
    for status in endpoint.accepted_statuses if endpoint.accepted_statuses is not None else ():
        if not 200 <= status < 300:
            raise InputError(
                f"Cannot use status_code {status}",
                "by any status but 200 to 299 a service says that it has not taken the roster",
                "Name those that mean acceptance",
            )
    if endpoint.accepted_statuses == ():
        raise InputError("Cannot use status_code", "it is empty", "Name a status, or leave it out")


def _check_encoding(endpoint: Endpoint) -> None:
    """See that all of it is text: a variable of the environment may hold any bytes (PEP 383)."""
    credential = endpoint.credential
    for option, texts in (
        ("url", (endpoint.url,)),
        ("token", (credential.token,)),
        ("url_username", (credential.username,)),
        ("url_password", (credential.password,)),
        ("params", itertools.chain(*endpoint.params)),
        ("form_fields", itertools.chain(*endpoint.body.form_fields)),
    ):
        if any(map(SURROGATE.search, texts)):
            raise InputError(f"Cannot use {option}", "it is not in UTF-8", "Give it in UTF-8")


def _check_url(endpoint: Endpoint) -> None:
    try:
        parts = urlsplit(endpoint.url)
        # Asking for the port is what finds one that is no number.
        host = parts.hostname if parts.port is None or parts.port else None
    except ValueError:
        parts, host = urlsplit(""), None
    if (
        parts.scheme not in ("https", "http")
        or not host
        or not is_host(host)
        or _CONTROL.search(endpoint.url)
        or " " in endpoint.url
    ):
        raise InputError(
            "Cannot use the url", "it is not of the form https://HOST/PATH", "Correct url"
        )
    if parts.username or parts.password:
        raise InputError(
            "Cannot use the url",
            "it holds a user name or a password",
            "Use token, or url_username and url_password",
        )
    if parts.scheme == "http" and not is_loopback(host):
        raise InputError(
            f"Cannot upload to http://{host}",
            "people's data would cross the network in clear",
            "Use https://",
        )


def _check_credential(endpoint: Endpoint) -> None:
    credential = endpoint.credential
    if not (credential.token or credential.username or endpoint.tls.client_cert):
        raise InputError(
            "Cannot upload",
            "no credential is given",
            "Set token, or FRONTDESK_TOKEN in the environment; or url_username; or client_cert",
        )
    _check_conflicts(credential)
    if credential.token_param:
        if _CONTROL.search(credential.token):
            raise InputError("Cannot use token", "it holds control characters", _CONTROL_REMEDY)
        return
    if credential.token:
        _check_header_name("token_header", credential.token_header)
        for option, value in (
            ("token", credential.token),
            ("token_prefix", credential.token_prefix),
        ):
            _check_header_value(option, value)
    for option, value in (
        ("url_username", credential.username),
        ("url_password", credential.password),
    ):
        # RFC 7617, 2: the user name ends at the colon; neither holds control characters.
        if _CONTROL.search(value) or (option == "url_username" and ":" in value):
            raise InputError(
                f"Cannot use {option}",
                "it holds a colon or control characters",
                _CONTROL_REMEDY,
            )


def _check_conflicts(credential: Credential) -> None:
    for wrong, action, answer, remedy in (
        (
            credential.token and credential.username,
            "Cannot use token and url_username together",
            "each is a credential of its own",
            "Leave one out; FRONTDESK_TOKEN and FRONTDESK_URL_USERNAME in the environment count, too",
        ),
        (
            credential.password and not credential.username,
            "Cannot use url_password",
            "it is given without url_username",
            "Set url_username; a key without a password goes there",
        ),
        (
            credential.token_param and not credential.token,
            "Cannot use token_param",
            "it is given without token",
            "Set token, or FRONTDESK_TOKEN in the environment",
        ),
        (
            credential.token_param
            and (
                credential.token_prefix
                or credential.token_header.lower() not in ("authorization", "")
            ),
            "Cannot use token_param with token_header or token_prefix",
            "the token goes into the query or into a header",
            "Leave one out",
        ),
    ):
        if wrong:
            raise InputError(action, answer, remedy)


def _check_body(endpoint: Endpoint) -> None:
    body_format = endpoint.body
    if (
        not _MEDIA_TYPE.fullmatch(body_format.content_type)
        or not body_format.content_type.isascii()
    ):
        raise InputError(
            "Cannot use content_type", "it is no media type", "Give one such as text/csv"
        )
    if body_format.kind == RAW:
        for option, wrong in (
            ("form_fields", body_format.form_fields),
            ("field_name", body_format.field_name != "file"),
        ):
            if wrong:
                raise InputError(
                    f"Cannot use {option} with body_format raw",
                    "without a form there are no fields",
                    f"Leave out {option}, or set body_format to multipart",
                )
    names = [body_format.field_name, *(name for name, _value in body_format.form_fields)]
    for name in names:
        check_form_name(name)
    if len(set(names)) < len(names):
        raise InputError(
            "Cannot use form_fields",
            f"it holds the field {body_format.field_name!r}, which is the file's",
            "Correct field_name",
        )


def _check_headers(endpoint: Endpoint) -> None:
    for name, value in endpoint.headers:
        _check_header_name("headers", name)
        _check_header_value(f"headers: {name}", value)
        if name.lower() in _RESERVED_HEADERS:
            raise InputError(
                f"Cannot use headers: {name}",
                "it is set by what is sent",
                "Leave it out; content_type and url decide it"
                if name.lower() in ("content-type", "host")
                else "Leave it out",
            )


def _check_exposed_credentials(endpoint: Endpoint) -> None:
    """Keep credentials out of what is printed and logged: params, headers, form_fields and url."""
    query = parse_qsl(urlsplit(endpoint.url).query, keep_blank_values=True)
    carrier = (endpoint.credential.token_header, endpoint.credential.token_param)
    held = [name.lower() for name in carrier if name and endpoint.credential.token]
    for option, pairs in (
        ("params", endpoint.params),
        ("headers", endpoint.headers),
        ("form_fields", endpoint.body.form_fields),
        ("the query in url", tuple(query)),
    ):
        for name, value in pairs:
            if is_credential_name(name) or (option != "form_fields" and name.lower() in held):
                raise InputError(
                    f"Cannot use {option}: {name}",
                    "it looks like a credential, and this is printed and logged",
                    _credential_remedy(option),
                )
            if any(
                len(s) >= _MIN_SECRET_LENGTH and s in value for s in endpoint.credential.secrets
            ):
                raise InputError(
                    f"Cannot use {option}: {name}",
                    "it holds the credential, and this is printed and logged",
                    _credential_remedy(option),
                )
            _check_pair(option, name, value)


def _credential_remedy(option: str) -> str:
    if option == "headers":
        return "Give it in token, and its header's name in token_header; or in url_username"
    return "Give it in token, and its parameter's name in token_param"


def _check_pair(option: str, name: str, value: str) -> None:
    if not name or _CONTROL.search(name + value):
        raise InputError(
            f"Cannot use {option}",
            "a name is empty, or there are control characters",
            _CONTROL_REMEDY,
        )


def _check_tls(endpoint: Endpoint) -> None:
    tls: TlsSettings = endpoint.tls
    if tls.client_key and not tls.client_cert:
        raise InputError(
            "Cannot use client_key", "it is given without client_cert", "Set client_cert"
        )
    if tls.client_cert and endpoint.url.lower().startswith("http:"):
        raise InputError(
            "Cannot use client_cert with http://", "there is no TLS to show it in", "Use https://"
        )


def _check_retries(retries: Retries) -> None:
    if not 0 <= retries.limit <= 10:
        raise InputError(f"Cannot use retries {retries.limit}", "it is not from 0 to 10")
    if not 0 <= retries.interval <= 60:
        raise InputError(
            f"Cannot use retry_interval {retries.interval}", "it is not from 0 to 60 seconds"
        )


def _check_header_name(option: str, name: str) -> None:
    if not _HEADER_NAME.fullmatch(name):
        raise InputError(
            f"Cannot use {option}", "it is not the name of an HTTP header", "Correct it"
        )


def _check_header_value(option: str, value: str) -> None:
    if not value.isascii() or not value.isprintable():
        raise InputError(f"Cannot use {option}", _HEADER_CAUSE, _CONTROL_REMEDY)
