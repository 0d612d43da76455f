# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the conversion of values of the role's variables."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import InputError
from ansible_collections.frontdesk.contacts.plugins.plugin_utils._values import (
    convert_suboptions,
    convert_value,
    describe_template_error,
    is_blank,
    plain,
    remove_omitted,
)
from ansible_collections.frontdesk.contacts.plugins.plugin_utils._variables import VARIABLES

SERVERS = ["ldaps://dc1.corp.example", "ldaps://dc2.corp.example"]
COLUMNS = [
    {"header": "Name", "value": "displayName", "required": True},
    {"header": "E-mail", "value": "mail | lower"},
]
DNS = ["OU=A,DC=x", "OU=B,DC=x"]


def _convert(name: str, value: object) -> Any:
    return convert_value(name, value, VARIABLES[name].spec)


class EncryptedValue:
    """An inline vault value, as in ansible-core 2.16 to 2.18."""

    __ENCRYPTED__ = True

    def __str__(self) -> str:
        return "decrypted"


@pytest.mark.parametrize("value", [None, "", "  \n", [], {}])
def test_blank_values_are_recognized(value: object) -> None:
    assert is_blank(value)


@pytest.mark.parametrize("value", [False, 0, 0.0, "0", [None], {"a": None}])
def test_other_values_are_not_blank(value: object) -> None:
    assert not is_blank(value)


def test_plain_values_contain_no_objects_of_ansible() -> None:
    class Text(str):
        __slots__ = ()

    value = {"a": [EncryptedValue(), Text("x")], Text("b"): ("y", 1, None)}
    converted = plain(value)
    assert converted == {"a": ["decrypted", "x"], "b": ["y", 1, None]}
    assert {type(item) for item in converted["a"]} == {str}
    assert {type(key) for key in converted} == {str}


@pytest.mark.parametrize(
    ("name", "value", "converted"),
    [
        ("contact_sync_page_size", "5", 5),
        ("contact_sync_page_size", " 5 ", 5),
        ("contact_sync_max_removed", 0, 0),
        ("contact_sync_max_removed_percent", "2.5", 2.5),
        ("contact_sync_max_removed_percent", 10, 10.0),
        ("contact_sync_start_tls", "no", False),
        ("contact_sync_start_tls", "Yes", True),
        ("contact_sync_start_tls", True, True),
        ("contact_sync_start_tls", 1, True),
        # YAML reads this choice as a number.
        ("contact_sync_service_tls_minimum", 1.2, "1.2"),
        ("contact_sync_phone_region", "NO", "NO"),
        ("contact_sync_server_uri", SERVERS, SERVERS),
        ("contact_sync_server_uri", SERVERS[0], SERVERS[:1]),
        ("contact_sync_server_uri", ",".join(SERVERS), SERVERS),
        ("contact_sync_server_uri", "\n".join([*SERVERS, ""]), SERVERS),
        ("contact_sync_server_uri", f"- {SERVERS[0]}\n- {SERVERS[1]}\n", SERVERS),
        ("contact_sync_server_uri", f'["{SERVERS[0]}", "{SERVERS[1]}"]', SERVERS),
        ("contact_sync_server_uri", [*SERVERS, "", None], SERVERS),
        ("contact_sync_key", "Email, SMS Phone", ["Email", "SMS Phone"]),
        ("contact_sync_service_status_code", "200,201", [200, 201]),
        ("contact_sync_service_status_code", 200, [200]),
        ("contact_sync_object_types", "user\ncontact", ["user", "contact"]),
        ("contact_sync_columns", COLUMNS, COLUMNS),
        (
            "contact_sync_columns",
            "- header: Name\n  value: displayName\n  required: yes\n- {header: E-mail, value: mail | lower}",
            COLUMNS,
        ),
        (
            "contact_sync_columns",
            (
                '[{"header": "Name", "value": "displayName", "required": true},'
                ' {"header": "E-mail", "value": "mail | lower", "max_length": null}]'
            ),
            COLUMNS,
        ),
        ("contact_sync_service_params", '{"send": "x"}', {"send": "x"}),
        ("contact_sync_service_params", "send: x", {"send": "x"}),
        (
            "contact_sync_service_result",
            {"errors": "e", "first_row": "2"},
            {"errors": "e", "first_row": 2},
        ),
        # Distinguished names contain commas, so strings are split only at line breaks.
        ("contact_sync_exclude_ous", DNS[0], DNS[0]),
        ("contact_sync_exclude_ous", "\n".join(DNS), DNS),
        ("contact_sync_exclude_ous", f"- {DNS[0]}\n- {DNS[1]}", DNS),
        (
            "contact_sync_locations",
            "[{location: oslo-hq, ou: Oslo}]",
            [{"location": "oslo-hq", "ou": "Oslo"}],
        ),
    ],
)
def test_values_are_converted(name: str, value: object, converted: object) -> None:
    result = _convert(name, value)
    assert result == converted
    assert type(result) is type(converted)


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        (
            "contact_sync_page_size",
            "1.5",
            "'1.5' is not an integer. Set it to an integer, such as 10.",
        ),
        (
            "contact_sync_page_size",
            1.5,
            "'1.5' is not an integer. Set it to an integer, such as 10.",
        ),
        ("contact_sync_page_size", "5%", "'5%' is not an integer. Write 5."),
        (
            "contact_sync_page_size",
            True,
            "the boolean true is not an integer. Set it to an integer, such as 10.",
        ),
        (
            "contact_sync_page_size",
            [5],
            "a list is not an integer. Set it to an integer, such as 10.",
        ),
        (
            "contact_sync_start_tls",
            [],
            "a list is neither true nor false. Set it to true or false.",
        ),
        ("contact_sync_filter", ["(a=b)"], "it is a list. Set it to a single string."),
        (
            "contact_sync_bind_dn",
            dt.date(2026, 12, 1),
            "it was parsed as the date 2026-12-01. Write it in quotes.",
        ),
        (
            "contact_sync_service_token",
            123,
            "it was parsed as a type other than a string. Write it in quotes.",
        ),
        (
            "contact_sync_server_uri",
            {"a": "b"},
            "it is a dictionary. Write it as a list, such as [ldaps://dc1.corp.example].",
        ),
        (
            "contact_sync_columns",
            5,
            "it is the number 5. Write it as a list, such as [{header: Name, value: displayName}].",
        ),
        (
            "contact_sync_service_params",
            "a",
            "it is a string. Write it as a dictionary, such as {name: value}.",
        ),
        (
            "contact_sync_service_params",
            ["a"],
            "it is a list. Write it as a dictionary, such as {name: value}.",
        ),
        (
            "contact_sync_exclude_ous",
            5,
            "it is the number 5. Set it to a distinguished name, or to a list of them.",
        ),
        (
            "contact_sync_service_headers",
            "{",
            "its text is not valid YAML or JSON (line 1). Correct the syntax of contact_sync_service_headers.",
        ),
    ],
)
def test_an_invalid_value_is_reported(name: str, value: object, problem: str) -> None:
    with pytest.raises(InputError) as caught:
        _convert(name, value)
    assert str(caught.value) == f"Cannot use {name}: {problem}"


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        (
            "contact_sync_object_types",
            ["user", "robot"],
            (
                "Cannot use element 2 of contact_sync_object_types: 'robot' is not a valid choice. Set it to user or"
                " contact."
            ),
        ),
        (
            "contact_sync_service_status_code",
            ["200", "ok"],
            (
                "Cannot use element 2 of contact_sync_service_status_code: 'ok' is not an integer. Set it to an"
                " integer, such as 10."
            ),
        ),
        (
            "contact_sync_columns",
            [{"header": "Name", "value": "cn", "max_length": "x"}],
            (
                "Cannot use max_length of element 1 of contact_sync_columns (Name): 'x' is not an integer. Set it to"
                " an integer, such as 10."
            ),
        ),
        (
            "contact_sync_service_result",
            {"error": "e"},
            "Cannot use contact_sync_service_result: it has the unknown key 'error'. Did you mean errors?",
        ),
        (
            "contact_sync_exclude_groups",
            ["CN=G", False],
            (
                "Cannot use element 2 of contact_sync_exclude_groups: it was parsed as the boolean false. Write it"
                " in quotes."
            ),
        ),
    ],
)
def test_an_invalid_part_of_a_value_is_named(name: str, value: object, message: str) -> None:
    with pytest.raises(InputError) as caught:
        _convert(name, value)
    assert str(caught.value) == message


def test_templates_and_python_tags_in_text_are_not_evaluated() -> None:
    text = "[{header: \"{{ lookup('pipe', 'false') }}\", value: cn}]"
    assert _convert("contact_sync_columns", text)[0]["header"] == "{{ lookup('pipe', 'false') }}"
    with pytest.raises(InputError, match="not valid YAML"):
        _convert("contact_sync_columns", "!!python/object/apply:os.getcwd []")


def test_a_secret_is_not_quoted_and_a_long_value_is_shortened() -> None:
    spec = {"type": "int", "no_log": True}
    with pytest.raises(InputError) as caught:
        convert_value("contact_sync_x", "Pw7.secret", spec)
    assert "Pw7" not in str(caught.value)
    with pytest.raises(InputError) as caught:
        _convert("contact_sync_page_size", "x" * 100)
    assert f"'{'x' * 60}...'" in str(caught.value)


def test_blank_suboptions_are_omitted() -> None:
    specs = {"a": {"type": "str"}, "b": {"type": "raw"}, "c": {"type": "int"}}
    assert convert_suboptions("x", {"a": "", "b": [], "c": "0"}, specs) == {"c": 0}


TEXT_PROBLEMS = [
    ("{a: 1, a: 2}", "it contains the key 'a' twice (line 1). Correct the syntax"),
    ("a: &x b\nc: *x", "it contains an alias (line 2). Correct the syntax"),
    ("a: 2020-99-99", "its text is not valid YAML or JSON. Correct the syntax"),
    ("[" * 3000, "its text is not valid YAML or JSON. Correct the syntax"),
    ("a: " + "9" * 5000, "its text is not valid YAML or JSON. Correct the syntax"),
]


@pytest.mark.parametrize(("text", "problem"), TEXT_PROBLEMS)
def test_invalid_or_ambiguous_text_is_rejected(text: str, problem: str) -> None:
    with pytest.raises(InputError) as caught:
        _convert("contact_sync_service_params", text)
    assert (
        str(caught.value)
        == f"Cannot use contact_sync_service_params: {problem} of contact_sync_service_params."
    )


@pytest.mark.parametrize("value", [dt.date(2026, 1, 1), None, ["a"], {"a": "b"}])
def test_header_values_must_be_strings_numbers_or_booleans(value: object) -> None:
    with pytest.raises(
        InputError, match="Cannot use day of contact_sync_service_headers: it was parsed as"
    ):
        _convert("contact_sync_service_headers", {"day": value})
    with pytest.raises(InputError, match="a key was parsed as the number 1"):
        _convert("contact_sync_service_headers", {1: "a"})


def test_omitted_values_are_removed() -> None:
    value = {"a": "x", "b": ["x", "y"], "c": {"d": "x"}}
    assert remove_omitted(value, "x") == {"b": ["y"], "c": {}}
    with_null = {"a": None, "b": [None]}
    assert remove_omitted(with_null, None) == with_null


@pytest.mark.parametrize(
    "name",
    ["contact_sync_bind_pw", "contact_sync_service_headers", "contact_sync_service_secrets"],
)
def test_an_invalid_template_in_a_secret_is_not_quoted(name: str) -> None:
    error = "template error while templating string: unexpected '}'. String: P{{w7.SECRET"
    assert describe_template_error(name, error) == "its template is invalid"
    assert describe_template_error("contact_sync_filter", f"{error}\nmore") == (
        "template error while templating string: unexpected '}'"
    )


def test_a_repeated_cause_is_shown_once() -> None:
    error = "'x' is undefined. 'x' is undefined"
    assert describe_template_error("contact_sync_filter", error) == "'x' is undefined"
