# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check the wording of the files that git tracks, except `EXCLUDED`, against a table of phrases to avoid.

    python tests/wording.py

The script prints one line for each match, and exits with status 1 if there are any. A phrase is also found if it is
broken across lines of a comment, a docstring or a string literal.
"""

from __future__ import annotations

import bisect
import itertools
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).parents[1]
EXCLUDED = (
    "LICENSES/",
    ".git-blame-ignore-revs",
    "tests/wording.py",
    "tests/unit/test_wording.py",
    "tests/unit/fixtures/",
)
"""Prefixes of the paths that are not checked."""
# Indentation, comment signs, string prefixes and quotation marks at the start of a line, and whitespace, quotation
# marks and backslashes at its end.
MARGIN = re.compile(r"""^(?:[\s#>]|[rbf]{0,2}["'])+|[\s"'\\]+$""")


class Rule(NamedTuple):
    """A phrase to avoid.

    :ivar pattern: regular expression for the phrase. A space in it also matches a line break.
    :ivar instead: wording to use instead.
    :ivar exceptions: regular expressions for longer, correct phrases that contain the phrase.
    """

    pattern: str
    instead: str
    exceptions: Sequence[str] = ()


RULES = (
    # Relative clauses without a noun
    Rule(r"\bwho(?:so|m)?ever\b", "people who"),
    Rule(r"\bwhom\b", "the people that"),
    Rule(r"\b(?:some|any|every)body who\b", "people who"),
    Rule(r"\bwhat (?:is|was|are|were) (?:asked|kept|said|shown|taken|told|tried)\b", "the NOUN"),
    Rule(r"\bwhat (?:it|they) (?:is|was|are|were) (?:asked|given|shown|told)\b", "the NOUN"),
    Rule(r"\bthat (?:it|they|he) (?:was|were) told\b", "the given NOUN"),
    # Negation
    Rule(
        r"\b(?:is|are|was|were) no\b(?!-)",
        "is not a",
        (
            r"\bthere (?:is|are|was|were) no\b",
            r"\b(?:is|are|was|were) no longer\b",
            r"\b(?:is|are|was|were) no (?:more|less|fewer|greater|older|newer) than\b",
        ),
    ),
    Rule(r"\b(?:is|are) (?-i:none)\b", "is not one", (r"\bthere (?:is|are) none\b",)),
    Rule(r"\bnobody (?:answers|asks|can|gives|has|is|knows|may|reads|says)\b", "no NOUN"),
    Rule(r"\bnothing but\b", "only"),
    Rule(
        r"\bmakes? (?:of|no)\b",
        "does not VERB",
        (r"\bmakes? no (?:attempts?|changes?|difference|requests?|sense)\b",),
    ),
    # Archaic and literary words
    Rule(r"\banew\b", "again"),
    Rule(r"\bbesides\b", "also"),
    Rule(r"\bfor ever\b", "forever"),
    Rule(r"\bfor want of\b", "without"),
    Rule(r"\bhear(?:s|d)?\b", "receive"),
    Rule(r"\bshall\b", "must"),
    Rule(r"\b(?:is|are|was|were) to be\b", "must be"),
    Rule(r"\bgo(?:es)? on\b", "continue"),
    Rule(r"\b(?:stands?|stood)\b(?!-)", "is", (r"\b(?:stands?|stood) (?:in )?for\b",)),
    Rule(r"\b(?:lies?|lay) (?:at|below|beside|in|over|there|unpacked)\b", "is"),
    Rule(r"\b(?:can|cannot|could|may) be had\b", "available"),
    Rule(r"\bas (?:one|they|you|a test) likes?\b", "any"),
    Rule(r"[,;] for (?:it|nobody|otherwise|there|they)\b", "because"),
    Rule(r"\bin the place of\b", "instead of"),
    Rule(r"\bso many (?:as|more)\b|\bat most so many\b", "the maximum number of"),
    # Words at the end of a clause
    Rule(r"(?<!-)\balone(?=[.,;:)])", "only", (r"\b(?:leav(?:e|es|ing)|left) (?:\w+ )?alone\b",)),
    Rule(r"\btoo(?=[.,;:)])", "also"),
    # Paraphrases of a known term
    Rule(r"\ba text\b", "a string", (r"\ba text (?:column|editor|field|file|format)\b",)),
    Rule(r"\bas (?:it comes|they come|it came|they came)\b", "unchanged"),
    Rule(r"\bhalf a character\b", "an unpaired surrogate"),
    Rule(r"\bheld against\b", "checked against"),
    Rule(r"\bin clear\b", "unencrypted"),
    Rule(r"\bof (?:its|their|his|our|one's) own\b", "its own NOUN"),
    Rule(r"\bt(?:old|ells?|elling) (?:\w+ ){0,3}apart\b", "distinguish"),
    Rule(r"\bthe like\b", "similar NOUNS"),
    Rule(r"\bthe (?:long|short) way\b", "slow path or fast path"),
    Rule(r"\bway (?:in|out)\b", "connection or upload", (r"\bway in which\b",)),
    Rule(
        r"\b(?:client|directory|host|module|role|server|service) (?:knows|likes|says|speaks|wants)\b",
        "reports, supports or requires",
    ),
)


def tracked_files() -> list[str]:
    """Return the paths of the files to check, relative to the root of the repository."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    paths = listed.split("\0")
    # A deleted file is listed until the deletion is staged.
    return [path for path in paths if not path.startswith(EXCLUDED) and (ROOT / path).is_file()]


def find_phrases(text: str, rules: Sequence[Rule] = RULES) -> Iterator[tuple[int, str, Rule]]:
    """Yield the line number, the phrase and the rule of each match that is not part of an exception."""
    lines = [" ".join(MARGIN.sub("", line).split()) for line in text.splitlines()]
    starts = list(itertools.accumulate((len(line) + 1 for line in lines), initial=0))
    joined = " ".join(lines)
    for rule in rules:
        allowed = [
            match.span()
            for exception in rule.exceptions
            for match in re.finditer(exception, joined, re.IGNORECASE)
        ]
        for match in re.finditer(rule.pattern, joined, re.IGNORECASE):
            if not any(start <= match.start() and match.end() <= end for start, end in allowed):
                yield bisect.bisect_right(starts, match.start()), match.group(), rule


def main() -> int:
    """Check all files, print the matches, and return the exit status."""
    status = 0
    for path in tracked_files():
        for line, phrase, rule in sorted(find_phrases((ROOT / path).read_text("utf-8"))):
            print(f'{path}:{line}: "{phrase}": write "{rule.instead}" instead')
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
