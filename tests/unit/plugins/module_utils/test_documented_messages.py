# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests that the messages in the guide match those in the code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.missing_entry import (
    EXCLUDED_OU,
    GROUP,
    SEARCH_BASE,
)

ROOT = Path(__file__).parents[4]
GUIDE = ROOT / "docs/docsite/rst/connecting.rst"
UTILS = ROOT / "plugins/module_utils"
NOUNS = [role.noun for role in (SEARCH_BASE, EXCLUDED_OU, GROUP)]


def _documented() -> list[str]:
    return re.findall(r"^   \* - ``(.+)``$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE)


def _messages() -> Iterator[str]:
    """Yield the strings in the code.

    Each f-string is yielded once for each of `NOUNS`, which replaces the fields that contain a noun. All other fields
    are empty.
    """
    for path in (*UTILS.glob("_directory/*.py"), *UTILS.glob("_module/*.py"), UTILS / "_tls.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value
            elif isinstance(node, ast.JoinedStr):
                yield from (_fill(node, noun) for noun in NOUNS)


def _fill(template: ast.JoinedStr, noun: str) -> str:
    parts = [
        part.value if isinstance(part, ast.Constant) else noun if "noun" in ast.dump(part) else ""
        for part in template.values
    ]
    return "".join(map(str, parts))


MESSAGES = "\n".join(_messages())


@pytest.mark.parametrize("message", _documented())
def test_the_code_contains_each_message_in_the_guide(message: str) -> None:
    assert message in MESSAGES


def test_the_guide_contains_messages() -> None:
    assert len(_documented()) > 50
