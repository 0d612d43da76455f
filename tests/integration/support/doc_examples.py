# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Example files and commands in README.md and the guides."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

ROOT = Path(__file__).parents[3]

_MARKDOWN = re.compile(
    r"(?:`(?P<path>[^`\n]+)`:\n\n)?```(?P<language>\w+)\n(?P<text>.*?)```", re.DOTALL
)
_RST = re.compile(
    r"(?:``(?P<path>[^`\n]+)``[^`\n]*:\n\n)?"
    r"\.\. code-block:: (?P<language>\S+)\n\n(?P<text>(?:    .*\n|\n)+)"
)


def example_files(document: str) -> dict[str, str]:
    """Return the contents of the example files in a document, by path.

    An example file is a code block that follows a line with the path of the file.

    :param document: path of the document, relative to the root of the collection.
    """
    return {path: text for path, _language, text in _code_blocks(document) if path}


def example_commands(document: str, first_command: str) -> list[str]:
    """Return the commands in a console block, without comments.

    :param document: path of the document, relative to the root of the collection.
    :param first_command: beginning of the first command in the block.
    """
    (block,) = (
        text
        for _path, language, text in _code_blocks(document)
        if language == "console" and text.startswith(first_command)
    )
    return [line.partition("   #")[0] for line in block.splitlines()]


def _code_blocks(document: str) -> list[tuple[str | None, str, str]]:
    text = (ROOT / document).read_text("utf-8")
    pattern = _MARKDOWN if document.endswith(".md") else _RST
    return [
        (match["path"], match["language"], textwrap.dedent(match["text"]).strip() + "\n")
        for match in pattern.finditer(text)
    ]
