# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Attribute values in any script and with arbitrary bytes, and the resulting cells."""

from __future__ import annotations

import csv
import re
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

# By case: the value in the directory, and the cell in the roster (None if the cell is emptied).
VALUES: dict[str, tuple[bytes, str | None]] = {
    "right to left": ("\u200fדנה כהן\u200e".encode(), "דנה כהן"),
    "right to left, with digits": ("سارة ١٢٣".encode(), "سارة ١٢٣"),
    "combining marks": (b"A\xcc\x8aA\xcc\x8a e\xcc\x82\xcc\x81", "ÅÅ ế"),
    "combining marks in another order": (b"a\xcc\x82\xcc\xa3", "ậ"),
    "emoji with several code points": ("👩🏽\u200d💻🇳🇴".encode(), "👩🏽\u200d💻🇳🇴"),
    "four-byte characters": ("𠮷野家".encode(), "𠮷野家"),
    "last Unicode code point": (b"\xf4\x8f\xbf\xbf", "\U0010ffff"),
    "zero width space": ("\u200bAda\u200b Lie\u200b".encode(), "Ada\u200b Lie"),
    "marks around a number": ("\u202a+47 912\u200b 34 567\u202c".encode(), "+47 912 34 567"),
    "marks in a mail address": ("ada\u200d@corp.example\u200b".encode(), "ada@corp.example"),
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
    """An object that writes values of TEST_ATTRIBUTE, and can remove all written values."""

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


def test_each_value_becomes_valid_utf8_or_its_cell_is_emptied(
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
    without_a_cell = {
        str(company.person(account).identity)
        for account, (_value, cell) in values.items()
        if cell is None
    }
    assert result["left_out"] == []
    assert {cell["identity"] for cell in result["emptied"]} == without_a_cell
    assert {cell["cause"] for cell in result["emptied"]} == {
        f"the attribute {TEST_ATTRIBUTE} is not valid UTF-8"
    }


def test_a_row_too_long_to_be_read_back_is_left_out(
    directory: RunningDirectory,
    company: Company,
    temporary_values: TemporaryValues,
    workspace: Workspace,
) -> None:
    long, longer = tromso_accounts(company)[:2]
    temporary_values.write(directory, {long: [b"x" * 130_000], longer: [b"x" * 131_070]})
    result = export_tromso(directory, workspace)
    assert [person["cause"] for person in result["left_out"]] == [
        "the row is longer than 131072 characters"
    ]
    assert f"\r\n{long},{'x' * 130_000},tromso\r\n" in workspace.dest.read_bytes().decode("utf-8")


@pytest.mark.parametrize("is_required", [False, True])
def test_an_entry_of_18_mib_affects_only_its_own_cell_or_row(
    open_ldap: RunningDirectory,
    company: Company,
    workspace: Workspace,
    *,
    is_required: bool,
) -> None:
    accounts = tromso_accounts(company)
    large, dn = "description", company.person_dn(company.person(accounts[0]))
    # By default, OpenLDAP accepts requests of up to 4 MiB (slapd.conf(5), sockbuf_max_incoming_auth).
    with open_ldap.session() as session:
        for letter in b"abcdef":
            session.modify(dn, {large: [(ldap3.MODIFY_ADD, [bytes([letter]) * (3 << 20)])]})
    column: dict[str, Any] = {
        "header": "Test",
        "value": f"{large} or 'none'",
        "required": is_required,
    }
    try:
        result = export_tromso(open_ldap, workspace, [COLUMNS[0], column, COLUMNS[-1]])
    finally:
        with open_ldap.session() as session:
            session.modify(dn, {large: [(ldap3.MODIFY_REPLACE, [])]})
    cause = f"the attribute {large} has too many values, or a value of more than 131072 bytes"
    identity = str(company.person(accounts[0]).identity)
    listed = result["left_out" if is_required else "emptied"]
    assert [(person["identity"], person["cause"]) for person in listed] == [
        (identity, f"Test: {cause}" if is_required else cause)
    ]
    rows = {row[0] for row in csv.reader(workspace.dest.read_text("utf-8").splitlines()[1:])}
    assert rows == set(accounts[1:] if is_required else accounts)


HOSTILE_VALUES = {
    "combining characters": "e" + "\u0301\u0323" * 30_000,
    "catastrophic backtracking": "a" * 40 + "!",
    "long value": "a" * 20_000,
    "replaced by itself": "x" * 9_000,
    "formula after a separator": "Lie;=1+1",
}


def test_hostile_values_of_some_people_do_not_affect_others(
    directory: RunningDirectory,
    company: Company,
    temporary_values: TemporaryValues,
    workspace: Workspace,
) -> None:
    texts = dict(zip(tromso_accounts(company), HOSTILE_VALUES.values(), strict=False))
    temporary_values.write(directory, {name: [text.encode()] for name, text in texts.items()})
    columns: list[Mapping[str, Any]] = [
        COLUMNS[0],
        {"header": "Plain", "value": TEST_ATTRIBUTE, "max_length": 100},
        {"header": "Regex", "value": f"{TEST_ATTRIBUTE} | regex_replace('^(a+)+$', '')"},
        {"header": "Replace", "value": f"{TEST_ATTRIBUTE} | replace('x', {TEST_ATTRIBUTE})"},
        COLUMNS[-1],
    ]
    result = export_tromso(directory, workspace, columns)
    assert result["left_out"] == []
    causes = {(cell["identity"], cell["column"]): cell["cause"] for cell in result["emptied"]}
    identities = [str(company.person(name).identity) for name in texts]
    marks = f"the attribute {TEST_ATTRIBUTE} has a value with more than 30 consecutive combining characters"
    slow = "its regular expression takes more than 1 s of CPU time for one value"
    long = "longer than 100 characters"
    assert causes == {
        **{(identities[0], header): marks for header in ("Plain", "Regex", "Replace")},
        (identities[1], "Regex"): slow,
        (identities[2], "Plain"): long,
        (
            identities[2],
            "Regex",
        ): "its regular expression is applied to a value of more than 10000 characters",
        (identities[3], "Plain"): long,
        (identities[3], "Replace"): "the result of replace is longer than 131072 characters",
        **{
            (identities[4], header): "possibly a spreadsheet formula"
            for header in ("Plain", "Regex", "Replace")
        },
    }
    rows = list(csv.reader(workspace.dest.read_text("utf-8").splitlines()[1:]))
    assert [row[0] for row in rows] == sorted(tromso_accounts(company))


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


# Phone numbers in the roster, by the value in the directory; empty for a value that is not a phone number.
PHONE_NUMBERS = {
    "+47 912 34 567": "+4791234567",
    "tel:+47-912-34-568": "+4791234568",
    "+40721eeasd0": "",
    "+49 30 12345 Fax": "",
    "+49 30 1234 HA 5": "",
    "+47 912 34 569 ext. 7": "",
}


def test_a_value_with_letters_other_than_the_tel_scheme_is_not_a_phone_number(
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


def test_blank_values_are_ignored(
    directory: RunningDirectory,
    company: Company,
    temporary_values: TemporaryValues,
    workspace: Workspace,
) -> None:
    accounts = tromso_accounts(company)
    values = [[b" ", b"real@x"], ["\u200b".encode(), b"\n", b" b@x", b"a@x"], [b" "]]
    temporary_values.write(directory, dict(zip(accounts, values, strict=False)))
    test_columns = [
        {"header": "First", "value": TEST_ATTRIBUTE},
        {"header": "All", "value": f"all.{TEST_ATTRIBUTE} | join('; ')"},
        {"header": "Default", "value": f"{TEST_ATTRIBUTE} or 'none'"},
    ]
    export_tromso(directory, workspace, [COLUMNS[0], *test_columns, COLUMNS[-1]])
    rows = {row[0]: row[1:4] for row in csv.reader(workspace.dest.read_text("utf-8").splitlines())}
    assert [rows[account] for account in accounts[:3]] == [
        ["real@x", "real@x", "real@x"],
        ["a@x", "a@x; b@x", "a@x"],
        ["", "", "none"],
    ]


# By value in the directory: the cell, and the cause if the cell is emptied.
DOUBTFUL_VALUES = {
    "-": ("-", ""),
    "--": ("--", ""),
    "+ 47 912 00 002": ("+ 47 912 00 002", ""),
    "+(47) 912 00 003": ("+(47) 912 00 003", ""),
    "=1+1": ("", "possibly a spreadsheet formula"),
    "- see reception": ("", "possibly a spreadsheet formula"),
    "+47 912 00 004 or 912 00 005": ("", "longer than 20 characters"),
}


@pytest.mark.parametrize("is_required", [False, True])
def test_a_doubtful_cell_is_emptied_unless_it_is_required(
    directory: RunningDirectory,
    company: Company,
    temporary_values: TemporaryValues,
    workspace: Workspace,
    *,
    is_required: bool,
) -> None:
    texts = dict(zip(tromso_accounts(company), DOUBTFUL_VALUES, strict=False))
    temporary_values.write(directory, {name: [text.encode()] for name, text in texts.items()})
    column = {
        "header": "Test",
        "value": f"{TEST_ATTRIBUTE} or 'none'",
        "max_length": 20,
        "required": is_required,
    }
    result = export_tromso(directory, workspace, [COLUMNS[0], column, COLUMNS[-1]])
    rows = {row[0]: row[1] for row in csv.reader(workspace.dest.read_text("utf-8").splitlines())}
    identities = {str(company.person(name).identity): text for name, text in texts.items()}
    doubtful = {text: cause for text, (_cell, cause) in DOUBTFUL_VALUES.items() if cause}
    cells = {texts[name]: cell for name, cell in rows.items() if name in texts}
    if is_required:
        assert {identities[person["identity"]] for person in result["left_out"]} == set(doubtful)
        assert result["emptied"] == []
        assert cells == {text: cell for text, (cell, cause) in DOUBTFUL_VALUES.items() if not cause}
    else:
        assert result["left_out"] == []
        emptied = {identities[cell["identity"]]: cell["cause"] for cell in result["emptied"]}
        assert emptied == doubtful
        assert cells == {text: cell for text, (cell, _cause) in DOUBTFUL_VALUES.items()}


def test_guids_and_sids_can_be_columns(
    active_directory: RunningDirectory, company: Company, workspace: Workspace
) -> None:
    columns = [
        {"header": "Account", "value": "sAMAccountName"},
        {"header": "GUID", "value": "objectGUID"},
        {"header": "SID", "value": "objectSid"},
        {"header": "Location", "value": "location"},
    ]
    result = export_tromso(active_directory, workspace, columns)
    rows = list(csv.reader(workspace.dest.read_text("utf-8").splitlines()))[1:]
    people = company.at(company.site("tromso"))
    assert result["left_out"] == []
    assert {row[0]: row[1] for row in rows} == {
        person.account: str(person.identity) for person in people
    }
    sids = {row[2] for row in rows}
    assert len(sids) == len(people)
    assert all(re.fullmatch(r"S-1-5-21(-[0-9]+){4}", sid) for sid in sids)
    assert len({sid.rpartition("-")[0] for sid in sids}) == 1


def test_attributes_missing_from_every_entry_cause_warnings(
    directory: RunningDirectory, workspace: Workspace
) -> None:
    columns = [
        *COLUMNS,
        {"header": "Fax", "value": "facsimileTelephoneNumber"},
        {"header": "Name", "value": "givenname or (all['sername'] | join)"},
    ]
    result = export_tromso(directory, workspace, columns)
    assert [warning.partition(":")[0] for warning in result.warnings[:2]] == [
        f"No entry has the attribute {TEST_ATTRIBUTE}, which the column Test uses",
        "No entry has the attribute facsimiletelephonenumber, which the column Fax uses",
    ]
    assert result.warnings[2].startswith(
        f"The schema of {directory.uri_ldaps} has no attribute sername, which the column Name uses."
    )
    assert result["changed"]
