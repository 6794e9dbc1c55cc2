"""The tables of every feature and of the infrastructure, on one metadata."""

import importlib
import pkgutil

from sqlalchemy import MetaData

import chargecloud.features as features
from chargecloud.infra.sql.types import metadata as shared

INFRASTRUCTURE = (
    "chargecloud.infra.sql.outbox",
    "chargecloud.infra.schedule.loop",
    "chargecloud.infra.deadletters",
    "chargecloud.infra.processes",
    "chargecloud.infra.http.idempotency",
    "chargecloud.infra.http.tickets",
)
"""Modules outside the features that declare tables."""


def metadata() -> MetaData:
    """The shared metadata after every room that declares tables has been imported."""
    for name in INFRASTRUCTURE:
        importlib.import_module(name)
    for feature in pkgutil.iter_modules(features.__path__):
        rooms = importlib.import_module(f"chargecloud.features.{feature.name}").__path__
        for room in pkgutil.iter_modules(rooms):
            if room.name == "sql" or room.name.startswith("sql_"):
                importlib.import_module(f"chargecloud.features.{feature.name}.{room.name}")
    return shared
