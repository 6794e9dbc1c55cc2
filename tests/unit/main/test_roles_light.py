"""Each role loads what it needs: a gateway runs on small machines, and starts again quickly."""

import subprocess
import sys

import pytest

LOADED = "import sys, {module}; print(' '.join(sys.modules))"


def loaded(module: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", LOADED.format(module=module)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    return set(done.stdout.split())


def test_a_gateway_loads_no_database_and_no_web_framework() -> None:
    modules = loaded("chargecloud.main.role_gateway")
    assert "chargecloud.gateway.gateway" in modules
    assert not modules & {"sqlalchemy", "fastapi", "uvicorn", "alembic", "cryptography"}
    assert not [name for name in modules if name.startswith("chargecloud.features")]


@pytest.mark.parametrize("module", ["chargecloud.main.roles", "chargecloud.main.cli"])
def test_one_process_on_sqlite_loads_no_client_of_a_server(module: str) -> None:
    assert not loaded(module) & {"aiormq", "asyncmy", "redis", "alembic", "httpx"}
