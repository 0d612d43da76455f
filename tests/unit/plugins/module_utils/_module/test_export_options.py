# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of parsing the options of ad_contacts_export and ad_contacts_info into typed objects."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import InputError
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.arguments import (
    option_names_spec,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.directory_options import (
    parse_connection_settings,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.directory_spec import (
    directory_spec,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.export_options import (
    ExportOptions,
    ReadOptions,
    parse_export_options,
    parse_read_options,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.export_spec import (
    export_spec,
    info_spec,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.source_options import (
    parse_sources,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.source_spec import (
    source_spec,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.module import export_params, source


def test_both_modules_have_the_connection_and_source_options() -> None:
    common = {**directory_spec(), **source_spec(), **option_names_spec()}
    assert set(export_spec()) - set(common) == {
        *("on_invalid", "max_contested", "dest", "backup", "baseline", "stage_in_check_mode"),
    }
    assert set(info_spec()) - set(common) == {"fail_on_problems"}
    for spec in (export_spec(), info_spec()):
        assert {name: spec[name] for name in common} == common


def test_all_options_of_an_export_are_parsed(tmp_path: Path) -> None:
    (tmp_path / "link.csv").symlink_to("contacts.csv")
    params = export_params(
        source("OU=A", location="oslo"),
        dest=str(tmp_path / "link.csv"),
        columns=[{"header": "Name", "value": "sn"}, {"header": "Site", "value": "location"}],
        object_types=["user", "contact"],
        page_size=7,
        backup=True,
        stage_in_check_mode=True,
        on_invalid="fail",
        max_contested=3,
    )
    sources = parse_sources(params)
    options = parse_export_options(params, check_mode=False)
    assert options == ExportOptions(
        read=ReadOptions(
            connection=parse_connection_settings(params),
            sources=sources,
            columns=options.read.columns,  # Compiled expressions are never equal.
            object_types=("user", "contact"),
            page_size=7,
        ),
        dest=tmp_path / "contacts.csv",
        backup=True,
        keep_staged=True,
        fail_on_invalid=True,
        max_contested=3,
    )
    assert [column.header for column in options.read.columns] == ["Name", "Site"]


def test_options_of_an_export_that_are_not_set_have_defaults(tmp_path: Path) -> None:
    params = export_params(source("OU=A", location="oslo"), dest=str(tmp_path / "contacts.csv"))
    options = parse_export_options(params, check_mode=False)
    assert (options.backup, options.fail_on_invalid) == (False, False)
    assert options.max_contested is None
    assert (options.read.object_types, options.read.page_size) == (("user",), 1000)
    assert [column.header for column in options.read.columns] == [
        "First Name",
        "Last Name",
        "Email",
        "SMS Phone",
        "Location",
    ]


def test_only_check_mode_accepts_a_missing_directory(tmp_path: Path) -> None:
    dest = tmp_path / "later" / "contacts.csv"
    params = export_params(source("OU=A"), dest=str(dest))
    assert parse_export_options(params, check_mode=True).dest == dest
    with pytest.raises(InputError, match="later is not a directory"):
        parse_export_options(params, check_mode=False)


def test_options_are_checked_in_a_fixed_order(tmp_path: Path) -> None:
    # Each correction removes the error that is reported first.
    params = export_params(dest="/a\0b", ca_path="/c\0d", page_size=0, columns=[], max_contested=-1)
    corrections: list[tuple[str, dict[str, Any]]] = [
        ("Cannot use dest: it contains a NUL byte", {"dest": str(tmp_path)}),
        ("Cannot use ca_path: it contains a NUL byte", {"ca_path": None}),
        ("Cannot read people: sources is empty", {"sources": [source("OU=A")]}),
        ("Cannot use page_size 0: ", {"page_size": 1}),
        ("Cannot create a roster: columns is empty", {"columns": None}),
        (f"Cannot write {tmp_path}: it is a directory", {"dest": str(tmp_path / "contacts.csv")}),
        (
            "Cannot use max_contested -1: it must not be negative. Set it to 0 or more.",
            {"max_contested": 0},
        ),
    ]
    for message, correction in corrections:
        with pytest.raises(InputError) as caught:
            parse_export_options(params, check_mode=False)
        assert str(caught.value).startswith(message)
        params = {**params, **correction}
    options = parse_export_options(params, check_mode=False)
    assert (options.dest, options.max_contested) == (tmp_path / "contacts.csv", 0)


@pytest.mark.parametrize("option", ["ca_path", "client_cert", "client_key", "keytab"])
def test_a_nul_byte_in_a_path_of_the_connection_is_an_error(option: str) -> None:
    params = export_params(source("OU=A"), **{option: "/a\0b"})
    with pytest.raises(InputError, match=f"Cannot use {option}: it contains a NUL byte"):
        parse_read_options(params)
