# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Parsing of the options of contact_upload."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from .._errors import InputError
from .._files import SHA256
from .._roster.guard import PLAN_ID
from .._roster.limits import MAX_REMOVED_PER_LOCATION, PERCENT_LIMITS, Limits
from .._roster.required_contacts import RequiredContact
from .._service.endpoint import (
    BodyFormat,
    Credential,
    Endpoint,
    ResultFormat,
    Retries,
    Secret,
    TlsSettings,
)
from .._service.endpoint_checks import check_endpoint
from .._service.request_body import check_form_name
from .._state.directory import find_default_state_dir
from .._state.receipt import Binding, strip_query
from .arguments import check_paths

_MAX_PERCENT = {"max_added_percent": 1_000_000}
"""Maximum value of a percentage limit, if it is not 100: a roster can become many times larger."""


_MAX_DAYS = 3650


@dataclass(frozen=True)
class UploadOptions:
    """Options of one upload.

    :ivar src: path of the roster.
    :ivar checksum: expected SHA-256 checksum of the roster, in hexadecimal; empty if any roster is accepted.
    :ivar endpoint: upload endpoint of the service, with the settings of the request.
    :ivar profile: name of the profile; with the extension .csv, it is also the name of the uploaded file.
    :ivar location_column: title of the column that contains the location.
    :ivar key: titles of the columns that identify a contact if the new roster or a known roster has no identities.
    :ivar state_dir: state directory for one account of the service.
    :ivar plan_dest: directory to which the plan is written; None if it is not written.
    :ivar limits: limits that a plan must respect.
    :ivar rebind: whether another URL belongs to the same account.
    :ivar force: whether to upload the roster even if it has not changed.
    :ivar undo: whether to upload the roster that was accepted before the last one, instead of the exported roster.
    :ivar refresh_after: number of days after which an unchanged roster is uploaded again; None for never.
    :ivar result: structure of the service's response.
    """

    src: Path
    checksum: str
    endpoint: Endpoint
    profile: str
    location_column: str
    key: tuple[str, ...]
    state_dir: Path
    plan_dest: Path | None
    limits: Limits
    rebind: bool
    force: bool
    undo: bool
    refresh_after: int | None
    result: ResultFormat

    def bind(self, header: tuple[str, ...]) -> Binding:
        """Return the binding of an upload with these options.

        :param header: column titles of the roster.
        """
        endpoint = strip_query(self.endpoint.url_without_query)
        return Binding(endpoint=endpoint, profile=self.profile, header=header)


def parse_upload_options(params: Mapping[str, Any]) -> UploadOptions:
    """Check and parse the parameters of contact_upload.

    :raises InputError: if the parameters contain an error that can be detected without contacting the service.
    """
    check_paths(params, "src", "state_dir", "plan_dest", "ca_path", "client_cert", "client_key")
    endpoint = parse_endpoint(params)
    check_endpoint(endpoint)
    check_form_name(f"{params['profile']}.csv")
    if not params["key"]:
        raise InputError(
            "Cannot identify contacts",
            "O(key) is empty",
            "Set O(key) to the columns that identify a contact",
        )
    return UploadOptions(
        src=Path(params["src"]),
        checksum=_checksum(params["checksum"]),
        endpoint=endpoint,
        profile=params["profile"],
        location_column=params["location_column"],
        key=tuple(params["key"]),
        state_dir=_state_dir(params["state_dir"], endpoint),
        plan_dest=Path(params["plan_dest"]) if params["plan_dest"] else None,
        limits=parse_limits(params),
        rebind=params["rebind"],
        force=params["force"],
        undo=params["undo"],
        refresh_after=_days("refresh_after", params["refresh_after"]),
        result=_result_format(params["result"]),
    )


def _days(option: str, value: int | None) -> int | None:
    if value is not None and not 1 <= value <= _MAX_DAYS:
        raise InputError(
            f"Cannot use O({option}) {value}",
            f"it must be between 1 and {_MAX_DAYS} days",
            f"Correct O({option}), or remove it",
        )
    return value


def _checksum(given: str | None) -> str:
    checksum = (given or "").strip().lower()
    if checksum and not SHA256.fullmatch(checksum):
        raise InputError(
            f"Cannot use O(checksum) {checksum!r}",
            "it is not a SHA-256 checksum of 64 hexadecimal digits",
            "Set O(checksum) to the return value checksum of the export, or remove it",
        )
    return checksum


def _state_dir(given: str | None, endpoint: Endpoint) -> Path:
    if given:
        return Path(given)
    return find_default_state_dir(urlsplit(endpoint.url).hostname or "service")


def parse_limits(params: Mapping[str, Any]) -> Limits:
    """Check and parse the limits for a plan, and its approval.

    :raises InputError: if a limit is out of range, or if the approved plan or a required contact is malformed.
    """
    count = params["max_removed"]
    if count is not None and count < 0:
        raise InputError(
            f"Cannot use O(max_removed) {count}", "it must not be negative", "Set it to 0 or more"
        )
    options = (*PERCENT_LIMITS, MAX_REMOVED_PER_LOCATION)
    return Limits(
        max_removed=count,
        **{option: _percent(option, params[option]) for option in options},
        missing=params["missing"],
        must_contain=tuple(
            _required_contact(number, contact)
            for number, contact in enumerate(params["must_contain"] or (), 1)
        ),
        approved_plan=_plan_id(params["approved_plan"]),
        initial=params["initial"],
    )


def _percent(option: str, value: float) -> Decimal:
    maximum = _MAX_PERCENT.get(option, 100)
    if not 0 <= value <= maximum:
        raise InputError(
            f"Cannot use O({option}) {value:.15g}",
            f"it must be between 0 and {maximum}",
            f"Correct O({option})",
        )
    # The decimal number that the administrator wrote, and not the binary number that is nearest to it.
    return Decimal(repr(value))


def _plan_id(given: str | None) -> str | None:
    plan_id = (given or "").strip().lower()
    if plan_id and not PLAN_ID.fullmatch(plan_id):
        raise InputError(
            f"Cannot use O(approved_plan) {plan_id!r}",
            "it is not the identifier of a plan, which has 16 hexadecimal digits",
            "Copy the identifier from the message that refused the plan, and write it in quotes",
        )
    return plan_id or None


def _required_contact(number: int, contact: Mapping[Any, Any]) -> RequiredContact:
    action = f"Cannot use element {number} of O(must_contain)"
    if not contact:
        raise InputError(
            action,
            "it is empty",
            "Set it to column titles with a value each, such as {Email: ada@corp.example}",
        )
    for title, value in contact.items():
        # The value is personal data, so it is not shown.
        if not isinstance(title, str) or not isinstance(value, str):
            raise InputError(
                action,
                "it contains a title or a value that is not a string",
                "Write both in quotes",
            )
        if not value.strip():
            raise InputError(
                action,
                f"the value of {title!r} is blank",
                "Set it to the value of the column in the roster",
            )
    return tuple(contact.items())


def parse_endpoint(params: Mapping[str, Any]) -> Endpoint:
    """Return the endpoint that a module's parameters describe, without checking it.

    :raises InputError: if a dictionary contains a value that is not a string, a number or a boolean.
    """
    statuses = params["status_code"]
    return Endpoint(
        url=params["url"],
        method=params["method"],
        params=_pairs("params", params),
        headers=_pairs("headers", params),
        credential=_credential(params),
        secrets=tuple(
            Secret(name=secret["name"], place=secret["in"], value=secret["value"])
            for secret in params["secrets"] or ()
        ),
        body=BodyFormat(
            kind=params["body_format"],
            content_type=params["content_type"],
            field_name=params["field_name"],
            form_fields=_pairs("form_fields", params),
        ),
        tls=TlsSettings(
            ca_path=params["ca_path"],
            validate_certs=params["validate_certs"],
            client_cert=params["client_cert"] or None,
            client_key=params["client_key"] or None,
            minimum_version=params["tls_minimum"],
        ),
        retries=Retries(limit=params["retries"], interval=params["retry_interval"]),
        timeout=params["timeout"],
        use_proxy=params["use_proxy"],
        public_names=tuple(params["public_names"] or ()),
        accepted_statuses=None if statuses is None else tuple(statuses),
    )


def _credential(params: Mapping[str, Any]) -> Credential:
    in_query = params["token_param"] or ""
    prefix, token = _split_token(params, in_query)
    return Credential(
        token=token,
        token_header=params["token_header"],
        token_prefix=prefix,
        token_param=in_query,
        username=params["url_username"] or "",
        password=params["url_password"] or "",
        is_anonymous=params["anonymous"],
    )


def _split_token(params: Mapping[str, Any], in_query: str) -> tuple[str, str]:
    """Return the prefix of the token and the token itself, whether or not they are in the same option."""
    token, prefix = (params["token"] or "").lstrip(" "), params["token_prefix"]
    scheme, _separator, rest = token.partition(" ")
    if in_query:
        return (prefix or "").strip(), rest.strip() if scheme.lower() == "bearer" else token
    if prefix is None:
        # The Bearer scheme (RFC 6750) is used only in the Authorization header. Other headers contain only the token.
        if params["token_header"].lower() != "authorization":
            return "", token
        # Only a token with its scheme contains a space.
        return (scheme, rest.strip()) if rest.strip() else ("Bearer", token)
    prefix = prefix.strip()
    if prefix and token.lower().startswith(f"{prefix.lower()} "):
        token = token[len(prefix) :].strip()
    return prefix, token


def _pairs(option: str, params: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Convert a dictionary option to pairs of strings.

    Booleans are written as in JSON.
    """
    pairs = []
    for name, value in (params[option] or {}).items():
        if isinstance(value, bool):
            value = str(value).lower()  # noqa: PLW2901  # services expect true instead of True
        if not isinstance(value, (str, int, float)):
            raise InputError(
                f"Cannot use O({option}): {name}",
                "its value is not a string, a number or a boolean",
                "Write it as a string, in quotes",
            )
        pairs.append((str(name), str(value)))
    return tuple(pairs)


def _result_format(result: Mapping[str, Any] | None) -> ResultFormat:
    """Check and convert the option ``result``.

    Blank values are treated as not set, unlike in ansible-core's ``required_by``.

    :raises InputError: if a key is set without a key that it requires.
    """
    if not result:
        return ResultFormat()
    for key, required_key in (
        ("success", "success_values"),
        ("refused", "counts"),
        ("row_column", "errors"),
        ("status", "errors"),
        ("status", "accepted"),
        ("accepted", "status"),
    ):
        if result[key] and not result[required_key]:
            raise InputError(
                f"Cannot use O(result.{key})",
                f"it requires O(result.{required_key}), which is not set",
                f"Set O(result.{required_key})",
            )
    names = ("success_values", "messages", "refused", "accepted")
    lists = {name: tuple(result[name]) for name in names}
    return ResultFormat(**{**result, **lists})
