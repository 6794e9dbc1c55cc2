"""Every table of every feature, on the one metadata."""

import importlib
import pkgutil

from chargecloud import features


def import_every_table() -> None:
    """Import the rooms where tables live, so that the metadata knows them all."""
    for feature in pkgutil.iter_modules(features.__path__):
        package = importlib.import_module(f"chargecloud.features.{feature.name}")
        for room in pkgutil.iter_modules(package.__path__):
            if room.name == "sql" or room.name.startswith("sql_"):
                importlib.import_module(f"chargecloud.features.{feature.name}.{room.name}")
