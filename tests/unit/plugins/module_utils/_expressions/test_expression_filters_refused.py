# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filters that are given what they cannot work with: told before anybody is read, or without anybody's value."""

from __future__ import annotations

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import (
    InputError,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._expressions import (
    library,
    patterns,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._expressions.expression import (
    Variables,
    compile_expression,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._expressions.filters import (
    FilterError,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._library import (
    Library,
    LibraryError,
)
from ansible_collections.frontdesk.contacts.tests.unit.support import slow_pattern

_COUNTRY = "is no country that has phone numbers: e164 takes its two capital letters (ISO 3166-1)"
_REGION = "e164 takes a text such as 'NO', phone_region, or the name of an attribute such as c"
_NO_TEXT = "the dictionary of map_value holds something that is no text"

_REASONS = [
    (
        "sn | regex_search('(a')",
        "the pattern '(a' is not valid: missing ), unterminated subpattern at position 0",
    ),
    (
        "sn | regex_replace('ab[', 'c')",
        "the pattern 'ab[' is not valid: unterminated character set at position 2",
    ),
    (
        "sn | regex_replace('a', '\\\\1')",
        r"the replacement '\\1' is not valid: invalid group reference 1 at position 1",
    ),
    (
        "sn | regex_replace('a', '\\1')",
        (
            r"the replacement '\x01' contains a control character at position 0: "
            r"write backslashes twice, as in '\\1'"
        ),
    ),
    (
        "sn | regex_search('a\\b')",
        (
            r"the pattern 'a\x08' contains a control character at position 1: "
            r"write backslashes twice, as in '\\1'"
        ),
    ),
    ("sn | regex_search('a', '\\\\1')", r"the pattern 'a' has no group '\\1'"),
    (
        "sn | regex_search('a', 'b')",
        r"'b' is not a group reference: write it as '\\1' or '\\g<name>'",
    ),
    ("sn | regex_search(mail)", "the filter 'regex_search' takes constants, and pattern is none"),
    (
        "sn | regex_search('a' ~ 'b')",
        "the filter 'regex_search' takes constants, and pattern is none",
    ),
    (
        "sn | regex_replace('a', mail)",
        "the filter 'regex_replace' takes constants, and replacement is none",
    ),
    (
        "sn | regex_search('a', multiline=mail)",
        "the filter 'regex_search' takes constants, and multiline is none",
    ),
    (
        "sn | regex_search(1)",
        "regex_search expects a string, not a value of type int: use first, last or join",
    ),
    (
        "sn | regex_search('a', ignorecase='yes')",
        "ignorecase of regex_search must be true or false, not a value of type str",
    ),
    # Where nobody gets to it, too.
    (
        "'x' or sn | regex_search('(')",
        "the pattern '(' is not valid: missing ), unterminated subpattern at position 0",
    ),
    (
        "all.sn | regex_search('a')",
        "regex_search expects a string, not a list: use first, last or join",
    ),
    ("sn | regex_search('\\ud800')", "half a character (a surrogate) is not allowed in it"),
    ("sn | map_value(mail)", "map_value takes a dictionary, as in {'Oslo HQ': 'oslo-hq'}"),
    ("sn | map_value('a')", "map_value takes a dictionary, as in {'Oslo HQ': 'oslo-hq'}"),
    ("sn | map_value([])", "map_value takes a dictionary, as in {'Oslo HQ': 'oslo-hq'}"),
    ("sn | map_value(mapping=sn)", "map_value takes a dictionary, as in {'Oslo HQ': 'oslo-hq'}"),
    ("sn | map_value({'a': mail})", _NO_TEXT),
    ("sn | map_value({mail: 'a'})", _NO_TEXT),
    ("sn | map_value({1: 'a'})", _NO_TEXT),
    ("sn | map_value({'a': 1})", _NO_TEXT),
    ("sn | map_value({'a': ['b']})", _NO_TEXT),
    ("sn | map_value({'a': 'b', 'a': 'c'})", "the dictionary of map_value has a key twice"),
    ("sn | map_value({'Å': 'b', 'A\u030a': 'c'})", "the dictionary of map_value has a key twice"),
    ("sn | map_value({'a': '\\ud800'})", "half a character (a surrogate) is not allowed in it"),
    ("sn | map_value({'\\ud800': 'a'})", "half a character (a surrogate) is not allowed in it"),
    ("sn | map_value({}, mail.x)", "access to 'x' is not allowed in it, only all.NAME"),
    (
        "sn | map_value({}, all.mail)",
        "map_value expects a string, not a list: use first, last or join",
    ),
    (
        "sn | map_value()",
        "the filter 'map_value' is used wrongly: missing a required argument: 'mapping'",
    ),
    ("mobile | e164('XX')", f"'XX' {_COUNTRY}"),
    ("mobile | e164('no')", f"'no' {_COUNTRY}"),
    ("mobile | e164('')", f"'' {_COUNTRY}"),
    ("mobile | e164(47)", f"47 {_COUNTRY}"),
    ("mobile | e164(none)", f"None {_COUNTRY}"),
    ("mobile | e164(c or 'XX')", f"'XX' {_COUNTRY}"),
    ("mobile | e164('XX' or c)", f"'XX' {_COUNTRY}"),
    ("mobile | e164(region='XX')", f"'XX' {_COUNTRY}"),
    ("sn or mobile | e164('XX')", f"'XX' {_COUNTRY}"),
    ("mobile | e164('N' ~ 'O')", _REGION),
    ("mobile | e164(c | upper)", _REGION),
    ("mobile | e164(all.c)", _REGION),
    ("mobile | e164(c or c | upper)", _REGION),
    ("all.mobile | e164", "e164 expects a string, not a list: use first, last or join"),
    *(
        (use, "of_entry follows the name of an attribute, as in manager | of_entry('mail')")
        for use in (
            "all.manager | of_entry('mail')",
            "all.manager | first | of_entry('mail')",
            "(manager or secretary) | of_entry('mail')",
            "'cn=x' | of_entry('mail')",
            "location | of_entry('mail')",
            "phone_region | of_entry('mail')",
        )
    ),
    *(
        (use, "of_entry takes the name of an attribute in quotes, as in 'mail'")
        for use in (
            "manager | of_entry(mail)",
            "manager | of_entry('ma' ~ 'il')",
            "manager | of_entry('mail;lang-de')",
            "manager | of_entry('')",
            "manager | of_entry(1)",
        )
    ),
    (
        "manager | of_entry",
        "the filter 'of_entry' is used wrongly: missing a required argument: 'attribute'",
    ),
    ("PHONE_REGION | upper", "'PHONE_REGION' is no name of an LDAP attribute"),
    ("all.phone_region | first", "'phone_region' is no name of an LDAP attribute"),
]


@pytest.mark.parametrize(("source", "problem"), _REASONS)
def test_the_reason_is_named(source: str, problem: str) -> None:
    with pytest.raises(InputError) as caught:
        compile_expression(source, "column 'SMS'")
    assert str(caught.value).startswith(
        f"Cannot use the expression {source!r} of column 'SMS': {problem}. Use attribute names, "
    )


@pytest.mark.parametrize(
    "use",
    [f"regex_search('{slow_pattern.PATTERN}')", f"regex_replace('{slow_pattern.PATTERN}', '')"],
)
def test_a_pattern_without_end_is_given_up_without_a_word_of_the_value(
    monkeypatch: pytest.MonkeyPatch, use: str
) -> None:
    monkeypatch.setattr(patterns, "CPU_SECONDS", slow_pattern.CPU_SECONDS)
    expression = compile_expression(f"sn | {use}", "Name")
    with pytest.raises(FilterError) as caught:
        expression.evaluate(Variables({"sn": (slow_pattern.TEXT,)}, ""))
    assert str(caught.value) == slow_pattern.MESSAGE


def test_a_pattern_without_end_on_a_constant_is_given_up_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(patterns, "CPU_SECONDS", slow_pattern.CPU_SECONDS)
    with pytest.raises(InputError, match=r"takes more than 0\.02 s of CPU time"):
        compile_expression(
            f"'{slow_pattern.TEXT}' | regex_search('{slow_pattern.PATTERN}')", "Name"
        )


def test_phonenumbers_is_missed_by_name_and_by_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "PHONENUMBERS", Library("phonenumbers", "8.13.0", failure="None."))
    for source in ("mobile", "mobile | upper", "phone_region ~ mobile"):
        compile_expression(source, "column 'SMS'", "NO")
    for source in ("mobile | e164", "mobile | e164('XX')", "sn or (mobile | e164(mail))"):
        with pytest.raises(LibraryError) as caught:
            compile_expression(source, "column 'SMS'", "NO")
        assert caught.value.reason == "by the filter e164 of column 'SMS'"


def test_more_than_a_name_needs_jinja2_and_says_where(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "JINJA2", Library("jinja2", "3.0", failure="None."))
    assert compile_expression("mail", "column 'A'").bare_name == "mail"
    with pytest.raises(LibraryError) as caught:
        compile_expression("mail | lower", "column 'A'")
    assert caught.value.reason == "by the expression 'mail | lower' of column 'A'"
