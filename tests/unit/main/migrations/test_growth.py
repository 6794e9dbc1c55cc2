"""Migrations only add, so that processes of the last version go on while those of the next are started."""

import ast
from pathlib import Path

import pytest

from chargecloud.main.schema_state import VERSIONS

TAKES_AWAY = {"drop_table", "drop_column", "rename_table", "drop_constraint"}
REMOVES: dict[str, str] = {}
"""Migrations that take away what no supported version uses any more, with the version that stopped using it."""


def taken_away(text: str) -> list[str]:
    """What `upgrade` removes or renames; new NOT NULL columns without a default stop the old version's inserts."""
    (upgrade,) = (node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef) and node.name == "upgrade")
    found = []
    for call in ast.walk(upgrade):
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
            continue
        named = {word.arg for word in call.keywords}
        if call.func.attr in TAKES_AWAY or (call.func.attr == "alter_column" and "new_column_name" in named):
            found.append(ast.unparse(call.func))
        if call.func.attr == "add_column":
            column = call.args[-1]
            if isinstance(column, ast.Call):
                words = {word.arg: ast.unparse(word.value) for word in column.keywords}
                if words.get("nullable") == "False" and "server_default" not in words:
                    found.append(f"{ast.unparse(call.func)} without a server_default")
    return found


@pytest.mark.parametrize("path", sorted(VERSIONS.glob("[0-9]*.py")), ids=lambda path: path.stem)
def test_a_migration_only_adds(path: Path) -> None:
    assert not taken_away(path.read_text("utf-8")) or path.stem in REMOVES


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("op.drop_table('orders')", 1),
        ("batch_op.drop_column('x')", 1),
        ("op.alter_column('t', 'a', new_column_name='b')", 1),
        ("op.add_column('t', sa.Column('x', sa.Integer(), nullable=False))", 1),
        ("op.add_column('t', sa.Column('x', sa.Integer(), nullable=False, server_default='0'))", 0),
        ("op.add_column('t', sa.Column('x', sa.Integer(), nullable=True))", 0),
        ("op.create_table('t')", 0),
    ],
)
def test_what_takes_away_is_seen(line: str, found: int) -> None:
    text = f"def upgrade():\n    {line}\n\n\ndef downgrade():\n    op.drop_table('t')\n"
    assert len(taken_away(text)) == found
