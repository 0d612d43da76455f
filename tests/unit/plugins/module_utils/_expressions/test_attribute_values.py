# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the conversion of attribute values to sorted, distinct strings, and of the text form of binary values."""

from __future__ import annotations

import uuid
from contextlib import suppress

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import InputError
from ansible_collections.frontdesk.contacts.plugins.module_utils._expressions.attribute_values import (
    TEXT_FORMS,
    UNREADABLE_ATTRIBUTES,
    AttributeValueError,
    decode_values,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._expressions.expression import (
    compile_expression,
)
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        (b"", []),
        (b" ", []),
        ([], []),
        (b"\xc2\xa0Lie\n", ["Lie"]),
        ([b"b", b"", "a\u030a".encode(), b"b ", "å".encode(), b"\t"], ["b", "å"]),
    ],
)
def test_values_are_sorted_without_blank_and_duplicate_ones(
    values: bytes | list[bytes], texts: list[str]
) -> None:
    assert decode_values("sn", values) == texts


@given(st.uuids())
def test_a_guid_has_the_text_form_of_a_uuid(identity: uuid.UUID) -> None:
    for name in ("objectguid", "ms-ds-consistencyguid", "msexchmailboxguid", "msexcharchiveguid"):
        assert decode_values(name, identity.bytes_le) == [str(identity)]


# The first three examples are from MS-DTYP 2.4.2.4 and from Microsoft's documentation of SIDs.
@pytest.mark.parametrize(
    ("octets", "text"),
    [
        ("010100000000000512000000", "S-1-5-18"),
        ("01020000000000052000000020020000", "S-1-5-32-544"),
        (
            "010500000000000515000000a065cf7e784b9b5fe77c8770091c0100",
            "S-1-5-21-2127521184-1604012920-1887927527-72713",
        ),
        ("0100ffffffffffff", "S-1-281474976710655"),
    ],
)
def test_a_sid_has_the_text_form_of_active_directory(octets: str, text: str) -> None:
    for name in ("objectsid", "sidhistory", "msexchmasteraccountsid", "tokengroups"):
        assert decode_values(name, [bytes.fromhex(octets)]) == [text]


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("sn", b"\xff", "the attribute sn is not valid UTF-8"),
        ("objectguid", b"", "the attribute objectguid is not a valid GUID"),
        ("objectguid", b"0" * 15, "the attribute objectguid is not a valid GUID"),
        ("objectsid", b"", "the attribute objectsid is not a valid SID"),
        ("objectsid", b"\x01\x01\0\0\0\0\0\x05", "the attribute objectsid is not a valid SID"),
        ("objectsid", b"\x02\0\0\0\0\0\0\x05", "the attribute objectsid is not a valid SID"),
    ],
)
def test_a_value_without_a_text_form_is_reported(name: str, value: bytes, message: str) -> None:
    with pytest.raises(AttributeValueError) as caught:
        decode_values(name, [value, b"0" * 16])
    assert str(caught.value) == message


@given(st.sampled_from([*TEXT_FORMS, "sn"]), st.binary(max_size=40))
def test_any_value_has_a_text_form_or_is_reported(name: str, value: bytes) -> None:
    with suppress(AttributeValueError):
        for text in decode_values(name, value):
            assert text.encode("utf-8").decode("utf-8") == text


@pytest.mark.parametrize(
    "text",
    ["{}", "{} | lower", "sn or {}", "all.{} | first", "{} | of_entry('sn')", "m | of_entry('{}')"],
)
@pytest.mark.parametrize(
    "name", ["jpegPhoto", "thumbnailPhoto", "userCertificate", "nTSecurityDescriptor", "LOGONHOURS"]
)
def test_an_expression_that_reads_binary_data_is_rejected(text: str, name: str) -> None:
    expression = text.format(name)
    with pytest.raises(InputError) as caught:
        compile_expression(expression, "column 'Photo'")
    assert str(caught.value) == (
        f"Cannot use the expression {expression!r} of column 'Photo': the attribute {name.lower()} contains binary "
        "data. Use attributes that contain text."
    )


@pytest.mark.parametrize(
    "name", ["sn;binary", "userCertificate;lang-x", "0.9.2342.19200300.100.1.60", "2.5.4.36;binary"]
)
def test_binary_data_is_recognized_by_options_and_oids(name: str) -> None:
    for expression in (name, f"all['{name}'] | first", f"manager | of_entry('{name}')"):
        with pytest.raises(InputError, match="contains binary data"):
            compile_expression(expression, "column 'Photo'")


def test_the_text_form_is_the_same_for_all_names_of_an_attribute() -> None:
    octets = bytes(range(16))
    for name in ("objectguid", "1.2.840.113556.1.4.2", "objectguid;x-a"):
        assert decode_values(name, octets) == [str(uuid.UUID(bytes_le=octets))]
    assert decode_values("1.2.840.113556.1.4.146", bytes([1, 0, 0, 0, 0, 0, 0, 5])) == ["S-1-5"]


def test_names_of_binary_attributes_are_lowercase_and_distinct() -> None:
    names = {*UNREADABLE_ATTRIBUTES, *TEXT_FORMS}
    assert names == {name.lower() for name in names}
    assert len(names) == len(UNREADABLE_ATTRIBUTES) + len(TEXT_FORMS)
    assert not UNREADABLE_ATTRIBUTES & {"mail", "objectguid"}
