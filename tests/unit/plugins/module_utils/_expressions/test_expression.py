# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of compiled expressions: their results and the attributes that they read."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import InputError
from ansible_collections.frontdesk.contacts.plugins.module_utils._expressions import (
    expression as expression_module,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._expressions.expression import (
    Variables,
    compile_expression,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._expressions.filters import (
    FILTERS,
    FilterError,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._expressions.syntax import Syntax
from hypothesis import given
from hypothesis import strategies as st
from jinja2.environment import Environment, TemplateExpression
from jinja2.sandbox import ImmutableSandboxedEnvironment

VARIABLES = Variables(
    {"givenname": ("Åse",), "sn": ("Lie",), "mail": ("a@x", "b@x"), "msds-name": ("m",)},
    location="oslo-hq",
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("givenName", "Åse"),
        ("GIVENNAME", "Åse"),
        ("  sn ", "Lie"),
        ("mail", "a@x"),
        ("mobile", ""),
        ("location", "oslo-hq"),
        ("Location", "oslo-hq"),
        ("msDS-Name", "m"),
        (" msDS-Name ", "m"),
        ("self", ""),
        ("true", ""),
        ("'a string'", "a string"),
        ("mail | upper", "A@X"),
        ("MAIL|upper", "A@X"),
        ("LOCATION | upper", "OSLO-HQ"),
        ("mobile or mail", "a@x"),
        ("mobile or telephoneNumber", ""),
        ("mail and sn", "Lie"),
        ("none or sn", "Lie"),
        ("all.mail | join(', ')", "a@x, b@x"),
        ("all.MAIL | last", "b@x"),
        ("all['mail'] | last", "b@x"),
        ("all['msDS-Name'] | first", "m"),
        ("all.mobile | first", ""),
        ("givenName ~ ' ' ~ sn", "Åse Lie"),
        ("givenName + '-' + sn", "Åse-Lie"),
        ("'yes' if mail else 'no'", "yes"),
        ("'yes' if not mobile else 'no'", "yes"),
        ("'yes' if mail == 'a@x' else 'no'", "yes"),
        ("'yes' if 'b@x' in all.mail else 'no'", "yes"),
        ("'yes' if mail > sn and 2 > 1 else 'no'", "yes"),
        ("mobile | default('none')", "none"),
        ("[sn, mobile, mail] | join('+')", "Lie++a@x"),
        ("(sn, mail) | join('+')", "Lie+a@x"),
        ("([sn] + [mail]) | join('+')", "Lie+a@x"),
        ("(all.mail + all.mobile + ['c']) | join('+')", "a@x+b@x+c"),
        ("'none' if all.mobile == [] else 'some'", "none"),
        ("(sn | replace('i', 'y')) ~ '.'", "Lye."),
        ("sn | replace(new='y', old='i')", "Lye"),
        ("all.mail | join(d='; ')", "a@x; b@x"),
        ("mobile | default('none', true)", "none"),
        ("mobile | default(default_value=sn)", "Lie"),
        ("mail | regex_replace('@.*$', '')", "a"),
        ("mail | regex_replace(pattern='A', replacement='b', ignorecase=true)", "b@x"),
        ("mail | regex_search('(.)@(.)', '\\\\2')", "x"),
        ("mail | regex_search('X', ignorecase=true)", "x"),
        ("sn | map_value({'Lie': 'lie'})", "lie"),
        ("sn | map_value({'Li': 'lie', 'e': 'x'}, givenName)", "Åse"),
        ("sn | map_value({}, fallback='x') ~ (sn | map_value({}))", "x"),
        ("'912 34 567' | e164('NO')", "+4791234567"),
        ("mail | e164('NO') or location", "oslo-hq"),
        ("phone_region", "SE"),
        ("phone_region ~ sn", "SELie"),
        ("'+47 912 34 567' | e164", "+4791234567"),
        # In this test, phone_region is SE.
        ("'08 123 456 78' | e164", "+46812345678"),
        ("'08 123 456 78' | e164(phone_region)", "+46812345678"),
        ("'08 123 456 78' | e164(region='NO') or 'none'", "none"),
        ("'08 123 456 78' | e164(c or phone_region)", "+46812345678"),
        ("'08 123 456 78' | e164(sn or phone_region)", ""),
        # String literals are normalized to NFC, whether the characters are written directly or as escape sequences.
        ("'yes' if givenName == 'A\u030ase' else 'no'", "yes"),
        ("'yes' if givenName == 'A\\u030ase' else 'no'", "yes"),
        ("givenName | map_value({'A\u030ase': 'A\u030a'})", "Å"),
        ("givenName | replace('A\u030a', '')", "se"),
        ("givenName | regex_search('[A\u030a]')", "Å"),
        # An operand of ~ can be any expression whose result is known to be a string.
        ("(mobile or sn) ~ (mail and sn) ~ (sn + 'x') ~ ('a' ~ 'b')", "LieLieLiexab"),
        ("('m' if mobile else 's') ~ ('m' if mobile) ~ 't'", "st"),
        ("(mobile | default('-')) ~ (all.mobile | default('-') | first)", "--"),
    ],
)
def test_an_expression_returns_the_expected_string(text: str, expected: str) -> None:
    assert compile_expression(text, "C", "SE").evaluate(VARIABLES).text == expected


@pytest.mark.parametrize(
    ("text", "has_invalid_number"),
    [
        ("mail", False),
        ("mail | lower", False),
        ("mail | e164('NO')", True),
        ("mobile | e164('NO')", False),
        ("mobile | e164('US')", True),
        # Empty and blank values are not invalid numbers.
        ("pager | e164('NO')", False),
        ("blank | e164('NO')", False),
        ("mail | e164('NO') or location", True),
        ("location or mail | e164('NO')", False),
    ],
)
def test_an_invalid_phone_number_is_reported(text: str, has_invalid_number: bool) -> None:
    expression = compile_expression(text, "C")
    filled = Variables({"mail": ("a@x",), "mobile": ("22 12 34 56",), "blank": (" ",)}, "oslo")
    empty = Variables({}, "oslo")
    # Each evaluation resets has_invalid_number.
    assert expression.evaluate(filled).has_invalid_number is has_invalid_number
    assert expression.evaluate(empty).has_invalid_number is False
    assert expression.evaluate(filled).has_invalid_number is has_invalid_number


def test_phone_region_is_empty_if_the_option_is_not_set() -> None:
    assert compile_expression("phone_region ~ '.'", "C").evaluate(VARIABLES).text == "."


def test_the_jinja_environment_contains_only_the_filters(monkeypatch: pytest.MonkeyPatch) -> None:
    environments: list[Environment] = []
    compile_tree = expression_module._compile_tree

    def record(environment: ImmutableSandboxedEnvironment, syntax: Syntax) -> TemplateExpression:
        environments.append(environment)
        return compile_tree(environment, syntax)

    monkeypatch.setattr(expression_module, "_compile_tree", record)
    assert compile_expression("sn ~ '<'", "C").evaluate(VARIABLES).text == "Lie<"
    (environment,) = environments
    assert isinstance(environment, ImmutableSandboxedEnvironment)
    assert (environment.globals, environment.tests) == ({}, {})
    assert set(environment.filters) == set(FILTERS)
    assert environment.autoescape is False


@pytest.mark.parametrize(
    ("text", "attributes"),
    [
        ("mail", {"mail"}),
        ("Mail | default(MAIL)", {"mail"}),
        ("all.Mail | first", {"mail"}),
        ("all['msDS-Name'] | first", {"msds-name"}),
        ("givenName ~ (all.sn | first)", {"givenname", "sn"}),
        ("location", set()),
        ("LOCATION | upper", set()),
        ("'x'", set()),
        ("phone_region ~ (sn | e164(c or phone_region))", {"sn", "c"}),
        ("sn | map_value({'mail': 'mobile'}, l)", {"sn", "l"}),
        ("sn | replace(old=cn, new='')", {"sn", "cn"}),
    ],
)
def test_an_expression_lists_the_attributes_that_it_reads(text: str, attributes: set[str]) -> None:
    assert compile_expression(text, "C").attributes == attributes


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("location", True),
        (" LOCATION ", True),
        ("l", False),
        ("location | upper", False),
        ("'location'", False),
    ],
)
def test_an_expression_that_consists_only_of_location_is_recognized(
    text: str, expected: bool
) -> None:
    assert compile_expression(text, "C").is_location is expected


@given(
    st.sampled_from(
        ["{}", "{} | upper", "{} or 'x'", "all.{} | join('/')", "all['{}'] | last", "'.' ~ {}"]
    ),
    st.lists(st.booleans(), min_size=9, max_size=9),
)
def test_names_are_case_insensitive(template: str, uppercase: list[bool]) -> None:
    lower_name = "givenname"
    mixed_name = "".join(
        letter.upper() if is_upper else letter for letter, is_upper in zip(lower_name, uppercase)
    )
    lower = compile_expression(template.format(lower_name), "C")
    mixed = compile_expression(template.format(mixed_name), "C")
    assert mixed.attributes == lower.attributes == {lower_name}
    assert mixed.evaluate(VARIABLES).text == lower.evaluate(VARIABLES).text


def test_an_expression_can_contain_several_spellings_of_a_name() -> None:
    expression = compile_expression("(SN | upper) ~ (sn | lower) ~ (all.Sn | first)", "C")
    assert expression.evaluate(VARIABLES).text == "LIElieLie"


_NAMES_USED_BY_JINJA = """
    range dict lipsum cycler joiner namespace context environment resolve undefined missing loop caller
    varargs kwargs Undefined Markup concat escape str-join blocks name debug-info result template
"""


@pytest.mark.parametrize("name", _NAMES_USED_BY_JINJA.split())
def test_names_used_by_jinja_can_be_attributes(name: str) -> None:
    if "-" not in name:
        expression = compile_expression(f"{name} | default('nothing')", "C")
        assert expression.evaluate(VARIABLES).text == "nothing"
    variables = Variables({name.lower(): ("value",)}, "")
    assert compile_expression(name, "C").evaluate(variables).text == "value"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("all.mail if sn == 'Lie' else 'x'", "the result is a list: use first, last or join"),
        ("1 if sn == 'Lie' else 'x'", "the result is a value of type int, not a string"),
        (
            "'x' if (1 if sn == 'Lie' else 'x') < 'y' else 'z'",
            "'<' not supported between instances of 'int' and 'str'",
        ),
        (
            "('' if sn != 'Lie') + 'x'",
            "the inline if-expression",
        ),
    ],
)
def test_an_evaluation_failure_raises_a_filter_error(text: str, message: str) -> None:
    expression = compile_expression(text, "C")
    with pytest.raises(FilterError) as caught:
        expression.evaluate(VARIABLES)
    assert str(caught.value).startswith(message)


def test_the_value_of_an_attribute_without_values_is_empty() -> None:
    assert Variables({"mail": ()}, "oslo").value("mail") == ""


_NESTED_FORMS: dict[str, Callable[[int], str]] = {
    "parentheses": lambda depth: "(" * depth + "sn" + ")" * depth,
    "lists": lambda depth: "[" * depth + "sn" + "]" * depth,
    "not": lambda depth: "'x' if " + "not " * depth + "sn else 'y'",
    "or": lambda depth: " or ".join(["sn"] * depth),
    "plus": lambda depth: " + ".join(["sn"] * depth),
    "tilde": lambda depth: "sn ~ (" * depth + "sn" + ")" * depth,
    "filters": lambda depth: "sn" + " | lower" * depth,
    "arguments": lambda depth: "sn | default(" * depth + "sn" + ")" * depth,
    "conditions": lambda depth: "sn if mail else " * depth + "sn",
    "indexes": lambda depth: "all[" * depth + "'sn'" + "]" * depth,
    "signs": lambda depth: "-" * depth + "1",
    "powers": lambda depth: "1" + " ** 1" * depth,
}


@pytest.mark.parametrize("form", _NESTED_FORMS)
def test_deep_nesting_is_rejected(form: str) -> None:
    for depth in (60, 200, 3_000):
        try:
            expression = compile_expression(_NESTED_FORMS[form](depth), "C")
        except InputError:
            continue
        # Redundant parentheses do not add nodes to the syntax tree.
        assert form == "parentheses"
        assert expression.evaluate(VARIABLES).text == "Lie"


@pytest.mark.parametrize("form", ["or", "plus", "tilde", "filters", "arguments", "conditions"])
def test_moderate_nesting_is_accepted(form: str) -> None:
    depth = 24
    expression = compile_expression(_NESTED_FORMS[form](depth), "C")
    assert expression.evaluate(VARIABLES).text


@pytest.mark.parametrize("form", ["or", "filters"])
def test_the_nesting_depth_is_limited(form: str) -> None:
    limit = {"or": 50, "filters": 49}[form]
    compile_expression(_NESTED_FORMS[form](limit), "C")
    with pytest.raises(InputError, match="it is nested too deeply"):
        compile_expression(_NESTED_FORMS[form](limit + 1), "C")
