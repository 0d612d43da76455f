# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Example files and commands in README.md and the guides."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[3]

_MARKDOWN = re.compile(
    r"(?:`(?P<path>[^`\n]+)`:\n\n)?```(?P<language>\w+)\n(?P<text>.*?)```", re.DOTALL
)
_RST = re.compile(
    r"(?:``(?P<path>[^`\n]+)``[^`\n]*:\n\n)?"
    r"\.\. code-block:: (?P<language>\S+)\n\n(?P<text>(?:    .*\n|\n)+)"
)


class Example(NamedTuple):
    """A code block.

    :ivar path: path of the file that the block contains, from the line before the block; None for other blocks.
    """

    path: str | None
    language: str
    text: str

    @property
    def commands(self) -> list[str]:
        """The commands in the block, without comments."""
        return [line.partition("   #")[0] for line in self.text.splitlines()]


def example_files(document: str) -> dict[str, str]:
    """Return the contents of the example files in a document, by path.

    An example file is a code block that follows a line with the path of the file.

    :param document: path of the document, relative to the root of the collection.
    """
    return {example.path: example.text for example in _examples(document) if example.path}


def example_commands(document: str, first_command: str) -> list[str]:
    """Return the commands in a console block, without comments.

    :param document: path of the document, relative to the root of the collection.
    :param first_command: beginning of the first command in the block.
    """
    (block,) = (
        example
        for example in _examples(document)
        if example.language == "console" and example.text.startswith(first_command)
    )
    return block.commands


def section_examples(document: str, heading: str) -> list[Example]:
    """Return all code blocks in a section of a Markdown document.

    :param document: path of the document, relative to the root of the collection.
    :param heading: heading of the section.
    """
    return _parse(document, section_text(document, heading))


def section_text(document: str, heading: str) -> str:
    """Return the text of a section of a Markdown document, with its heading.

    :param document: path of the document, relative to the root of the collection.
    :param heading: heading of the section.
    """
    sections = re.split(r"^(?=## )", (ROOT / document).read_text("utf-8"), flags=re.MULTILINE)
    (text,) = (section for section in sections if section.startswith(f"## {heading}\n"))
    return text


def _examples(document: str) -> list[Example]:
    return _parse(document, (ROOT / document).read_text("utf-8"))


def _parse(document: str, text: str) -> list[Example]:
    pattern = _MARKDOWN if document.endswith(".md") else _RST
    return [
        Example(match["path"], match["language"], textwrap.dedent(match["text"]).strip() + "\n")
        for match in pattern.finditer(text)
    ]
