"""The collected error codes."""

import ast

import pytest
from tools import error_codes


def codes_of(source: str, path: str = "features/x/service.py") -> list[error_codes.Code]:
    (call,) = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    return list(error_codes.of_call(path, call))


def test_a_call_gives_code_status_and_text() -> None:
    assert codes_of("Refused(f'余额不足 {x} 分', 'balance_low', left=x)") == [("balance_low", 422, "余额不足 … 分")]
    assert codes_of("problem(413, 'body_too_large', 'too | large')") == [("body_too_large", 413, "too \\| large")]
    assert codes_of("something('else', 'entirely')") == []


def test_a_code_from_a_table_is_followed() -> None:
    found = codes_of("Refused(text, code)", "features/orders/service_place.py")
    assert ("connector_busy", 422, "充电枪正在充电") in found


def test_a_code_nobody_can_tell_is_refused() -> None:
    with pytest.raises(ValueError, match="name its values"):
        codes_of("Refused('no', codes[3])")


def test_every_category_of_errors_is_there() -> None:
    assert {status for _, status, _ in error_codes.merged()} >= {400, 401, 403, 404, 409, 413, 422, 429, 503}
