# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the structure of module_utils: the allowed imports of each package, and the package for each library."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
from ansible_collections.frontdesk.contacts.plugins import module_utils

MODULE_UTILS = module_utils.__name__
# Packages by rank: each package can import only from itself and from the packages before it. The empty name represents
# the shared files directly in module_utils.
PACKAGES = (
    *("", "_directory", "_expressions", "_contacts", "_roster", "_state", "_service"),
    "_module",
)
# Pairs of packages that must not import each other.
UNRELATED = (
    ("_directory", "_expressions"),
    ("_directory", "_contacts"),
    ("_directory", "_roster"),
    ("_state", "_service"),
    ("_roster", "_service"),
    ("_directory", "_service"),
)
LIBRARIES = {
    **dict.fromkeys(("ldap3", "gssapi", "dns", "Crypto", "cryptography"), "_directory"),
    **dict.fromkeys(("jinja2", "phonenumbers"), "_expressions"),
    **dict.fromkeys(("requests", "urllib3"), "_service"),
    "ansible": "_module",
}


def _files() -> dict[str, Path]:
    """Return the files of module_utils, by dotted name relative to module_utils, such as ``_roster.plan``."""
    (root,) = map(Path, module_utils.__path__)
    return {
        ".".join(path.relative_to(root).with_suffix("").parts): path
        for path in root.rglob("*.py")
        if path.name != "__init__.py"
    }


FILES = _files()


def _package(name: str) -> str:
    return name.rpartition(".")[0]


def _imports(name: str) -> Iterator[str]:
    """Yield the names of the modules that a file imports.

    The names of modules in module_utils are relative to module_utils.
    """
    for node in ast.walk(ast.parse(FILES[name].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = name.split(".")[: -node.level]
                base = ".".join([*parents, *([node.module] if node.module else [])])
            for alias in node.names:
                full_name = f"{base}.{alias.name}".lstrip(".")
                yield full_name if full_name in FILES else base


IMPORTS = {name: set(_imports(name)) for name in FILES}


def test_every_package_has_a_rank() -> None:
    assert {_package(name) for name in FILES} == set(PACKAGES)


@pytest.mark.parametrize("name", sorted(FILES))
def test_file_imports_no_package_of_a_higher_rank(name: str) -> None:
    rank = PACKAGES.index(_package(name))
    imported = {_package(other) for other in IMPORTS[name] & set(FILES)}
    assert {package for package in imported if PACKAGES.index(package) > rank} == set()


def test_unrelated_packages_do_not_import_each_other() -> None:
    edges = {
        (_package(name), _package(other)) for name in FILES for other in IMPORTS[name] & set(FILES)
    }
    assert edges & {*UNRELATED, *((second, first) for first, second in UNRELATED)} == set()


def test_imports_form_no_cycle() -> None:
    graph = {name: imported & set(FILES) for name, imported in IMPORTS.items()}
    assert set(TopologicalSorter(graph).static_order()) == set(FILES)


@pytest.mark.parametrize(("library", "package"), LIBRARIES.items())
def test_library_is_imported_by_only_one_package(library: str, package: str) -> None:
    users = {
        _package(name)
        for name in FILES
        for imported in IMPORTS[name]
        if imported.partition(".")[0] == library
    }
    assert users <= {package}


def test_upload_loads_neither_the_directory_client_nor_the_expression_engine() -> None:
    loaded = _modules_loaded_by(f"{MODULE_UTILS.rpartition('.')[0]}.modules.contact_upload")
    assert {"ldap3", "jinja2", "phonenumbers"} & loaded == set()
    assert {
        name
        for name in loaded
        if name.startswith((f"{MODULE_UTILS}._directory", f"{MODULE_UTILS}._expressions"))
    } == set()
    assert "requests" not in loaded


@pytest.mark.parametrize("file", ["export_spec", "upload_spec", "settings_spec"])
def test_argument_specs_load_none_of_the_required_libraries(file: str) -> None:
    # The role uses these files on the control node, where all of these libraries except jinja2 might be missing.
    loaded = _modules_loaded_by(f"{MODULE_UTILS}._module.{file}")
    assert {"ldap3", "jinja2", "phonenumbers", "requests"} & loaded == set()


def _modules_loaded_by(module: str) -> set[str]:
    """Return the names of all modules that are loaded after a new process has imported the given module."""
    program = f"import sys; sys.path[:0] = {sys.path!r}; import {module}; print(*sys.modules)"
    process = subprocess.run(
        [sys.executable, "-c", program], check=True, stdout=subprocess.PIPE, text=True
    )
    return set(process.stdout.split())
