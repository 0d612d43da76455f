# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of parsing and checking the options of contact_upload."""

from __future__ import annotations

import os
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import InputError
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.upload_options import (
    parse_upload_options,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.upload_spec import (
    upload_spec,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.limits import Limits
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.endpoint import (
    BodyFormat,
    Credential,
    Endpoint,
    ResultFormat,
    Retries,
    TlsSettings,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.module import complete_params

PERCENTAGES = (
    "max_removed_percent",
    "max_removed_per_location_percent",
    "max_moved_percent",
    "max_changed_percent",
)
"""Percentage limits whose maximum is 100."""
RESULT = complete_params(upload_spec()["result"]["options"])


def _params(**options: Any) -> dict[str, Any]:
    return complete_params(
        upload_spec(),
        **{
            "src": "/x/contacts.csv",
            "url": "https://X.no/contacts",
            "token": "t0ken",
            "state_dir": "/state",
            **options,
        },
    )


def test_all_options_are_parsed() -> None:
    result = {
        "counts": "c",
        "errors": "e",
        "row": "r",
        "column": "k",
        "cause": "w",
        "success": "state",
    }
    more = {"refused": ["x"], "first_row": 2, "row_column": "A", "status": "s", "accepted": ["y"]}
    more |= {"success_values": ["DONE"], "messages": ["m", "n"]}
    options = parse_upload_options(
        _params(
            method="PUT",
            body_format="multipart",
            content_type="text/csv",
            field_name="f",
            form_fields={"mode": "all", "count": 3},
            params={"remove-hosts": True, "send-emails": False},
            headers={"X-Mode": "1"},
            client_cert="/cert",
            client_key="/key",
            ca_path="/ca",
            tls_minimum="1.3",
            use_proxy=False,
            retries=1,
            retry_interval=5,
            status_code=[200, 202],
            timeout=5,
            profile="p",
            location_column="L",
            key=["A"],
            force=True,
            missing="keep",
            max_removed=3,
            max_removed_percent=0.5,
            max_removed_per_location_percent=1.0,
            max_moved_percent=2.0,
            max_changed_percent=3.25,
            max_added_percent=1000.0,
            must_contain=[{"Email": "a@x", "Location": "oslo"}, {"Email": "b@x"}],
            approved_plan=" 5A1F0C9BE0D2A4F7 ",
            initial=True,
            rebind=True,
            result={**result, **more},
            token_header="X-Sent",
            token_prefix="Key",
        )
    )
    assert options.endpoint == Endpoint(
        "https://X.no/contacts",
        "PUT",
        params=(("remove-hosts", "true"), ("send-emails", "false")),
        headers=(("X-Mode", "1"),),
        credential=Credential(token="t0ken", token_header="X-Sent", token_prefix="Key"),
        body=BodyFormat(
            kind="multipart",
            content_type="text/csv",
            field_name="f",
            form_fields=(("mode", "all"), ("count", "3")),
        ),
        tls=TlsSettings(
            ca_path="/ca",
            validate_certs=True,
            client_cert="/cert",
            client_key="/key",
            minimum_version="1.3",
        ),
        retries=Retries(limit=1, interval=5),
        timeout=5,
        use_proxy=False,
        accepted_statuses=(200, 202),
    )
    assert (options.src, options.state_dir) == (Path("/x/contacts.csv"), Path("/state"))
    assert (options.profile, options.location_column, options.key) == ("p", "L", ("A",))
    assert options.limits == Limits(
        max_removed=3,
        max_removed_percent=Decimal("0.5"),
        max_removed_per_location_percent=Decimal(1),
        max_moved_percent=Decimal(2),
        max_changed_percent=Decimal("3.25"),
        max_added_percent=Decimal(1000),
        missing="keep",
        must_contain=((("Email", "a@x"), ("Location", "oslo")), (("Email", "b@x"),)),
        approved_plan="5a1f0c9be0d2a4f7",
        initial=True,
    )
    assert (options.force, options.rebind) == (True, True)
    assert options.result == ResultFormat(
        success="state",
        success_values=("DONE",),
        messages=("m", "n"),
        counts="c",
        refused=("x",),
        errors="e",
        row="r",
        first_row=2,
        row_column="A",
        column="k",
        cause="w",
        status="s",
        accepted=("y",),
    )


def test_options_that_are_not_set_have_defaults() -> None:
    options = parse_upload_options(_params())
    assert (options.limits, options.force) == (Limits(), False)
    assert options.rebind is False
    assert options.result == ResultFormat()
    assert options.key == ("Email", "SMS Phone")
    assert (options.endpoint.body.field_name, options.endpoint.timeout) == ("file", 60)
    assert options.endpoint.tls == TlsSettings()
    assert (options.endpoint.retries, options.endpoint.accepted_statuses) == (Retries(), None)
    assert options.endpoint.body == BodyFormat()


@pytest.mark.parametrize(
    ("header", "option", "prefix"),
    [
        ("Authorization", None, "Bearer"),
        ("authorization", None, "Bearer"),
        ("Authorization", "", ""),
        ("Authorization", "Token", "Token"),
        ("X-Api-Key", None, ""),
        ("X-Api-Key", "Key", "Key"),
    ],
)
def test_the_default_prefix_is_bearer_in_the_authorization_header_only(
    header: str, option: str | None, prefix: str
) -> None:
    options = parse_upload_options(_params(token_header=header, token_prefix=option))
    assert options.endpoint.credential.token_prefix == prefix


@pytest.mark.parametrize(
    ("changes", "prefix", "token"),
    [
        ({"token": "Bearer abc.def"}, "Bearer", "abc.def"),
        ({"token": "bearer  abc"}, "bearer", "abc"),
        ({"token": "Basic YTpi"}, "Basic", "YTpi"),
        ({"token": "Token token=abc"}, "Token", "token=abc"),
        ({"token": "Bearer "}, "Bearer", "Bearer "),
        ({"token": "  abc"}, "Bearer", "abc"),
        ({"token": " Basic abc"}, "Basic", "abc"),
        ({"token": "Bearer abc", "token_prefix": "Bearer"}, "Bearer", "abc"),
        ({"token": "bearer abc", "token_prefix": " Bearer "}, "Bearer", "abc"),
        ({"token": "Bearerabc", "token_prefix": "Bearer"}, "Bearer", "Bearerabc"),
        ({"token": "Bearer abc", "token_prefix": "Token"}, "Token", "Bearer abc"),
        ({"token": "Bearer abc", "token_prefix": ""}, "", "Bearer abc"),
        ({"token": "Bearer abc", "token_prefix": " "}, "", "Bearer abc"),
        ({"token": "abc", "token_prefix": "Bearer "}, "Bearer", "abc"),
        ({"token": "Bearer abc", "token_header": "X-Auth"}, "", "Bearer abc"),
        ({"token": "Bearer abc", "token_param": "access_token"}, "", "abc"),
        ({"token": "a b", "token_param": "access_token"}, "", "a b"),
    ],
)
def test_a_prefix_in_the_token_is_separated_from_it(
    changes: dict[str, str], prefix: str, token: str
) -> None:
    credential = parse_upload_options(_params(**changes)).endpoint.credential
    assert (credential.token_prefix, credential.token) == (prefix, token)
    assert credential.secrets == (token,)


def test_credentials_are_parsed() -> None:
    for options, credential in (
        ({"token_param": "t"}, Credential("t0ken", "Authorization", "", "t")),
        (
            {"token": None, "url_username": "u", "url_password": "p"},
            Credential(
                token="",
                token_header="Authorization",
                token_prefix="Bearer",
                token_param="",
                username="u",
                password="p",
            ),
        ),
        (
            {"token": "", "url_password": "", "client_cert": "/c"},
            Credential(token="", token_header="Authorization", token_prefix="Bearer"),
        ),
    ):
        assert parse_upload_options(_params(**options)).endpoint.credential == credential


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"url": "x"},
            "Cannot use url: it does not have the form https://HOST/PATH. Correct url.",
        ),
        (
            {"key": []},
            "Cannot identify contacts: key is empty. Set key to the columns that identify a contact.",
        ),
        *(
            (
                {option: {"a": value}},
                (
                    f"Cannot use {option}: a: its value is not a string, a number or a boolean. "
                    "Write it as a string, in quotes."
                ),
            )
            for option in ("params", "headers", "form_fields")
            for value in (None, [1], {1: 1})
        ),
        (
            {"profile": 'a"b'},
            (
                """Cannot use 'a"b.csv' in a form: """
                "it is empty or contains double quotes, backslashes or control characters. "
                "Correct this name in field_name, form_fields, secrets or profile."
            ),
        ),
        *(
            (
                {"refresh_after": days},
                (
                    f"Cannot use refresh_after {days}: it must be between 1 and 3650 days. Correct refresh_after, or"
                    " remove it."
                ),
            )
            for days in (-1, 0, 3651)
        ),
        (
            {"max_removed": -1},
            "Cannot use max_removed -1: it must not be negative. Set it to 0 or more.",
        ),
        *(
            (
                {option: percent},
                f"Cannot use {option} {shown}: it must be between 0 and 100. Correct {option}.",
            )
            for option in PERCENTAGES
            for percent, shown in ((-0.1, "-0.1"), (100.5, "100.5"), (float("nan"), "nan"))
        ),
        *(
            (
                {"max_added_percent": percent},
                f"Cannot use max_added_percent {shown}: it must be between 0 and 1000000. Correct max_added_percent.",
            )
            for percent, shown in ((-1.0, "-1"), (1_000_001.0, "1000001"), (float("inf"), "inf"))
        ),
        *(
            (
                {"approved_plan": plan_id},
                (
                    f"Cannot use approved_plan '{plan_id.lower()}': it is not the identifier of a plan, which has 16"
                    " hexadecimal digits. Copy the identifier from the message that refused the plan, and write it"
                    " in quotes."
                ),
            )
            for plan_id in ("5a1f0c9be0d2a4f", "5a1f0c9be0d2a4f70", "5A1F0C9BE0D2A4FG", "true", "*")
        ),
        *(
            (
                {"must_contain": [{"Email": "a@x"}, contact]},
                f"Cannot use element 2 of must_contain: {cause}",
            )
            for contact, cause in (
                (
                    {},
                    "it is empty. Set it to column titles with a value each, such as {Email: ada@corp.example}.",
                ),
                *(
                    (
                        invalid,
                        "it contains a title or a value that is not a string. Write both in quotes.",
                    )
                    for invalid in ({"Email": 1}, {"Email": None}, {"Email": ["a@x"]}, {True: "x"})
                ),
                (
                    {"Email": " "},
                    "the value of 'Email' is blank. Set it to the value of the column in the roster.",
                ),
            )
        ),
    ],
)
def test_invalid_options_are_rejected(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_upload_options(_params(**changes))
    assert str(caught.value) == message


@pytest.mark.parametrize("option", PERCENTAGES)
@pytest.mark.parametrize("percent", [0.0, 100.0, 0.07])
def test_percentages_are_read_as_exact_decimal_numbers(option: str, percent: float) -> None:
    limits = parse_upload_options(_params(**{option: percent}, max_removed=0)).limits
    changes: dict[str, Any] = {option: Decimal(str(percent))}
    assert limits == replace(Limits(max_removed=0), **changes)


@pytest.mark.parametrize("blank", [None, "", " "])
def test_a_blank_approval_approves_nothing(blank: str | None) -> None:
    assert parse_upload_options(_params(approved_plan=blank)).limits.approved_plan is None


@pytest.mark.parametrize(
    ("user", "directory"),
    [(0, "/var/lib/frontdesk-contacts/x.no"), (1000, "/state-home/frontdesk-contacts/x.no")],
)
def test_the_default_state_directory_is_named_after_the_host_of_the_service(
    monkeypatch: pytest.MonkeyPatch, user: int, directory: str
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: user)
    monkeypatch.setenv("XDG_STATE_HOME", "/state-home")
    assert parse_upload_options(_params(state_dir=None)).state_dir == Path(directory)


@pytest.mark.parametrize(
    ("result", "key", "required_key"),
    [
        ({"success": "state", "success_values": []}, "success", "success_values"),
        ({"counts": "", "refused": ["failed"]}, "refused", "counts"),
        ({"counts": "c", "errors": "", "row_column": "Email"}, "row_column", "errors"),
        ({"status": "s", "accepted": ["ok"]}, "status", "errors"),
        ({"errors": "e", "status": "s", "accepted": []}, "status", "accepted"),
        ({"errors": "e", "status": "", "accepted": ["ok"]}, "accepted", "status"),
    ],
)
def test_a_key_of_result_can_require_another_key(
    result: dict[str, Any], key: str, required_key: str
) -> None:
    with pytest.raises(InputError) as failure:
        parse_upload_options(_params(result={**RESULT, **result}))
    assert str(failure.value) == (
        f"Cannot use result.{key}: it requires result.{required_key}, which is not set."
        f" Set result.{required_key}."
    )


@pytest.mark.parametrize(
    "result", [{"errors": "e", "refused": [], "accepted": []}, {"counts": "c", "status": ""}]
)
def test_blank_keys_of_result_require_nothing(result: dict[str, Any]) -> None:
    parse_upload_options(_params(result={**RESULT, **result}))
