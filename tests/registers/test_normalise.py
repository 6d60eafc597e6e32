"""Telephones, registration codes and names written in different ways."""

from __future__ import annotations

import pytest

from models.normalise import credit_code, is_credit_code, name_key, phone_key


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("13555500112", "13555500112"),
        ("135 5550 0112", "13555500112"),
        ("135-5550-0112", "13555500112"),
        ("１３５５５５００１１２", "13555500112"),
        ("+86 135 5550 0112", "13555500112"),
        ("0086-13555500112", "13555500112"),
        ("86 13555500112", "13555500112"),
        ("(+86)13555500112", "13555500112"),
        ("013555500112", "13555500112"),
        ("0839-5550107", "08395550107"),
        ("（0839）5550107", "08395550107"),
        ("0839－5550107", "08395550107"),
        ("0839 555 0107", "08395550107"),
        ("08395550107", "08395550107"),
        ("+86 839 5550107", "08395550107"),
        ("0086-0839-5550107", "08395550107"),
        ("0839-5550107-801", "08395550107"),
        ("0839-5550107 转 8", "08395550107"),
        ("0839-5550107 ext. 12", "08395550107"),
        ("0839-5550107 / 13555500112", "08395550107"),
        ("010-55501077", "01055501077"),
        ("+86-10-55501077", "01055501077"),
        ("021 5550 1077", "02155501077"),
        ("5550107", "5550107"),
        ("86555010", "86555010"),
        ("400-800-1234", "4008001234"),
        ("+1 415 555 0100", "+14155550100"),
        ("", ""),
        ("无", ""),
        ("1234", ""),
    ],
)
def test_one_telephone_has_one_key(typed: str, key: str) -> None:
    assert phone_key(typed) == key


@pytest.mark.parametrize(
    ("code", "right"),
    [
        ("91350100M000100Y43", True),  # The example of GB 32100-2015.
        ("91350100M000100Y44", False),
        ("91350100M000100Y4", False),
        ("91350100I000100Y43", False),  # I is no sign of the code.
        ("9135010OM000100Y43", False),  # A letter in the place of the area's digits.
        ("", False),
    ],
)
def test_the_check_character_of_a_registration_code(code: str, right: bool) -> None:
    assert is_credit_code(code) is right


def test_a_registration_code_is_stored_in_half_width_capitals() -> None:
    assert credit_code(" 91350100-m000100ｙ43 ") == "91350100M000100Y43"


@pytest.mark.parametrize(
    ("typed", "same"),
    [
        ("青川建材有限责任公司", "青川建材有限公司"),
        ("青川建材（集团）有限公司", "青川建材(集团) 有限公司"),
        ("青川建材【集团】有限公司", "青川建材集团有限公司"),
        ("ＡＢＣ 机电 有限公司", "abc机电有限公司"),
        ("青川　建材有限公司", "青川建材有限公司"),
        ("青川·建材有限公司", "青川建材有限公司"),
        ("Qing-Chuan Co., Ltd.", "QINGCHUAN CO LTD"),
    ],
)
def test_one_name_has_one_key(typed: str, same: str) -> None:
    assert name_key(typed) == name_key(same) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("青川建材有限公司", "青川建材股份有限公司"),
        ("青川建材有限公司", "青川建材"),
        ("青川建材有限公司", "青州建材有限公司"),
        ("青川一建", "青川二建"),
    ],
)
def test_other_names_have_other_keys(one: str, other: str) -> None:
    assert name_key(one) != name_key(other)


def test_a_name_of_signs_alone_has_no_key() -> None:
    assert name_key("（ ）·") == ""
