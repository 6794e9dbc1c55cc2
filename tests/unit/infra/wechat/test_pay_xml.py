"""Flat XML and nothing else: no document type, no entity, no depth, no name twice."""

import pytest

from chargecloud.infra.wechat.pay_xml import MAX_XML, flat, parse_flat


def test_fields_come_out_as_they_were_put_in() -> None:
    fields = {"appid": "wx1", "attach": "a<b> & c", "empty": "", "text": "支付"}
    assert parse_flat(flat(fields)) == fields
    assert parse_flat(b"<xml>\n <a><![CDATA[x&y]]></a>\n</xml>") == {"a": "x&y"}
    assert parse_flat(b"<xml></xml>") == {}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"text",
        b"<xml><a>1</a>",
        b"<html><a>1</a></html>",
        b"<xml><a><b>1</b></a></xml>",
        b'<xml><a k="1">1</a></xml>',
        b"<xml><a>1</a><a>2</a></xml>",
        b"<xml><a>1</a>stray</xml>",
        b"<xml><a:b>1</a:b></xml>",
        b"<xml><a>&nosuch;</a></xml>",
        b"<xml><?php echo 1 ?><a>1</a></xml>",
        b'<?xml version="1.0" encoding="nosuch"?><xml><a>1</a></xml>',
        b"<xml><a>\xff</a></xml>",
        b"<xml>" + b"".join(b"<f%d>1</f%d>" % (each, each) for each in range(201)) + b"</xml>",
        b"<xml><a>" + b"x" * MAX_XML + b"</a></xml>",
    ],
)
def test_what_is_not_flat_xml_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"XML|xml|field|bytes"):
        parse_flat(body)


@pytest.mark.parametrize(
    "prolog",
    [
        '<!DOCTYPE xml [<!ENTITY a "1">]>',
        '<!DOCTYPE xml SYSTEM "http://127.0.0.1:1/x.dtd">',
        '<!DOCTYPE xml [<!ENTITY % p SYSTEM "file:///etc/passwd"> %p;]>',
        '<!DOCTYPE xml [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>',
        "<!DOCTYPE xml>",
    ],
)
def test_a_document_type_is_refused_before_it_is_read(prolog: str) -> None:
    with pytest.raises(ValueError, match="document type"):
        parse_flat(f"{prolog}<xml><a>&b;</a></xml>".encode())
