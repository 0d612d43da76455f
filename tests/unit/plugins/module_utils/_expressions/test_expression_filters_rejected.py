# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of filters with invalid arguments, slow patterns, and missing libraries.

Most errors are raised before any entry is read. Errors that depend on an entry do not contain its values.
"""

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

_NOT_A_COUNTRY = (
    "is not a country code that the phonenumbers library supports: "
    "e164 expects an uppercase ISO 3166-1 alpha-2 code"
)
_REGION_ARGUMENT = (
    "e164 expects a string such as 'NO', phone_region, or an attribute name such as c"
)
_ONLY_STRINGS = "the keys and values of the dictionary of map_value must be strings"

_CAUSES = [
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
    (
        "sn | regex_search(mail)",
        "the argument pattern of the filter 'regex_search' must be a constant",
    ),
    (
        "sn | regex_search('a' ~ 'b')",
        "the argument pattern of the filter 'regex_search' must be a constant",
    ),
    (
        "sn | regex_replace('a', mail)",
        "the argument replacement of the filter 'regex_replace' must be a constant",
    ),
    (
        "sn | regex_search('a', multiline=mail)",
        "the argument multiline of the filter 'regex_search' must be a constant",
    ),
    (
        "sn | regex_search(1)",
        "regex_search expects a string, not a value of type int",
    ),
    (
        "sn | regex_search('a', ignorecase='yes')",
        "ignorecase of regex_search must be true or false, not a value of type str",
    ),
    # Patterns are checked even in a branch that is never evaluated.
    (
        "'x' or sn | regex_search('(')",
        "the pattern '(' is not valid: missing ), unterminated subpattern at position 0",
    ),
    (
        "all.sn | regex_search('a')",
        "regex_search expects a string, not a list: use first, last or join",
    ),
    ("sn | regex_search('\\ud800')", "an unpaired surrogate is not allowed"),
    ("sn | map_value(mail)", "map_value expects a dictionary such as {'Oslo HQ': 'oslo-hq'}"),
    ("sn | map_value('a')", "map_value expects a dictionary such as {'Oslo HQ': 'oslo-hq'}"),
    ("sn | map_value([])", "map_value expects a dictionary such as {'Oslo HQ': 'oslo-hq'}"),
    ("sn | map_value(mapping=sn)", "map_value expects a dictionary such as {'Oslo HQ': 'oslo-hq'}"),
    ("sn | map_value({'a': mail})", _ONLY_STRINGS),
    ("sn | map_value({mail: 'a'})", _ONLY_STRINGS),
    ("sn | map_value({1: 'a'})", _ONLY_STRINGS),
    ("sn | map_value({'a': 1})", _ONLY_STRINGS),
    ("sn | map_value({'a': ['b']})", _ONLY_STRINGS),
    (
        "sn | map_value({'a': 'b', 'a': 'c'})",
        "the dictionary of map_value contains a duplicate key",
    ),
    (
        "sn | map_value({'Å': 'b', 'A\u030a': 'c'})",
        "the dictionary of map_value contains a duplicate key",
    ),
    ("sn | map_value({'a': '\\ud800'})", "an unpaired surrogate is not allowed"),
    ("sn | map_value({'\\ud800': 'a'})", "an unpaired surrogate is not allowed"),
    ("sn | map_value({}, mail.x)", "access to 'x' is not allowed; only all.NAME is allowed"),
    (
        "sn | map_value({}, all.mail)",
        "map_value expects a string, not a list: use first, last or join",
    ),
    (
        "sn | map_value()",
        "the arguments of the filter 'map_value' are not valid: missing a required argument: 'mapping'",
    ),
    ("mobile | e164('XX')", f"'XX' {_NOT_A_COUNTRY}"),
    ("mobile | e164('no')", f"'no' {_NOT_A_COUNTRY}"),
    ("mobile | e164('')", f"'' {_NOT_A_COUNTRY}"),
    ("mobile | e164(47)", f"47 {_NOT_A_COUNTRY}"),
    ("mobile | e164(none)", f"None {_NOT_A_COUNTRY}"),
    ("mobile | e164(c or 'XX')", f"'XX' {_NOT_A_COUNTRY}"),
    ("mobile | e164('XX' or c)", f"'XX' {_NOT_A_COUNTRY}"),
    ("mobile | e164(region='XX')", f"'XX' {_NOT_A_COUNTRY}"),
    ("sn or mobile | e164('XX')", f"'XX' {_NOT_A_COUNTRY}"),
    ("mobile | e164('N' ~ 'O')", _REGION_ARGUMENT),
    ("mobile | e164(c | upper)", _REGION_ARGUMENT),
    ("mobile | e164(all.c)", _REGION_ARGUMENT),
    ("mobile | e164(c or c | upper)", _REGION_ARGUMENT),
    ("all.mobile | e164", "e164 expects a string, not a list: use first, last or join"),
    *(
        (use, "of_entry must follow an attribute name, as in manager | of_entry('mail')")
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
        (use, "of_entry expects an attribute name in quotes, such as 'mail'")
        for use in (
            "manager | of_entry(mail)",
            "manager | of_entry('ma' ~ 'il')",
            "manager | of_entry('mail;')",
            "manager | of_entry('')",
            "manager | of_entry(1)",
        )
    ),
    (
        "manager | of_entry",
        "the arguments of the filter 'of_entry' are not valid: missing a required argument: 'attribute'",
    ),
    ("PHONE_REGION | upper", "'PHONE_REGION' is not a valid LDAP attribute name"),
    ("all.phone_region | first", "'phone_region' is not a valid LDAP attribute name"),
]


@pytest.mark.parametrize(("text", "cause"), _CAUSES)
def test_invalid_filter_arguments_are_reported(text: str, cause: str) -> None:
    with pytest.raises(InputError) as caught:
        compile_expression(text, "column 'SMS'")
    assert str(caught.value).startswith(
        f"Cannot use the expression {text!r} of column 'SMS': {cause}. Correct the expression. It can contain "
    )


@pytest.mark.parametrize(
    "call",
    [f"regex_search('{slow_pattern.PATTERN}')", f"regex_replace('{slow_pattern.PATTERN}', '')"],
)
def test_the_error_about_a_slow_pattern_does_not_contain_the_value(
    monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    monkeypatch.setattr(patterns, "CPU_SECONDS", slow_pattern.CPU_SECONDS)
    expression = compile_expression(f"sn | {call}", "Name")
    with pytest.raises(FilterError) as caught:
        expression.evaluate(Variables({"sn": (slow_pattern.TEXT,)}, ""))
    assert str(caught.value) == slow_pattern.MESSAGE


def test_a_slow_pattern_on_a_constant_is_rejected_at_compile_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(patterns, "CPU_SECONDS", slow_pattern.CPU_SECONDS)
    with pytest.raises(InputError, match=r"takes more than 0\.02 s of CPU time"):
        compile_expression(
            f"'{slow_pattern.TEXT}' | regex_search('{slow_pattern.PATTERN}')", "Name"
        )


def test_only_e164_requires_phonenumbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "PHONENUMBERS", Library("phonenumbers", "8.13.0", failure="None."))
    for text in ("mobile", "mobile | upper", "phone_region ~ mobile"):
        compile_expression(text, "column 'SMS'", "NO")
    for text in ("mobile | e164", "mobile | e164('XX')", "sn or (mobile | e164(mail))"):
        with pytest.raises(LibraryError) as caught:
            compile_expression(text, "column 'SMS'", "NO")
        assert caught.value.reason == "by the filter e164 of column 'SMS'"


def test_only_expressions_other_than_bare_names_require_jinja2(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(library, "JINJA2", Library("jinja2", "3.0", failure="None."))
    assert compile_expression("mail", "column 'A'").bare_name == "mail"
    with pytest.raises(LibraryError) as caught:
        compile_expression("mail | lower", "column 'A'")
    assert caught.value.reason == "by the expression 'mail | lower' of column 'A'"
