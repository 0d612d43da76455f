# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Regular expressions: what is wrong with one, what it gives, and that it ends."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._expressions import patterns
from ansible_collections.frontdesk.contacts.plugins.module_utils._expressions.patterns import (
    CPU_SECONDS,
    MAX_LENGTH,
    PatternError,
    compile_pattern,
    is_full_match,
    replace_matches,
    search_group,
)
from ansible_collections.frontdesk.contacts.tests.unit.support import endless


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        ("(", "missing ), unterminated subpattern at position 0"),
        ("a[b", "unterminated character set at position 1"),
        ("a**", "multiple repeat at position 2"),
        ("(?P<1>a)", "bad character in group name '1' at position 4"),
        (r"\2", "invalid group reference 2 at position 1"),
        ("a{99999999999999999999}", "the repetition number is too large"),
        # Some Pythons only warn of these, or mean something else by them later.
        ("[[a]", "Possible nested set at position 1"),
    ],
)
def test_what_is_wrong_with_a_pattern_is_told_with_its_position(pattern: str, problem: str) -> None:
    with pytest.raises(PatternError) as caught:
        compile_pattern(pattern)
    assert str(caught.value) == f"the pattern {pattern!r} is wrong: {problem}"


@pytest.mark.parametrize("pattern", ["(" * 5_000, "a(?i)b"])
def test_what_only_some_pythons_refuse_is_refused(pattern: str) -> None:
    with pytest.raises(PatternError, match="is wrong: "):
        compile_pattern(pattern)


@pytest.mark.parametrize(
    ("code", "shown"), [(0, "00"), (1, "01"), (8, "08"), (14, "0e"), (31, "1f")]
)
def test_a_backslash_that_jinja_took_is_told(code: int, shown: str) -> None:
    text = f"ab{chr(code)}"
    said = (
        f"'ab\\\\x{shown}' holds a control character at position 2: "
        "write two backslashes, as in '\\\\\\\\1'"
    )
    with pytest.raises(PatternError, match=f"^the pattern {said}$"):
        compile_pattern(text)
    with pytest.raises(PatternError, match=f"^the replacement {said}$"):
        replace_matches(compile_pattern("a"), "a", text)


@pytest.mark.parametrize("white", ["\t", "\n", "\r", " ", "~", "\x80"])
def test_white_space_and_other_characters_stand_for_themselves(white: str) -> None:
    assert (
        replace_matches(compile_pattern(white), f"a{white}b", f"{white}{white}")
        == f"a{white}{white}b"
    )
    with pytest.raises(PatternError):
        compile_pattern("\x7f")


@pytest.mark.parametrize(
    ("pattern", "text", "whole"),
    [("o.*q", "oslo-hq", True), ("o", "oslo", False), ("o", "no", False), ("a|ab", "ab", True)],
)
def test_a_pattern_matches_all_of_a_text_or_not(pattern: str, text: str, whole: bool) -> None:
    assert is_full_match(compile_pattern(pattern), text) is whole


@pytest.mark.parametrize(
    ("pattern", "group", "text", "found"),
    [
        ("o+", None, "foo boo", "oo"),
        ("x", None, "foo", ""),
        ("(f)(o)", r"\2", "foo", "o"),
        ("(f)(o)", r"\0", "foo", "fo"),
        ("(f)(o)", r"\g<1>", "foo", "f"),
        ("(?P<end>o$)", r"\g<end>", "foo", "o"),
        ("(x)?f", r"\1", "foo", ""),
        ("(f)", r"\1", "boo", ""),
        ("^b", None, "a\nb", ""),
        ("F", None, "foo", ""),
    ],
)
def test_a_search_gives_a_match_or_a_group_of_it(
    pattern: str, group: str | None, text: str, found: str
) -> None:
    arguments = () if group is None else (group,)
    assert search_group(compile_pattern(pattern), text, *arguments) == found


def test_switches_of_a_pattern() -> None:
    assert search_group(compile_pattern("F", ignorecase=True), "foo") == "f"
    assert search_group(compile_pattern("^b", multiline=True), "a\nb") == "b"
    assert search_group(compile_pattern("^B", True, True), "a\nb") == "b"


@pytest.mark.parametrize(
    ("group", "problem"),
    [
        (r"\3", r"the pattern '(a)(b)' has no group '\\3'"),
        (r"\999", r"the pattern '(a)(b)' has no group '\\999'"),
        (r"\g<name>", r"the pattern '(a)(b)' has no group '\\g<name>'"),
        ("1", r"'1' is no group of a pattern: write '\\1' or '\\g<name>'"),
        (r"\1000", r"'\\1000' is no group of a pattern: write '\\1' or '\\g<name>'"),
        (r"\g<1", r"'\\g<1' is no group of a pattern: write '\\1' or '\\g<name>'"),
        (r"\1x", r"'\\1x' is no group of a pattern: write '\\1' or '\\g<name>'"),
        ("", r"'' is no group of a pattern: write '\\1' or '\\g<name>'"),
    ],
)
def test_a_group_that_there_is_not_is_told(group: str, problem: str) -> None:
    with pytest.raises(PatternError) as caught:
        search_group(compile_pattern("(a)(b)"), "", group)
    assert str(caught.value) == problem


@pytest.mark.parametrize(
    ("pattern", "replacement", "text", "result"),
    [
        ("o", "0", "foo", "f00"),
        ("(.+), (.+)", r"\2 \1", "Lie, Åse", "Åse Lie"),
        ("(?P<a>f)", r"<\g<a>>", "foo", "<f>oo"),
        ("(x)?f", r"\1b", "foo", "boo"),
        ("x", "y", "foo", "foo"),
    ],
)
def test_matches_are_replaced(pattern: str, replacement: str, text: str, result: str) -> None:
    assert replace_matches(compile_pattern(pattern), text, replacement) == result


@pytest.mark.parametrize(
    ("replacement", "problem"),
    [
        (r"\2", "invalid group reference 2 at position 1"),
        (r"\q", r"bad escape \q at position 0"),
        (r"\g<b>", "unknown group name 'b'"),
    ],
)
def test_a_replacement_that_is_wrong_is_told_even_where_nothing_matches(
    replacement: str, problem: str
) -> None:
    with pytest.raises(PatternError) as caught:
        replace_matches(compile_pattern("(?P<a>a)"), "", replacement)
    assert str(caught.value) == f"the replacement {replacement!r} is wrong: {problem}"


_USES: dict[str, Callable[[str, str], object]] = {
    "whole": lambda pattern, text: is_full_match(compile_pattern(pattern), text),
    "search": lambda pattern, text: search_group(compile_pattern(pattern), text),
    "replace": lambda pattern, text: replace_matches(compile_pattern(pattern), text, "x"),
}


@pytest.mark.parametrize("use", _USES)
@pytest.mark.parametrize(
    ("pattern", "length"),
    [
        (endless.PATTERN, 24),
        ("(a|a)*$", 24),
        ("(.*)*$", 24),
        (r"([a-z]+)*\.$", 24),
        ("^(a|aa)+$", 36),
        ("(?:a?){24}a{37}$", 36),
    ],
)
def test_a_catastrophic_pattern_ends(
    monkeypatch: pytest.MonkeyPatch, use: str, pattern: str, length: int
) -> None:
    monkeypatch.setattr(patterns, "CPU_SECONDS", endless.SECONDS)
    secret = "a" * length + "\n!"
    with pytest.raises(PatternError) as caught:
        _USES[use](pattern, secret)
    assert str(caught.value) == endless.PROBLEM
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("use", _USES)
def test_the_longest_text(use: str) -> None:
    assert (CPU_SECONDS, MAX_LENGTH) == (1.0, 10_000)
    _USES[use]("a*b", "a" * 10_000)
    with pytest.raises(PatternError) as caught:
        _USES[use]("a*b", "a" * 10_001)
    assert str(caught.value) == (
        "its regular expression is used on a value of more than 10000 characters"
    )
