"""Migrations build what the tables declare; those that were merged never change: databases were built with them."""

import hashlib

from sqlalchemy import Column, Integer, Table
from tools import new_migration

from chargecloud.infra.sql.types import code, json_text
from chargecloud.main import schema_state
from chargecloud.main.tables import metadata

MERGED = {
    "0001": "f004804204d760c8b9b2fc393e2eca3c54bf4b7cbeb2fe06101ccd537cb230b0",
    "0002": "9c87c9f42c676a99e6c6ea0a1d825459da42655b1b03db634574ff7ced340573",
    "0003": "0fc340b7a37ce990fdaa14f85fece981143c31363476592a058fd74a389ac946",
    "0004": "b0505ee54d94c03e3fadaf09233ca0d4060cce6b1135e2d795c63791193ca6b4",
    "0005": "0a4fe240d294cc2bdd8b51731dcc4fac98fc324d6c7d17092ed14ee9ca2a98ae",
    "0006": "c2bf775042de0a17ba8ae06dc9771da6c473f49950007dcdb25b1f794135a65b",
    "0007": "2746630ed1b3125e2f506d05cd7de3aa6196073923b58fcaa6e06e700d5fdc56",
    "0008": "ca326b523bdc9f17526599fc77521021e92fddefe183acb78aab40e100317d96",
    "0009": "5164f0f1eef7a53ae97a807995092c1da3df873c107e4ff0e28335aea96ac76d",
    "0010": "87bfbb4269f1c82a7c9dbc3dd11e41b6e5c7aecfdd6b0e380c206fb67bbd15db",
    "0011": "f0214e5c86a85a0bbe2fc1058400e92748d5326af707c1f454d58fdb099c2f6a",
    "0012": "b89ae9da7645240bf9f212c1644fe6b9efd7438b2f45b68821e114cfbc157510",
    "0013": "ac2495cdd607b3c33b953720e1696aca2d9d2c580a86e4b1e398d6aa8c5d4f93",
    "0014": "528da945863e87f7ee4ff277d02f4c7571f2e6cd9ecf86f5647a4b589bf9185e",
    "0015": "bc4c1f8b28874632ed7ab19bbaf41def3b02320725385b722bcd323d808ca640",
    "0016": "268ee320e5639c112b102b762a76a9fce222f3cf141feef5e9c0d31d1a73f8d6",
    "0017": "70c3ca28e92ac17d5b657ee18ae533ade200f8a75a72a2c82a29131b68fb2808",
    "0018": "ec6b76129fdc3c945c356f9ee8c272c57d5f25f947bc2f3faf36d2900bed2c44",
    "0019": "77d3731b723e3f08903ded4ffbb85500cc65f032bab0b2bd2ac6d2ac5296ca95",
    "0020": "26b6437f1c2cb221e9b66fe994f9a78b63b01d08a10b807a010128f7784ccb26",
    "0021": "83739b10433c542bf7814d0d1e26f830029bdcd81b81bf5b93e086727a73b6bd",
    "0022": "aa2f3e4d71e2dc6591747fe6f3000538fdb500dc856bb108f3c78fbe4f718b8b",
    "0023": "179b01bfb2943ba305783bed890500179a7b2b639a340de0c34bb564017bac7d",
    "0024": "bd65d5effbfc4979783786ce45cee0cd6040d5087e7f7e0036c7e3f45b604f9c",
    "0025": "1fddf2ff473d69bec084288940eb688d661dd57a0ebe23cba1b7e07d06db5ae5",
    "0026": "0e46d72217475f9e3e86a0af4e5e8c09fefb7b91e8cb9bbaaec9379b666654de",
    "0027": "850a4abf126be8933ecbae6d23ff32d2c70ef335b8db09ca369774b88034a068",
    "0028": "a29383d9a244a05f9a0041746c616f97c6f91dc701591e91e4bb4d5374f4900a",
    "0029": "6b23aca72fd5899b6337ef20bd9b25ce36496c11c27c1705770e921d3672d054",
}
"""Digests of the migrations' files; a new migration adds its line."""


def test_nothing_is_missing() -> None:
    assert new_migration.differences() == [], "run `make migration NAME=…`"


def test_what_was_merged_does_not_change() -> None:
    assert list(MERGED) == schema_state.known()
    for number, digest in MERGED.items():
        (file,) = new_migration.VERSIONS.glob(f"{number}_*.py")
        text = file.read_text("utf-8").replace("\r\n", "\n")
        assert hashlib.sha256(text.encode()).hexdigest() == digest, f"{file.name}: write a new migration instead"


def test_types_are_written_in_short_forms() -> None:
    """And in the engine's own words, so that one migration serves all."""
    table = Table("planted", metadata(), Column("id", Integer, primary_key=True), Column("a", code(7)))
    table.append_column(Column("b", json_text()))
    try:
        text = new_migration.render("add_planted")
    finally:
        metadata().remove(table)
    body = text.partition("def upgrade")[2]
    assert f'revision = "{new_migration.next_number()}"' in text
    assert f'down_revision = "{schema_state.newest()}"' in text
    assert 'op.create_table(\n        "planted"' in body
    assert 'sa.Column("a", code(7), nullable=True)' in body
    assert 'sa.Column("b", JSON_TEXT, nullable=True)' in body
    assert body.count("create_table") == 1
    assert "with_variant" not in body
