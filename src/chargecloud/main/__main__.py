"""`python -m chargecloud.main` is the command `chargecloud`."""

from chargecloud.main.cli import run

run()
