# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of required Python libraries that are missing or too old, and of the requirement files.

Files that use a library can be imported without it, so that the Ansible module can report that the library is missing.
"""

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
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.reporter import Reporter

_ROOT = Path(__file__).parents[4]
_PACKAGE = "ansible_collections.frontdesk.contacts.plugins.module_utils"
# For each library: its name, the files that must load without it (of which the first imports it), and its oldest
# supported release.
_LIBRARIES = [
    ("ldap3", ["_directory.library", "_directory.tls", "_directory.connection"], "2.9.1"),
    ("dnspython", ["_directory.resolver"], "2.1.0"),
    ("requests", ["_service.library", "_service.transport", "_service.client"], "2.25.1"),
    ("jinja2", ["_expressions.library", "_expressions.syntax", "_expressions.expression"], "3.0"),
    ("phonenumbers", ["_expressions.library", "_expressions.phone"], "8.13.0"),
]
_IMPORTED_AS = {"dnspython": "dns"}


def _reload(monkeypatch: pytest.MonkeyPatch, name: str) -> ModuleType:
    """Import a module again, and restore the previously imported module at the end of the test."""
    package, _dot, last = f"{_PACKAGE}.{name}".rpartition(".")
    loaded = importlib.import_module(f"{package}.{last}")
    monkeypatch.setattr(importlib.import_module(package), last, loaded)
    monkeypatch.delitem(sys.modules, f"{package}.{last}")
    reloaded = importlib.import_module(f"{package}.{last}")
    monkeypatch.setitem(sys.modules, f"{package}.{last}", reloaded)
    return reloaded


@pytest.mark.parametrize(("library", "names", "minimum"), _LIBRARIES)
def test_installed_library_is_new_enough(library: str, names: list[str], minimum: str) -> None:
    installed: Library = getattr(importlib.import_module(f"{_PACKAGE}.{names[0]}"), library.upper())
    package = sys.modules[_IMPORTED_AS.get(library, library)]
    assert replace(installed, release=None) == Library(library, minimum, package)
    assert installed.version is not None
    assert installed.path == package.__path__[0]
    assert not installed.is_too_old


@pytest.mark.parametrize(("library", "names", "minimum"), _LIBRARIES)
def test_files_can_be_imported_without_their_library(
    monkeypatch: pytest.MonkeyPatch, library: str, names: list[str], minimum: str
) -> None:
    package = _IMPORTED_AS.get(library, library)
    # Load the library first, so that all of its modules are in sys.modules and can be hidden.
    getattr(importlib.import_module(f"{_PACKAGE}.{names[0]}"), library.upper())
    importlib.import_module(package)
    for loaded in [name for name in sys.modules if name.partition(".")[0] == package]:
        monkeypatch.setitem(sys.modules, loaded, None)
    monkeypatch.setitem(sys.modules, package, None)
    first, *_others = [_reload(monkeypatch, name) for name in names]
    missing: Library = getattr(first, library.upper())
    assert f"import of {package}" in str(missing.failure)
    assert (missing.version, missing.path, missing.is_too_old) == (None, None, False)
    assert missing.requirement == f"{library} >= {minimum}"


def test_libraries_for_expressions_are_imported_on_first_use(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    library = _reload(monkeypatch, "_expressions.library")
    assert not {"jinja2", "JINJA2", "phonenumbers", "PHONENUMBERS"} & set(vars(library))
    assert library.jinja2 is sys.modules["jinja2"]
    assert vars(library)["JINJA2"].package is library.jinja2
    assert "phonenumbers" not in vars(library)
    assert library.PHONENUMBERS.package is library.phonenumbers
    with pytest.raises(AttributeError, match="requests"):
        library.requests  # noqa: B018  # The access itself raises the exception.


@pytest.mark.parametrize(
    ("library", "minimum"), [(name, minimum) for name, _names, minimum in _LIBRARIES]
)
@pytest.mark.parametrize(
    ("file", "operator"),
    [
        ("tests/unit/requirements.txt", ">="),
        ("tests/requirements/modules-oldest.txt", "=="),
    ],
)
def test_requirement_files_contain_the_oldest_supported_release(
    library: str, minimum: str, file: str, operator: str
) -> None:
    lines = (_ROOT / file).read_text(encoding="utf-8").splitlines()
    (line,) = [line for line in lines if line.startswith(library)]
    assert line.startswith(f"{library} {operator} {minimum}")


def test_library_is_loaded_on_demand(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    library = Library("rarely_used_library", "1.6.9")
    with pytest.raises(LibraryError) as caught:
        library.load("by some option")
    assert caught.value.reason == "by some option"
    assert "No module named 'rarely_used_library'" in str(caught.value.library.failure)
    module = ModuleType(library.name)
    monkeypatch.setitem(sys.modules, library.name, module)
    assert library.load() is module
    module.__version__ = "1.6.8"
    with pytest.raises(LibraryError):
        library.load()


@pytest.mark.parametrize(
    ("file", "libraries"),
    [
        (
            "meta/requirements.txt",
            [Library(name, minimum) for name, _names, minimum in _LIBRARIES],
        ),
        ("meta/ee-requirements.txt", [GSSAPI, PYCRYPTODOME, CRYPTOGRAPHY]),
    ],
)
def test_requirement_files_for_users_contain_supported_releases(
    file: str, libraries: list[Library]
) -> None:
    lines = (_ROOT / file).read_text(encoding="utf-8").splitlines()
    required = dict(line.split(" >= ") for line in lines if line[:1] not in ("", "#", "-"))
    assert required.keys() == {library.name for library in libraries}
    assert not [each for each in libraries if replace(each, release=required[each.name]).is_too_old]


def test_requirements_of_execution_environments_include_the_general_requirements() -> None:
    lines = (_ROOT / "meta/ee-requirements.txt").read_text(encoding="utf-8").splitlines()
    assert "-r requirements.txt" in lines


def _library(version: str | None, minimum: str = "2.9.1") -> Library:
    package = ModuleType("ldap3")
    package.__file__ = "/opt/site-packages/ldap3/__init__.py"
    if version is not None:
        package.__version__ = version  # type: ignore[attr-defined]  # Not every module has this attribute.
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
def test_release_is_compared_with_the_oldest_supported_release(
    version: str | None, minimum: str, is_too_old: bool
) -> None:
    assert _library(version, minimum).is_too_old is is_too_old


class _ModuleFailedError(Exception):
    """Raised when the module calls fail_json."""


class _Module:
    """A fake module whose fail_json raises an exception."""

    def __init__(self, **option_names: str) -> None:
        self.params = {"option_names": option_names}

    def fail_json(self, **result: Any) -> None:
        raise _ModuleFailedError(result)


def test_module_continues_with_supported_libraries() -> None:
    require(Reporter(_Module()), _library("2.9.1"), _library("3"))


def test_module_fails_if_a_library_is_missing() -> None:
    with pytest.raises(_ModuleFailedError) as caught:
        require(
            Reporter(_Module()), _library("3"), Library("ldap3", "2.9.1", failure="Traceback ...")
        )
    (result,) = caught.value.args
    assert result["exception"] == "Traceback ..."
    assert result["msg"].startswith(
        "Failed to import the required Python library (ldap3 >= 2.9.1) on "
    )


@pytest.mark.parametrize("library", [_library("2.8"), Library("ldap3", "2.9.1", failure="T")])
def test_module_reports_the_option_that_requires_a_library(library: Library) -> None:
    with pytest.raises(LibraryError) as raised:
        library.require("by O(domain)")
    assert str(raised.value) == "ldap3 >= 2.9.1"
    with pytest.raises(_ModuleFailedError) as caught:
        fail(Reporter(_Module(domain="the_domain")), raised.value)
    assert " required by the_domain. " in caught.value.args[0]["msg"]


def test_module_reports_the_version_and_path_of_an_old_library() -> None:
    with pytest.raises(_ModuleFailedError) as caught:
        require(Reporter(_Module()), _library("3"), _library("2.8.1"))
    (result,) = caught.value.args
    assert result == {
        "msg": (
            "Cannot use the Python library ldap3 2.8.1 from /opt/site-packages/ldap3 on"
            f" {platform.node()}'s Python {sys.executable}: ldap3 >= 2.9.1 is required. Upgrade the"
            " library for this Python, or set ansible_python_interpreter to a Python that has a supported release of"
            " the library."
        ),
        "kind": "configuration",
    }
