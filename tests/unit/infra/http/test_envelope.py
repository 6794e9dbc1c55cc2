"""The drivers' messages, in every form `msg` may have."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargecloud.infra.http.envelope import Unreadable, encoded, fields_of, head, in_string, read, whole

FORMS = [
    ('{"cmd":"login","msg":{"token":"t"}}', {"token": "t"}, False),
    ('{"cmd":"login","src":"wx","dst":"wx","uid":"o","msg":"{\\"token\\":\\"t\\"}"}', {"token": "t"}, True),
    ('{"cmd":"login","src":"wx","dst":"wx","uid":"o","msg":null}', {}, True),
    ('{"cmd":"login","uid":null}', {}, True),
    ('{"cmd":"login","msg":""}', {}, True),
    ('{"cmd":"login","msg":"null"}', {}, True),
]


@pytest.mark.parametrize(("text", "fields", "in_strings"), FORMS)
def test_msg_is_read_in_every_form(text: str, fields: dict[str, object], in_strings: bool) -> None:
    said = read(text)
    assert said.cmd == "login"
    assert fields_of(said) == fields
    assert said.in_strings is in_strings


NONSENSE = [
    "", "{", "[]", "1", '"login"', "{}", '{"cmd":1}', '{"cmd":""}', '{"cmd":"x","more":1}', '{"cmd":"x","uid":7}',
    json.dumps({"cmd": "x" * 65}), json.dumps({"cmd": "x", "uid": "u" * 65}),
]  # fmt: skip


@pytest.mark.parametrize("text", NONSENSE)
def test_what_is_no_message_is_named(text: str) -> None:
    with pytest.raises(Unreadable):
        read(text)


@pytest.mark.parametrize("msg", ["7", "[]", "true", '"not json"', '"[1]"', '"7"'])
def test_a_msg_that_holds_no_object_is_named(msg: str) -> None:
    with pytest.raises(Unreadable, match="msg is an object"):
        fields_of(read(f'{{"cmd":"ping","msg":{msg}}}'))


@given(st.text())
def test_no_text_does_more_than_be_unreadable(text: str) -> None:
    with contextlib.suppress(Unreadable):
        fields_of(read(text))


@given(st.dictionaries(st.text(), st.integers(-(2**53), 2**53) | st.text() | st.none()), st.text(max_size=20))
def test_what_is_sent_is_read_again_in_both_forms(msg: dict[str, object], uid: str) -> None:
    body = encoded(msg)
    begun = head("state", dst="wx", uid=uid)
    as_object, as_string = json.loads(whole(begun, body)), json.loads(whole(begun, in_string(body)))
    assert as_object == {"cmd": "state", "src": "srv", "dst": "wx", "uid": uid, "msg": msg}
    assert json.loads(as_string.pop("msg")) == as_object.pop("msg")
    assert as_string == as_object
