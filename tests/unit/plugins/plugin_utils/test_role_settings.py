# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the settings of a sync: the checks of the variables, and the options that they become."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import (
    InputError,
    render_message,
)
from ansible_collections.frontdesk.contacts.plugins.plugin_utils._locations import (
    location_from_host,
)
from ansible_collections.frontdesk.contacts.plugins.plugin_utils._settings import (
    Host,
    Settings,
    check_combinations,
    convert_variables,
    describe_missing_state,
    make_settings,
)
from ansible_collections.frontdesk.contacts.plugins.plugin_utils._variables import option_names

VALID = {
    "server_uri": "ldaps://dc1.corp.example",
    "base_dn": "DC=corp,DC=example",
    "locations": [{"location": "oslo-hq", "ou": "Oslo"}],
    "service_url": "https://frontdesk.example/api",
}


def _host(**changes: object) -> Host:
    variables = {f"contact_sync_{name}": value for name, value in {**VALID, **changes}.items()}
    return Host("corp", convert_variables(variables))


def _settings(**changes: object) -> Settings:
    return make_settings(_host(**changes), (), for_upload=True)


def _options(stage: str, **changes: object) -> dict[str, Any]:
    options = dict(_settings(**changes).options[stage])
    options.pop("option_names", None)
    return options


def test_variables_become_options_of_the_modules_that_have_them() -> None:
    changes = {"ca_path": "~/ca.pem", "service_ca_path": "/tls/ca.pem", "on_invalid": "fail"}
    read = {"server_uri": ["ldaps://dc1.corp.example"], "ca_path": "~/ca.pem"}
    assert _options("export", **changes) == {**read, "on_invalid": "fail"}
    assert _options("probe", **changes) == read
    assert _options("upload", **changes) == {
        "url": "https://frontdesk.example/api",
        "ca_path": "/tls/ca.pem",
    }


def test_the_location_header_applies_to_the_export_and_the_upload() -> None:
    assert _options("export", location_header="Office")["location_header"] == "Office"
    assert _options("upload", location_header="Office")["location_column"] == "Office"


@pytest.mark.parametrize("blank", ["", None, [], {}, " "])
def test_blank_variables_are_not_passed(blank: object) -> None:
    changes = {"ca_path": blank, "columns": blank, "max_removed": blank, "initial": blank}
    assert _settings(**changes).options == _settings().options
    assert not _settings(**changes).is_initial


def test_zero_and_false_are_passed() -> None:
    changes = {"max_removed": 0, "max_removed_percent": "0", "force": "no"}
    options = _options("upload", **changes)
    assert (options["max_removed"], options["max_removed_percent"]) == (0, 0)
    assert options["force"] is False


def test_the_limits_and_the_approval_are_passed() -> None:
    changes = {
        "missing": "keep",
        "max_removed_per_location_percent": "5",
        "must_contain": "[{Email: a@x}]",
        "approved_plan": "5a1f0c9be0d2a4f7",
    }
    assert _options("upload", **changes) == {
        **_options("upload"),
        "missing": "keep",
        "max_removed_per_location_percent": 5.0,
        "must_contain": [{"Email": "a@x"}],
        "approved_plan": "5a1f0c9be0d2a4f7",
    }


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"approved_plan": "yes"},
            (
                "Cannot use contact_sync_approved_plan 'yes': it is not the identifier of a plan, which has 16"
                " hexadecimal digits. Copy the identifier from the message that refused the plan, and write it in"
                " quotes."
            ),
        ),
        (
            {"approved_plan": 1234567890123456},
            "Cannot use contact_sync_approved_plan: it was parsed as the number 1234567890123456. Write it in quotes.",
        ),
        (
            {"max_moved_percent": 101},
            (
                "Cannot use contact_sync_max_moved_percent 101: it must be between 0 and 100. Correct"
                " contact_sync_max_moved_percent."
            ),
        ),
        (
            {"max_moved_percent": "many"},
            "Cannot use contact_sync_max_moved_percent: 'many' is not a number. Set it to a number, such as 10.",
        ),
        (
            {"must_contain": [{"SMS Phone": 4791234567}]},
            (
                "Cannot use element 1 of contact_sync_must_contain: it contains a title or a value that is not a"
                " string. Write both in quotes."
            ),
        ),
        (
            {"must_contain": {"Email": "a@x"}},
            (
                "Cannot use contact_sync_must_contain: it is a dictionary. Write it as a list, such as"
                " [{Email: reception@corp.example}]."
            ),
        ),
        (
            {"missing": "delete"},
            (
                "Cannot use contact_sync_missing: 'delete' is not a valid choice. Set it to remove, disable, keep or"
                " unknown."
            ),
        ),
    ],
)
def test_invalid_limits_are_rejected_before_anything_is_read(
    changes: dict[str, object], message: str
) -> None:
    with pytest.raises(InputError) as caught:
        _settings(**changes)
    assert str(caught.value) == message


def test_the_probe_does_not_check_the_limits() -> None:
    assert make_settings(_host(approved_plan="yes"), (), for_upload=False).sources


@pytest.mark.parametrize("check_mode", [False, True])
def test_the_names_in_messages_depend_on_check_mode(check_mode: bool) -> None:
    settings = make_settings(_host(), (), for_upload=True, check_mode=check_mode)
    for stage, options in settings.options.items():
        assert options["option_names"] == option_names(stage, check_mode=check_mode)


def test_an_empty_token_prefix_is_passed() -> None:
    assert _options("upload", service_token_prefix="")["token_prefix"] == ""
    assert "token_prefix" not in _options("upload", service_token_prefix=None)


def test_the_name_is_that_of_the_host_by_default() -> None:
    assert _settings().name == "corp"
    assert _settings(name="other").name == "other"


def test_locations_of_a_group_replace_the_list() -> None:
    location = location_from_host("bergen", {"location": "bergen", "ou": "Bergen"})
    host = _host(locations=[])
    (source,) = make_settings(host, [location], for_upload=False).sources
    assert source == {"location": "bergen", "search_base": "OU=Bergen,DC=corp,DC=example"}


def test_messages_name_the_variables_of_hosts_that_are_locations() -> None:
    location = location_from_host("bergen", {"location": "bergen", "ou": "Bergen"})
    host = _host(locations=[], locations_group="sites")
    of_hosts, of_list = (
        settings.options["export"]["option_names"]
        for settings in (make_settings(host, [location], for_upload=False), _settings())
    )
    message = "Reduce O(sources[].minimum), or set O(sources[].search_base)."
    assert render_message(message, of_hosts) == (
        "Reduce contact_sync_location_minimum, or set contact_sync_location_search_base."
    )
    assert render_message(message, of_list) == "Reduce minimum, or set search_base."


def test_the_probe_does_not_require_the_service() -> None:
    host = _host(service_url="", name="a/b")
    assert make_settings(host, (), for_upload=False).sources
    with pytest.raises(InputError):
        make_settings(host, (), for_upload=True)


@pytest.mark.parametrize(
    "url", ["https://x", "HTTPS://x", "http://localhost:8080/x", "http://[::1]/x"]
)
def test_encrypted_and_local_services_are_accepted(url: str) -> None:
    assert _options("upload", service_url=url)["url"] == url


@pytest.mark.parametrize(
    "url", ["http://x", "http://localhost.example/", "http://127.0.0.11/", "ftp://x"]
)
def test_remote_services_without_https_are_rejected(url: str) -> None:
    with pytest.raises(InputError, match="does not start with https://"):
        _settings(service_url=url)


@pytest.mark.parametrize(
    "changes",
    [
        {"server_uri": ""},
        {"domain": "corp.example"},
        {"server_uri": "dc1.corp.example"},
        {"server_uri": "http://dc1"},
        {"locations": []},
        {"locations_group": "sites"},
    ],
)
def test_missing_contradictory_and_invalid_variables_are_rejected(
    changes: dict[str, object],
) -> None:
    with pytest.raises(InputError):
        check_combinations(_host(**changes))


@pytest.mark.parametrize(
    "changes", [{}, {"server_uri": "LDAPS://dc1"}, {"server_uri": "", "domain": "x"}]
)
def test_complete_variables_are_accepted(changes: dict[str, object]) -> None:
    check_combinations(_host(**changes))


def test_missing_state_is_an_error_except_in_the_first_run() -> None:
    missing = {"exists": False, "state_dir": "/state", "node": "dc"}
    assert describe_missing_state(_settings(), missing).startswith(
        "Cannot sync corp: the state directory /state does not exist on dc, so "
    )
    assert describe_missing_state(_settings(initial="yes"), missing) == ""
    assert describe_missing_state(_settings(), {**missing, "exists": True}) == ""
