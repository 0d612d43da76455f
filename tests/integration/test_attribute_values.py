# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Attribute values in any script and with arbitrary bytes, and the resulting cells."""

from __future__ import annotations

import csv
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import ldap3
import pytest

from tests.integration.support.modules import run_module
from tests.integration.support.options import export_options

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tests.integration.support.modules import ModuleResult
    from tests.integration.support.workspace import Workspace
    from tests.lab.company import Company
    from tests.lab.directory import RunningDirectory

pytestmark = pytest.mark.every_library

TEST_ATTRIBUTE = "audio"
"""An attribute that all directory servers define for people, and that accepts several values of arbitrary bytes."""
COLUMNS = [
    {"header": "Account", "value": "sAMAccountName"},
    {"header": "Test", "value": TEST_ATTRIBUTE},
    {"header": "Location", "value": "location"},
]

# By case: the value in the directory, and the cell in the roster (None if the person is left out).
VALUES: dict[str, tuple[bytes, str | None]] = {
    "right to left": ("\u200fדנה כהן\u200e".encode(), "\u200fדנה כהן\u200e"),
    "right to left, with digits": ("سارة ١٢٣".encode(), "سارة ١٢٣"),
    "combining marks": (b"A\xcc\x8aA\xcc\x8a e\xcc\x82\xcc\x81", "ÅÅ ế"),
    "combining marks in another order": (b"a\xcc\x82\xcc\xa3", "ậ"),
    "emoji with several code points": ("👩🏽\u200d💻🇳🇴".encode(), "👩🏽\u200d💻🇳🇴"),
    "four-byte characters": ("𠮷野家".encode(), "𠮷野家"),
    "last Unicode code point": (b"\xf4\x8f\xbf\xbf", "\U0010ffff"),
    "NUL": (b"\0Ada\0\0Lie\0", "Ada Lie"),
    "line breaks": ("Ada\r\nLie\u2028Moe".encode(), "Ada Lie Moe"),
    "quotes and a comma": (b'Ada "A", Lie', 'Ada "A", Lie'),
    "unpaired surrogate": (b"Ada \xed\xa0\xbd", None),
    "surrogate pair": (b"\xed\xa0\xbd\xed\xb8\x80", None),
    "Latin-1": (b"Troms\xf8", None),
    "UTF-16": ("Ada ø".encode("utf-16"), None),
    "truncated character": ("Tromsø".encode()[:-1], None),
    "overlong encoding of a slash": (b"\xc0\xaf", None),
    "beyond the last code point": (b"\xf4\x90\x80\x80", None),
}


@pytest.fixture(params=["active_directory", "open_ldap"])
def directory(request: pytest.FixtureRequest) -> RunningDirectory:
    """Active Directory or OpenLDAP."""
    running: RunningDirectory = request.getfixturevalue(request.param)
    return running


@pytest.fixture
def temporary_values() -> Iterator[TemporaryValues]:
    """An object that writes attribute values.

    The fixture removes these values after the test.
    """
    created = TemporaryValues()
    yield created
    created.remove()


class TemporaryValues:
    """An object that writes values of TEST_ATTRIBUTE, and can remove all of them together."""

    def __init__(self) -> None:
        self._removals = ExitStack()

    def write(self, directory: RunningDirectory, values: Mapping[str, Sequence[bytes]]) -> None:
        """Write values of TEST_ATTRIBUTE.

        :param values: values by account name.
        """
        self._removals.callback(_replace_values, directory, dict.fromkeys(values, ()))
        _replace_values(directory, values)

    def remove(self) -> None:
        """Remove all written values."""
        self._removals.close()


def _replace_values(directory: RunningDirectory, values: Mapping[str, Sequence[bytes]]) -> None:
    company = directory.company
    with directory.session() as session:
        for account, replacement in values.items():
            dn = company.person_dn(company.person(account))
            session.modify(dn, {TEST_ATTRIBUTE: [(ldap3.MODIFY_REPLACE, list(replacement))]})


def export_tromso(
    directory: RunningDirectory,
    workspace: Workspace,
    columns: Sequence[Mapping[str, Any]] = tuple(COLUMNS),
) -> ModuleResult:
    """Export the people in Tromsø."""
    base = directory.company.site_dn(directory.company.site("tromso"))
    sources = [{"location": "tromso", "search_base": base}]
    options = export_options(directory, workspace, sources=sources, columns=list(columns))
    return run_module(workspace, "ad_contacts_export", options)


def tromso_accounts(company: Company) -> list[str]:
    return [person.account for person in company.at(company.site("tromso"))]


def test_each_value_becomes_valid_utf8_or_its_person_is_left_out(
    directory: RunningDirectory,
    company: Company,
    temporary_values: TemporaryValues,
    workspace: Workspace,
) -> None:
    values = dict(zip(tromso_accounts(company), VALUES.values(), strict=False))
    assert len(values) == len(VALUES)
    temporary_values.write(
        directory, {account: [value] for account, (value, _cell) in values.items()}
    )
    result = export_tromso(directory, workspace)
    rows = list(csv.reader(workspace.dest.read_bytes().decode("utf-8").split("\r\n")))
    cells = {row[0]: row[1] for row in rows[1:-1] if row[1]}
    assert cells == {
        account: cell for account, (_value, cell) in values.items() if cell is not None
    }
    without_a_row = {
        str(company.person(account).identity)
        for account, (_value, cell) in values.items()
        if cell is None
    }
    assert {person["identity"] for person in result["left_out"]} == without_a_row
    assert {person["cause"] for person in result["left_out"]} == {
        f"the attribute {TEST_ATTRIBUTE} is not valid UTF-8"
    }


def test_a_row_too_long_to_be_read_back_is_left_out(
    directory: RunningDirectory,
    company: Company,
    temporary_values: TemporaryValues,
    workspace: Workspace,
) -> None:
    long, longer = tromso_accounts(company)[:2]
    temporary_values.write(directory, {long: [b"x" * 130_000], longer: [b"x" * 200_000]})
    result = export_tromso(directory, workspace)
    assert [person["cause"] for person in result["left_out"]] == [
        "the row is longer than 131072 characters"
    ]
    assert f"\r\n{long},{'x' * 130_000},tromso\r\n" in workspace.dest.read_bytes().decode("utf-8")


def test_composed_and_decomposed_values_yield_the_same_bytes(
    active_directory: RunningDirectory,
    open_ldap: RunningDirectory,
    temporary_values: TemporaryValues,
    workspace: Workspace,
) -> None:
    """If values were sorted before normalization, the order of the second person's two values would differ."""
    accounts = tromso_accounts(active_directory.company)
    composed = {accounts[0]: ["Åse Krüger".encode()], accounts[1]: ["Åse".encode(), b"Zoe"]}
    decomposed = {
        accounts[0]: [b"A\xcc\x8ase Kru\xcc\x88ger"],
        accounts[1]: [b"Zoe", b"A\xcc\x8ase"],
    }
    columns = [*COLUMNS, {"header": "All", "value": f"all.{TEST_ATTRIBUTE} | join('/') | upper"}]
    rosters = []
    for directory, values in ((active_directory, composed), (open_ldap, decomposed)):
        temporary_values.write(directory, values)
        assert not export_tromso(directory, workspace, columns).failed
        rosters.append(workspace.dest.read_bytes())
    assert rosters[0] == rosters[1]
    assert ",Åse Krüger,tromso,ÅSE KRÜGER\r\n".encode() in rosters[0]
    assert ",Zoe,tromso,ZOE/ÅSE\r\n".encode() in rosters[0]


# By value in the directory: the phone number in the roster, or an empty string.
PHONE_NUMBERS = {
    "+47 912 34 567": "+4791234567",
    "tel:+47-912-34-568": "+4791234568",
    "+40721eeasd0": "",
    "+49 30 12345 Fax": "",
    "+49 30 1234 HA 5": "",
    "+47 912 34 569 ext. 7": "",
}


def test_text_with_letters_is_not_a_phone_number(
    directory: RunningDirectory,
    company: Company,
    temporary_values: TemporaryValues,
    workspace: Workspace,
) -> None:
    numbers = dict(zip(tromso_accounts(company), PHONE_NUMBERS, strict=False))
    temporary_values.write(directory, {name: [text.encode()] for name, text in numbers.items()})
    columns = [
        {"header": "Account", "value": "sAMAccountName"},
        {"header": "Filter", "value": f"{TEST_ATTRIBUTE} | e164('NO')"},
        {"header": "Style", "value": TEST_ATTRIBUTE, "phone_style": "e164"},
        {"header": "Location", "value": "location"},
    ]
    result = export_tromso(directory, workspace, columns)
    rows = {row[0]: row[1:3] for row in csv.reader(workspace.dest.read_text("utf-8").splitlines())}
    assert {numbers[name]: rows[name] for name in numbers} == {
        text: [number, number] for text, number in PHONE_NUMBERS.items()
    }
    emptied = [text for text, number in PHONE_NUMBERS.items() if not number for _column in "12"]
    texts = {str(company.person(name).identity): text for name, text in numbers.items()}
    assert sorted(texts[cell["identity"]] for cell in result["emptied"]) == sorted(emptied)


def test_attributes_missing_from_every_entry_cause_a_warning(
    directory: RunningDirectory, workspace: Workspace
) -> None:
    columns = [
        *COLUMNS,
        {"header": "Fax", "value": "facsimileTelephoneNumber"},
        {"header": "Name", "value": "givenname or (all['sername'] | join)"},
    ]
    result = export_tromso(directory, workspace, columns)
    assert result.warnings == [
        f"No entry has the attribute {name}, which the columns use."
        for name in (TEST_ATTRIBUTE, "facsimiletelephonenumber", "sername")
    ]
    assert result["changed"]
