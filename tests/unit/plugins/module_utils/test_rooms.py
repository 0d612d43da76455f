# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The structure of module_utils: which room imports which, and which one names which library."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
from ansible_collections.frontdesk.contacts.plugins import module_utils

PACKAGE = module_utils.__name__
# Each room may import those before it. The shared files, directly in module_utils, come first.
ROOMS = (
    *("", "_directory", "_expressions", "_contacts", "_roster", "_state", "_service"),
    "_module",
)
# Rooms of the same rank that must not know each other.
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
    """Return the files of module_utils by their name below it, such as ``_roster.plan``."""
    (root,) = map(Path, module_utils.__path__)
    return {
        ".".join(path.relative_to(root).with_suffix("").parts): path
        for path in root.rglob("*.py")
        if path.name != "__init__.py"
    }


FILES = _files()


def _room(name: str) -> str:
    return name.rpartition(".")[0]


def _imports(name: str) -> Iterator[str]:
    """Return what a file imports, with the names of this package relative to module_utils."""
    for node in ast.walk(ast.parse(FILES[name].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = name.split(".")[: -node.level]
                base = ".".join([*parents, *([node.module] if node.module else [])])
            for alias in node.names:
                whole = f"{base}.{alias.name}".lstrip(".")
                yield whole if whole in FILES else base


IMPORTS = {name: set(_imports(name)) for name in FILES}


def test_every_room_has_a_rank() -> None:
    assert {_room(name) for name in FILES} == set(ROOMS)


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_file_imports_no_room_above_its_own(name: str) -> None:
    rank = ROOMS.index(_room(name))
    imported = {_room(other) for other in IMPORTS[name] & set(FILES)}
    assert {room for room in imported if ROOMS.index(room) > rank} == set()


def test_rooms_without_a_common_subject_do_not_import_each_other() -> None:
    edges = {(_room(name), _room(other)) for name in FILES for other in IMPORTS[name] & set(FILES)}
    assert edges & {*UNRELATED, *((second, first) for first, second in UNRELATED)} == set()


def test_imports_form_no_cycle() -> None:
    graph = {name: imported & set(FILES) for name, imported in IMPORTS.items()}
    assert set(TopologicalSorter(graph).static_order()) == set(FILES)


@pytest.mark.parametrize(("library", "room"), LIBRARIES.items())
def test_one_room_names_a_library(library: str, room: str) -> None:
    users = {
        _room(name)
        for name in FILES
        for imported in IMPORTS[name]
        if imported.partition(".")[0] == library
    }
    assert users <= {room}


def test_an_upload_loads_neither_the_directory_client_nor_the_expression_engine() -> None:
    loaded = _loaded_by(f"{PACKAGE.rpartition('.')[0]}.modules.contact_upload")
    assert {"ldap3", "jinja2", "phonenumbers"} & loaded == set()
    assert {
        name
        for name in loaded
        if name.startswith((f"{PACKAGE}._directory", f"{PACKAGE}._expressions"))
    } == set()
    assert "requests" in loaded


def _loaded_by(module: str) -> set[str]:
    """Import a module in a new process, and return the names of all modules loaded then."""
    program = f"import sys; sys.path[:0] = {sys.path!r}; import {module}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, stdout=subprocess.PIPE, text=True
    )
    return set(done.stdout.split())
