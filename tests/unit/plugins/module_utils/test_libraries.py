# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Libraries that are missing or too old: files load all the same, so that a module can say which."""

from __future__ import annotations

import importlib
import platform
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.library import (
    CRYPTOGRAPHY,
    GSSAPI,
    PYCRYPTODOME,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._library import (
    Library,
    LibraryError,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.libraries import (
    fail,
    require,
)

_ROOT = Path(__file__).parents[4]
_PLACE = "ansible_collections.frontdesk.contacts.plugins.module_utils"
# Each library: where it is imported, who else loads without it, and its oldest release that will do.
_LIBRARIES = [
    ("ldap3", ["_directory.library", "_directory.tls", "_directory.connection"], "2.9.1"),
    ("dnspython", ["_directory.resolver"], "2.1.0"),
    ("requests", ["_service.library", "_service.transport", "_service.client"], "2.31.0"),
    ("jinja2", ["_expressions.library", "_expressions.syntax", "_expressions.expression"], "3.0"),
    ("phonenumbers", ["_expressions.library", "_expressions.phone"], "8.13.0"),
]
_IMPORTED_AS = {"dnspython": "dns"}


def _load_anew(monkeypatch: pytest.MonkeyPatch, name: str) -> ModuleType:
    """Load a file once more; the one that was loaded before is back when the test ends."""
    package, _dot, last = f"{_PLACE}.{name}".rpartition(".")
    loaded = importlib.import_module(f"{package}.{last}")
    monkeypatch.setattr(importlib.import_module(package), last, loaded)
    monkeypatch.delitem(sys.modules, f"{package}.{last}")
    anew = importlib.import_module(f"{package}.{last}")
    monkeypatch.setitem(sys.modules, f"{package}.{last}", anew)
    return anew


@pytest.mark.parametrize(("library", "names", "minimum"), _LIBRARIES)
def test_a_library_that_is_there_and_new_enough(
    library: str, names: list[str], minimum: str
) -> None:
    found: Library = getattr(importlib.import_module(f"{_PLACE}.{names[0]}"), library.upper())
    package = sys.modules[_IMPORTED_AS.get(library, library)]
    assert replace(found, release=None) == Library(library, minimum, package)
    assert found.version is not None
    assert found.path == package.__path__[0]
    assert not found.is_too_old


@pytest.mark.parametrize(("library", "names", "minimum"), _LIBRARIES)
def test_files_load_without_their_library(
    monkeypatch: pytest.MonkeyPatch, library: str, names: list[str], minimum: str
) -> None:
    package = _IMPORTED_AS.get(library, library)
    for loaded in [name for name in sys.modules if name.partition(".")[0] == package]:
        monkeypatch.setitem(sys.modules, loaded, None)
    monkeypatch.setitem(sys.modules, package, None)
    first, *_others = [_load_anew(monkeypatch, name) for name in names]
    found: Library = getattr(first, library.upper())
    assert f"import of {package}" in str(found.failure)
    assert (found.version, found.path, found.is_too_old) == (None, None, False)
    assert found.requirement == f"{library} >= {minimum}"


def test_what_few_columns_need_is_imported_when_it_is_first_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    anew = _load_anew(monkeypatch, "_expressions.library")
    assert not {"jinja2", "JINJA2", "phonenumbers", "PHONENUMBERS"} & set(vars(anew))
    assert anew.jinja2 is sys.modules["jinja2"]
    assert vars(anew)["JINJA2"].package is anew.jinja2
    assert "phonenumbers" not in vars(anew)
    assert anew.PHONENUMBERS.package is anew.phonenumbers
    with pytest.raises(AttributeError, match="requests"):
        anew.requests  # noqa: B018  # it is the access that fails


@pytest.mark.parametrize(("library", "minimum"), [(each[0], each[2]) for each in _LIBRARIES])
@pytest.mark.parametrize(
    ("file", "operator"),
    [
        ("meta/requirements.txt", ">="),
        ("tests/unit/requirements.txt", ">="),
        ("tests/requirements/modules-oldest.txt", "=="),
    ],
)
def test_the_oldest_release_is_the_same_wherever_it_stands(
    library: str, minimum: str, file: str, operator: str
) -> None:
    lines = (_ROOT / file).read_text(encoding="utf-8").splitlines()
    (line,) = [line for line in lines if line.startswith(library)]
    assert line.startswith(f"{library} {operator} {minimum}")


def test_a_library_that_few_need_is_imported_where_it_is_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    library = Library("a_library_of_few", "1.6.9")
    with pytest.raises(LibraryError) as caught:
        library.load("by some option")
    assert caught.value.reason == "by some option"
    assert "No module named 'a_library_of_few'" in str(caught.value.library.failure)
    there = ModuleType(library.name)
    monkeypatch.setitem(sys.modules, library.name, there)
    assert library.load() is there
    there.__version__ = "1.6.8"
    with pytest.raises(LibraryError):
        library.load()


def test_what_few_need_is_in_execution_environments_all_the_same() -> None:
    lines = (_ROOT / "meta/ee-requirements.txt").read_text(encoding="utf-8").splitlines()
    assert {line for line in lines if line[:1] != "#"} == {
        *("", "-r requirements.txt"),
        *(library.requirement for library in (GSSAPI, PYCRYPTODOME, CRYPTOGRAPHY)),
    }


def _library(version: str | None, minimum: str = "2.9.1") -> Library:
    package = ModuleType("ldap3")
    package.__file__ = "/opt/site-packages/ldap3/__init__.py"
    if version is not None:
        package.__version__ = version  # type: ignore[attr-defined]  # as libraries have it
    return Library("ldap3", minimum, package)


@pytest.mark.parametrize(
    ("version", "minimum", "is_too_old"),
    [
        ("2.9.1", "2.9.1", False),
        ("2.9", "2.9.1", True),
        ("2.8.1", "2.9.1", True),
        ("1.10.99", "2.9.1", True),
        ("2.10.2rc4", "2.9.1", False),
        ("2.9.0rc4", "2.9.1", True),
        ("3", "3.0", False),
        ("3.0.0", "3.0", False),
        ("10.0", "9.0", False),
        ("2.31.0.post1", "2.31.0", False),
        ("unknown", "2.31.0", True),
        (None, "2.9.1", False),
    ],
)
def test_which_releases_are_too_old(version: str | None, minimum: str, is_too_old: bool) -> None:
    assert _library(version, minimum).is_too_old is is_too_old


class _EndedError(Exception):
    """A module has ended with an error."""


class _Module:
    """A module, as far as its end is concerned."""

    def fail_json(self, **result: Any) -> None:
        raise _EndedError(result)


def test_a_module_goes_on_with_libraries_that_will_do() -> None:
    require(_Module(), _library("2.9.1"), _library("3"))


def test_a_module_ends_without_a_library_that_it_needs() -> None:
    with pytest.raises(_EndedError) as ended:
        require(_Module(), _library("3"), Library("ldap3", "2.9.1", failure="Traceback ..."))
    (result,) = ended.value.args
    assert result["exception"] == "Traceback ..."
    assert result["msg"].startswith(
        "Failed to import the required Python library (ldap3 >= 2.9.1) on "
    )


@pytest.mark.parametrize("library", [_library("2.8"), Library("ldap3", "2.9.1", failure="T")])
def test_a_module_says_what_needs_a_library(library: Library) -> None:
    with pytest.raises(LibraryError) as caught:
        library.require("by an option")
    assert str(caught.value) == "ldap3 >= 2.9.1"
    with pytest.raises(_EndedError) as ended:
        fail(_Module(), caught.value)
    assert " required by an option. " in ended.value.args[0]["msg"]


def test_a_module_says_which_library_is_too_old_and_where_it_is() -> None:
    with pytest.raises(_EndedError) as ended:
        require(_Module(), _library("3"), _library("2.8.1"))
    (result,) = ended.value.args
    assert result == {
        "msg": (
            "Cannot use the Python library ldap3 2.8.1 from /opt/site-packages/ldap3 on"
            f" {platform.node()}'s Python {sys.executable}: ldap3 >= 2.9.1 is required. Upgrade it"
            " for this Python, or set ansible_python_interpreter to one that has it."
        )
    }
