# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests that messages mark the names of options.

Modules show messages only with the reporter, which replaces the markers. The modules of the role are an exception.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import render_message
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.export_spec import (
    export_spec,
    info_spec,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.upload_spec import (
    upload_spec,
)

_PLUGINS = Path(__file__).parents[4] / "plugins"
_FILES = {
    str(path.relative_to(_PLUGINS)): path
    for folder in ("module_utils", "modules")
    for path in sorted((_PLUGINS / folder).rglob("*.py"))
}
_DOCUMENTATION = {"DOCUMENTATION", "EXAMPLES", "RETURN"}
_MARKER = re.compile(r"\bO\(([^()]*)\)")
# The expression of a default column, in which phone_region is a variable, not an option.
_EXPRESSIONS = {"mobile | e164(phone_region)"}


def _options(spec: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """Yield the names of all options and suboptions, as they are written in markers."""
    for name, option in spec.items():
        yield f"{prefix}{name}"
        below = f"{prefix}{name}[]." if option.get("elements") == "dict" else f"{prefix}{name}."
        yield from _options(option.get("options") or {}, below)


_OPTIONS = {name for spec in (export_spec(), info_spec(), upload_spec()) for name in _options(spec)}
# Names without an underscore, such as filter, are also common words.
_UNAMBIGUOUS = {name for option in _OPTIONS if "_" in (name := option.rpartition(".")[2])}
# The variable "option" in an f-string contains the name of an option.
_UNMARKED = re.compile(rf"\b(?:{'|'.join(sorted(_UNAMBIGUOUS))})\b|{{option}}")


def _texts(tree: ast.AST) -> Iterator[str]:
    """Yield all string literals except docstrings and documentation."""
    children = list(ast.iter_child_nodes(tree))
    if isinstance(tree, ast.JoinedStr):
        yield "".join(map(_part, tree.values))
        children = [part for part in children if not isinstance(part, ast.Constant)]
    elif isinstance(tree, ast.Constant) and isinstance(tree.value, str):
        yield tree.value
    elif _is_documentation(tree):
        return
    for child in children:
        yield from _texts(child)


def _part(part: ast.expr) -> str:
    """Return a part of an f-string, with ``{option}`` for that variable and ``{}`` for all other expressions."""
    if isinstance(part, ast.Constant):
        return str(part.value)
    assert isinstance(part, ast.FormattedValue)
    is_option = isinstance(part.value, ast.Name) and part.value.id == "option"
    return "{option}" if is_option else "{}"


def _is_documentation(tree: ast.AST) -> bool:
    if isinstance(tree, ast.Expr):
        return isinstance(tree.value, ast.Constant)  # a docstring
    if not isinstance(tree, ast.Assign):
        return False
    names = {target.id for target in tree.targets if isinstance(target, ast.Name)}
    return bool(names & _DOCUMENTATION)


def _messages(source: str) -> Iterator[str]:
    """Yield the string literals that are messages or parts of messages: unlike keys, they contain spaces."""
    texts = _texts(ast.parse(source))
    return (text for text in texts if " " in text and text not in _EXPRESSIONS)


def _find_unmarked(source: str) -> list[str]:
    return [text for text in _messages(source) if _UNMARKED.search(_MARKER.sub("", text))]


@pytest.mark.parametrize("name", _FILES)
def test_messages_mark_the_names_of_options(name: str) -> None:
    assert _find_unmarked(_FILES[name].read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("source", "is_unmarked"),
    [
        ('InputError("Set ca_path")', True),
        ('InputError(f"Set {x} and ca_path: {y}")', True),
        ('InputError(f"Set {x!r} of" f" ca_path")', True),
        ('InputError("Set O(client_cert) or" " ca_path")', True),
        ('CAUSES = {1: Diagnosis("it is", f"Set {a}, bind_dn")}', True),
        ('InputError(f"Set O(ca_path) {x}, O(result.row_column) or O(start_tls=true)")', False),
        ('InputError(f"Cannot use {option} of {name!r}")', True),
        ('InputError(f"Cannot use O({option}) of {name!r}")', False),
        ('"""Set ca_path."""', False),
        ('DOCUMENTATION = "Set ca_path"', False),
        ('params["ca_path"]', False),
        ('InputError("Set contact_sync_ca_path")', False),
    ],
)
def test_unmarked_names_are_found(source: str, is_unmarked: bool) -> None:
    assert bool(_find_unmarked(source)) is is_unmarked


@pytest.mark.parametrize("name", _FILES)
def test_markers_contain_existing_options(name: str) -> None:
    markers = [
        marker[1]
        for text in _texts(ast.parse(_FILES[name].read_text(encoding="utf-8")))
        for marker in _MARKER.finditer(text)
    ]
    unknown = [
        marker
        for marker in markers
        if marker.partition("=")[0] not in _OPTIONS and "{" not in marker
    ]
    assert unknown == []
    complete = [f"O({marker})" for marker in markers if "{" not in marker]
    assert [marker for marker in complete if render_message(marker, {}) == marker] == []


def test_markers_exist_in_many_files() -> None:
    marked = [
        name
        for name, path in _FILES.items()
        if any(map(_MARKER.search, _texts(ast.parse(path.read_text(encoding="utf-8")))))
    ]
    assert len(marked) > 30


@pytest.mark.parametrize("name", [name for name in _FILES if "/contact_sync_" not in name])
def test_only_the_reporter_shows_messages(name: str) -> None:
    # The modules of the role are exempt, because they do not have the option option_names.
    methods = {
        node.attr
        for node in ast.walk(ast.parse(_FILES[name].read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) != "reporter"
    }
    shown = methods & {"fail_json", "exit_json", "warn", "deprecate"}
    is_reporter = name == "module_utils/_module/reporter.py"
    assert shown == ({"fail_json", "exit_json", "warn"} if is_reporter else set())
