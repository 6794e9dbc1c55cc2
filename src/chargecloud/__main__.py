"""`python -m chargecloud` is the command `chargecloud`."""

from chargecloud.main.cli import run

run()
