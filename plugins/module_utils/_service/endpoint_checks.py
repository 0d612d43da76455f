# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Validation of the settings of an upload before anything is read or sent."""

from __future__ import annotations

import itertools
import re
from urllib.parse import parse_qsl, urlsplit

from .._errors import InputError
from .._hosts import check_timeout, is_host, is_loopback
from .._text import SURROGATE
from .credential_names import is_credential_name
from .endpoint import (
    FORM,
    HEADER,
    MIN_SECRET_LENGTH,
    QUERY,
    RAW,
    Credential,
    Endpoint,
    Retries,
    Secret,
    TlsSettings,
)
from .request_body import check_form_name

# A field name is a token (RFC 9110, 5.6.2).
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
# A media type consists of a type, a subtype and parameters (RFC 9110, 8.3.1).
_MEDIA_TYPE = re.compile(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+(?:\s*;\s*[\w-]+=(?:[\w.+-]+|\"[^\"\\]*\"))*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
# These headers describe the connection or the body, so the HTTP client must control them.
_RESERVED_HEADERS = frozenset(
    {
        *("accept-encoding", "connection", "content-encoding", "content-length", "content-type"),
        *("expect", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"),
    }
)
_CONTROL_REMEDY = "Remove line breaks and other control characters"
_ASCII_REMEDY = "Use only printable ASCII characters, without line breaks"
_PLACE_NAMES = {HEADER: "header", QUERY: "query parameter", FORM: "form field"}
_PUBLIC_REMEDY = "If it is not a credential, add its name to O(public_names)"
_USERNAME_REMEDY = "Use a user name without colons, line breaks or other control characters"
_CREDENTIAL_OPTIONS = (
    "O(token), O(url_username), O(client_cert) and O(secrets), and unset FRONTDESK_TOKEN and FRONTDESK_URL_USERNAME"
    " in the environment"
)
_PAIR_REMEDY = "Remove empty names, line breaks and other control characters"


def check_endpoint(endpoint: Endpoint) -> None:
    """Check the settings of an upload without connecting to the service.

    The content of certificate files is not checked; see `check_tls_files`.

    :raises InputError: if a setting is invalid, contradicts another setting, or would cause
        personal data to be sent unencrypted or a credential to be logged.
    """
    _check_encoding(endpoint)
    _check_url(endpoint)
    _check_credential(endpoint)
    _check_secrets(endpoint)
    _check_body(endpoint)
    _check_headers(endpoint)
    _check_exposed_credentials(endpoint)
    _check_tls(endpoint)
    check_timeout("timeout", endpoint.timeout)
    _check_retries(endpoint.retries)
    _check_accepted_statuses(endpoint.accepted_statuses)


def _check_encoding(endpoint: Endpoint) -> None:
    """Check the encoding of the values that may contain characters outside ASCII.

    Environment variables, for example, can contain arbitrary bytes (PEP 383).
    """
    credential = endpoint.credential
    for option, texts in (
        ("url", (endpoint.url,)),
        ("token", (credential.token,)),
        ("url_username", (credential.username,)),
        ("url_password", (credential.password,)),
        ("secrets", (text for each in endpoint.secrets for text in (each.name, each.value))),
        ("params", itertools.chain(*endpoint.params)),
        ("form_fields", itertools.chain(*endpoint.body.form_fields)),
    ):
        if any(map(SURROGATE.search, texts)):
            raise InputError(
                f"Cannot use O({option})", "it is not valid UTF-8", "Encode it as UTF-8"
            )


def _check_url(endpoint: Endpoint) -> None:
    try:
        parts = urlsplit(endpoint.url)
        # Accessing the port raises an exception if it is not a valid port number.
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
            "Cannot use O(url)", "it does not have the form https://HOST/PATH", "Correct O(url)"
        )
    if parts.username or parts.password:
        raise InputError(
            "Cannot use O(url)",
            "it contains a user name or a password",
            "Use O(token), or O(url_username) and O(url_password)",
        )
    if parts.scheme == "http" and not is_loopback(host):
        raise InputError(
            f"Cannot upload to http://{host}",
            "personal data would be sent unencrypted",
            "Use https://",
        )


def _check_credential(endpoint: Endpoint) -> None:
    credential = endpoint.credential
    has_credential = bool(
        credential.token or credential.username or endpoint.tls.client_cert or endpoint.secrets
    )
    if not has_credential and not credential.is_anonymous:
        raise InputError(
            "Cannot upload",
            "no credential is set",
            "Set O(token) (or FRONTDESK_TOKEN in the environment), O(url_username), O(client_cert)"
            " or O(secrets), or set O(anonymous=true) if the service requires no credential",
        )
    if has_credential and credential.is_anonymous:
        raise InputError(
            "Cannot use O(anonymous=true)",
            "a credential is set",
            f"Omit O(anonymous), or omit {_CREDENTIAL_OPTIONS}",
        )
    _check_conflicts(credential)
    if credential.token_param:
        if _CONTROL.search(credential.token):
            raise InputError(
                "Cannot use O(token)", "it contains control characters", _CONTROL_REMEDY
            )
        return
    if credential.token:
        _check_header_name("O(token_header)", credential.token_header)
        for subject, value in (
            ("O(token)", credential.token),
            ("O(token_prefix)", credential.token_prefix),
        ):
            _check_header_value(subject, value)
    # The user name ends at the first colon, and neither the user name nor the password may contain
    # control characters (RFC 7617, 2).
    if ":" in credential.username or _CONTROL.search(credential.username):
        raise InputError(
            "Cannot use O(url_username)",
            "it contains a colon or control characters",
            _USERNAME_REMEDY,
        )
    if _CONTROL.search(credential.password):
        raise InputError(
            "Cannot use O(url_password)", "it contains control characters", _CONTROL_REMEDY
        )


def _check_secrets(endpoint: Endpoint) -> None:
    """Check the additional secrets, whose names must be unique in their places."""
    credential = endpoint.credential
    used = {
        *((HEADER, name.lower()) for name, _value in endpoint.headers),
        *((QUERY, name.lower()) for name, _value in endpoint.params),
        *((FORM, name.lower()) for name, _value in endpoint.body.form_fields),
        (FORM, endpoint.body.field_name.lower()),
    }
    if credential.username:
        used.add((HEADER, "authorization"))
    if credential.token and credential.token_param:
        used.add((QUERY, credential.token_param.lower()))
    elif credential.token:
        used.add((HEADER, credential.token_header.lower()))
    for secret in endpoint.secrets:
        _check_secret(secret, endpoint.body.kind)
        if (secret.place, secret.name.lower()) in used:
            raise InputError(
                f"Cannot use O(secrets): {secret.name}",
                f"the {_PLACE_NAMES[secret.place]} is set more than once",
                "Set it only once",
            )
        used.add((secret.place, secret.name.lower()))


def _check_secret(secret: Secret, body_kind: str) -> None:
    subject = f"O(secrets): {secret.name}"
    if len(secret.value) < MIN_SECRET_LENGTH:
        raise InputError(
            f"Cannot use {subject}",
            f"its value has fewer than {MIN_SECRET_LENGTH} characters, so unrelated text would also be masked",
            "Use a longer secret; if it is not secret, set it in another option, and add its name to O(public_names)",
        )
    _check_pair(subject, secret.name, secret.value)
    if secret.place == HEADER:
        _check_header_name("a name in O(secrets)", secret.name)
        _check_header_value(subject, secret.value)
        _check_reserved_header(subject, secret.name)
    if secret.place == FORM:
        check_form_name(secret.name)
        if body_kind == RAW:
            raise InputError(
                f"Cannot send the form field {secret.name!r} in O(secrets) with O(body_format) raw",
                "a raw body has no form fields",
                "Send it in another place, or set O(body_format) to multipart",
            )


def _check_conflicts(credential: Credential) -> None:
    for is_wrong, action, cause, remedy in (
        (
            credential.token and credential.username,
            "Cannot use O(token) and O(url_username) together",
            "they are alternative credentials",
            (
                "Omit one of them, or set the token in O(secrets); also check FRONTDESK_TOKEN and"
                " FRONTDESK_URL_USERNAME in the environment"
            ),
        ),
        (
            credential.password and not credential.username,
            "Cannot use O(url_password)",
            "it is set without O(url_username)",
            (
                "Set O(url_username); if the credential is an API key, set O(url_username) to this key, and omit"
                " O(url_password)"
            ),
        ),
        (
            credential.token_param and not credential.token,
            "Cannot use O(token_param)",
            "it is set without O(token)",
            "Set O(token), or FRONTDESK_TOKEN in the environment",
        ),
        (
            credential.token_param
            and (
                credential.token_prefix
                or credential.token_header.lower() not in ("authorization", "")
            ),
            "Cannot use O(token_param) with O(token_header) or O(token_prefix)",
            "the token is sent either in the query or in a header",
            "Omit O(token_param), or omit O(token_header) and O(token_prefix)",
        ),
    ):
        if is_wrong:
            raise InputError(action, cause, remedy)


def _check_body(endpoint: Endpoint) -> None:
    body_format = endpoint.body
    media_type = body_format.content_type
    if not _MEDIA_TYPE.fullmatch(media_type) or not media_type.isascii():
        raise InputError(
            "Cannot use O(content_type)",
            "it is not a media type",
            "Use a media type such as text/csv",
        )
    if body_format.kind == RAW:
        for option, is_set in (
            ("form_fields", body_format.form_fields),
            ("field_name", body_format.field_name != "file"),
        ):
            if is_set:
                raise InputError(
                    f"Cannot use O({option}) with O(body_format) raw",
                    "a raw body has no form fields",
                    f"Omit O({option}), or set O(body_format) to multipart",
                )
    names = [body_format.field_name, *(name for name, _value in body_format.form_fields)]
    for name in names:
        check_form_name(name)
    if len(set(names)) < len(names):
        raise InputError(
            "Cannot use O(form_fields)",
            f"it contains the field {body_format.field_name!r}, which is used for the file",
            "Remove this field, or correct O(field_name)",
        )


def _check_headers(endpoint: Endpoint) -> None:
    for name, value in endpoint.headers:
        _check_header_name("a name in O(headers)", name)
        _check_header_value(f"O(headers): {name}", value)
        _check_reserved_header(f"O(headers): {name}", name)


def _check_reserved_header(subject: str, name: str) -> None:
    if name.lower() in _RESERVED_HEADERS:
        raise InputError(
            f"Cannot use {subject}",
            "the module controls this header",
            "Omit it; O(content_type) or O(url) determines its value"
            if name.lower() in ("content-type", "host")
            else "Omit it",
        )


def _check_header_name(subject: str, name: str) -> None:
    if not _HEADER_NAME.fullmatch(name):
        raise InputError(
            f"Cannot use {subject}", "it is not a valid HTTP header name", "Correct it"
        )


def _check_header_value(subject: str, value: str) -> None:
    if not value.isascii() or not value.isprintable():
        raise InputError(
            f"Cannot use {subject}",
            "it contains characters that are not allowed in an HTTP header",
            _ASCII_REMEDY,
        )


def _check_exposed_credentials(endpoint: Endpoint) -> None:
    """Check that options that are printed and logged do not contain a credential."""
    query = parse_qsl(urlsplit(endpoint.url).query, keep_blank_values=True)
    credential = endpoint.credential
    token_names = [
        name.lower()
        for name in (credential.token_header, credential.token_param)
        if name and credential.token
    ]
    if credential.username:
        token_names.append("authorization")
    public_names = {name.lower() for name in endpoint.public_names}
    for subject, pairs in (
        ("O(params)", endpoint.params),
        ("O(headers)", endpoint.headers),
        ("O(form_fields)", endpoint.body.form_fields),
        ("the query in O(url)", tuple(query)),
    ):
        for name, value in pairs:
            if subject != "O(form_fields)" and name.lower() in token_names:
                raise InputError(
                    f"Cannot use {subject}: {name}",
                    "another option sets the credential with this name",
                    "Omit it, because the module sends the credential separately",
                )
            if is_credential_name(name) and name.lower() not in public_names:
                raise InputError(
                    f"Cannot use {subject}: {name}",
                    "it looks like a credential, and this option is printed and logged",
                    _credential_remedy(subject),
                )
            if any(len(s) >= MIN_SECRET_LENGTH and s in value for s in endpoint.secret_values):
                raise InputError(
                    f"Cannot use {subject}: {name}",
                    "it contains the credential, and this option is printed and logged",
                    "Remove the credential, because the module sends it separately",
                )
            _check_pair(subject, name, value)


def _credential_remedy(subject: str) -> str:
    if subject == "O(form_fields)":
        return f"Use O(secrets). {_PUBLIC_REMEDY}"
    option = "token_header" if subject == "O(headers)" else "token_param"
    return f"Set O(token) to its value and O({option}) to its name, or use O(secrets). {_PUBLIC_REMEDY}"


def _check_pair(subject: str, name: str, value: str) -> None:
    if not name or _CONTROL.search(name + value):
        raise InputError(
            f"Cannot use {subject}",
            "a name is empty, or a name or value contains control characters",
            _PAIR_REMEDY,
        )


def _check_tls(endpoint: Endpoint) -> None:
    tls: TlsSettings = endpoint.tls
    if tls.client_key and not tls.client_cert:
        raise InputError(
            "Cannot use O(client_key)", "it is set without O(client_cert)", "Set O(client_cert)"
        )
    if tls.client_cert and not endpoint.is_tls:
        raise InputError(
            "Cannot use O(client_cert) with http://",
            "client certificates require TLS",
            "Use https://",
        )


def _check_retries(retries: Retries) -> None:
    if not 0 <= retries.limit <= 10:
        raise InputError(
            f"Cannot use O(retries) {retries.limit}",
            "it must be between 0 and 10",
            "Correct O(retries)",
        )
    if not 0 <= retries.interval <= 60:
        raise InputError(
            f"Cannot use O(retry_interval) {retries.interval}",
            "it must be between 0 and 60 seconds",
            "Correct O(retry_interval)",
        )


def _check_accepted_statuses(statuses: tuple[int, ...] | None) -> None:
    if statuses is None:
        return
    for status in statuses:
        if not 200 <= status < 300:
            raise InputError(
                f"Cannot use O(status_code) {status}",
                "statuses outside 200-299 do not mean that the service accepted the roster",
                "List only statuses that mean acceptance",
            )
    if not statuses:
        raise InputError(
            "Cannot use O(status_code)",
            "it is empty",
            "List at least one status, or omit O(status_code)",
        )
