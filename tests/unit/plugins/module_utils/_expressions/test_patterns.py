# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of regular expressions: validation, results and limits."""

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
from ansible_collections.frontdesk.contacts.tests.unit.support import slow_pattern


@pytest.mark.parametrize(
    ("pattern", "cause"),
    [
        ("(", "missing ), unterminated subpattern at position 0"),
        ("a[b", "unterminated character set at position 1"),
        ("a**", "multiple repeat at position 2"),
        ("(?P<1>a)", "bad character in group name '1' at position 4"),
        (r"\2", "invalid group reference 2 at position 1"),
        ("a{99999999999999999999}", "the repetition number is too large"),
        # Python only warns about this pattern.
        ("[[a]", "Possible nested set at position 1"),
    ],
)
def test_an_invalid_pattern_is_reported_with_the_cause(pattern: str, cause: str) -> None:
    with pytest.raises(PatternError) as caught:
        compile_pattern(pattern)
    assert str(caught.value) == f"the pattern {pattern!r} is not valid: {cause}"


@pytest.mark.parametrize("pattern", ["(" * 5_000, "a(?i)b"])
def test_patterns_whose_errors_depend_on_the_python_version_are_rejected(pattern: str) -> None:
    with pytest.raises(PatternError, match="is not valid: "):
        compile_pattern(pattern)


@pytest.mark.parametrize(
    ("code", "escaped"), [(0, "00"), (1, "01"), (8, "08"), (14, "0e"), (31, "1f")]
)
def test_a_control_character_from_an_unescaped_backslash_is_reported(
    code: int, escaped: str
) -> None:
    text = f"ab{chr(code)}"
    message = (
        f"'ab\\\\x{escaped}' contains a control character at position 2: "
        "write backslashes twice, as in '\\\\\\\\1'"
    )
    with pytest.raises(PatternError, match=f"^the pattern {message}$"):
        compile_pattern(text)
    with pytest.raises(PatternError, match=f"^the replacement {message}$"):
        replace_matches(compile_pattern("a"), "a", text)


@pytest.mark.parametrize("character", ["\t", "\n", "\r", " ", "~", "\x80"])
def test_characters_that_are_not_rejected_match_literally(character: str) -> None:
    pattern = compile_pattern(character)
    doubled = replace_matches(pattern, f"a{character}b", f"{character}{character}")
    assert doubled == f"a{character}{character}b"


def test_the_delete_character_is_rejected() -> None:
    with pytest.raises(PatternError):
        compile_pattern("\x7f")


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [("o.*q", "oslo-hq", True), ("o", "oslo", False), ("o", "no", False), ("a|ab", "ab", True)],
)
def test_a_full_match_covers_the_whole_string(pattern: str, text: str, expected: bool) -> None:
    assert is_full_match(compile_pattern(pattern), text) is expected


@pytest.mark.parametrize(
    ("pattern", "group", "text", "expected"),
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
def test_a_search_returns_the_match_or_one_of_its_groups(
    pattern: str, group: str | None, text: str, expected: str
) -> None:
    arguments = () if group is None else (group,)
    assert search_group(compile_pattern(pattern), text, *arguments) == expected


def test_patterns_support_ignorecase_and_multiline() -> None:
    assert search_group(compile_pattern("F", ignorecase=True), "foo") == "f"
    assert search_group(compile_pattern("^b", multiline=True), "a\nb") == "b"
    assert search_group(compile_pattern("^B", True, True), "a\nb") == "b"


@pytest.mark.parametrize(
    ("group", "message"),
    [
        (r"\3", r"the pattern '(a)(b)' has no group '\\3'"),
        (r"\999", r"the pattern '(a)(b)' has no group '\\999'"),
        (r"\g<name>", r"the pattern '(a)(b)' has no group '\\g<name>'"),
        ("1", r"'1' is not a group reference: write it as '\\1' or '\\g<name>'"),
        (r"\1000", r"'\\1000' is not a group reference: write it as '\\1' or '\\g<name>'"),
        (r"\g<1", r"'\\g<1' is not a group reference: write it as '\\1' or '\\g<name>'"),
        (r"\1x", r"'\\1x' is not a group reference: write it as '\\1' or '\\g<name>'"),
        ("", r"'' is not a group reference: write it as '\\1' or '\\g<name>'"),
    ],
)
def test_an_unknown_or_invalid_group_is_reported(group: str, message: str) -> None:
    with pytest.raises(PatternError) as caught:
        search_group(compile_pattern("(a)(b)"), "", group)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("pattern", "replacement", "text", "expected"),
    [
        ("o", "0", "foo", "f00"),
        ("(.+), (.+)", r"\2 \1", "Lie, Åse", "Åse Lie"),
        ("(?P<a>f)", r"<\g<a>>", "foo", "<f>oo"),
        ("(x)?f", r"\1b", "foo", "boo"),
        ("x", "y", "foo", "foo"),
    ],
)
def test_every_match_is_replaced(pattern: str, replacement: str, text: str, expected: str) -> None:
    assert replace_matches(compile_pattern(pattern), text, replacement) == expected


@pytest.mark.parametrize(
    ("replacement", "cause"),
    [
        (r"\2", "invalid group reference 2 at position 1"),
        (r"\q", r"bad escape \q at position 0"),
        (r"\g<b>", "unknown group name 'b'"),
    ],
)
def test_an_invalid_replacement_is_reported_even_if_nothing_matches(
    replacement: str, cause: str
) -> None:
    with pytest.raises(PatternError) as caught:
        replace_matches(compile_pattern("(?P<a>a)"), "", replacement)
    assert str(caught.value) == f"the replacement {replacement!r} is not valid: {cause}"


_OPERATIONS: dict[str, Callable[[str, str], object]] = {
    "full match": lambda pattern, text: is_full_match(compile_pattern(pattern), text),
    "search": lambda pattern, text: search_group(compile_pattern(pattern), text),
    "replace": lambda pattern, text: replace_matches(compile_pattern(pattern), text, "x"),
}


@pytest.mark.parametrize("operation", _OPERATIONS)
@pytest.mark.parametrize(
    ("pattern", "length"),
    [
        (slow_pattern.PATTERN, 24),
        ("(a|a)*$", 24),
        ("(.*)*$", 24),
        (r"([a-z]+)*\.$", 24),
        ("^(a|aa)+$", 36),
        ("(?:a?){24}a{37}$", 36),
    ],
)
def test_catastrophic_backtracking_is_aborted(
    monkeypatch: pytest.MonkeyPatch, operation: str, pattern: str, length: int
) -> None:
    monkeypatch.setattr(patterns, "CPU_SECONDS", slow_pattern.CPU_SECONDS)
    text = "a" * length + "\n!"
    with pytest.raises(PatternError) as caught:
        _OPERATIONS[operation](pattern, text)
    assert str(caught.value) == slow_pattern.MESSAGE
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("operation", _OPERATIONS)
def test_the_length_of_a_string_is_limited(operation: str) -> None:
    assert (CPU_SECONDS, MAX_LENGTH) == (1.0, 10_000)
    _OPERATIONS[operation]("a*b", "a" * 10_000)
    with pytest.raises(PatternError) as caught:
        _OPERATIONS[operation]("a*b", "a" * 10_001)
    assert str(caught.value) == (
        "its regular expression is applied to a value of more than 10000 characters"
    )
