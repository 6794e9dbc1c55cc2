"""How much of the platform somebody may see and touch."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement


@dataclass(frozen=True, slots=True)
class Reach:
    """All of the platform, one operator's part of it, or some stations of that operator."""

    operator_id: int | None = None
    """None: every operator's."""
    station_ids: frozenset[int] | None = None
    """None: every station's, and what has no station; a set, even an empty one, is all there is."""

    def covers(self, operator_id: int | None, station_id: int | None) -> bool:
        """Whether a thing of this operator at this station is within; a thing without a station has None there."""
        if self.operator_id not in (None, operator_id):
            return False
        return self.station_ids is None or station_id in self.station_ids

    def within(
        self, operator: ColumnElement[int], station: ColumnElement[int] | ColumnElement[int | None]
    ) -> list[ColumnElement[bool]]:
        """The same as conditions of a statement, by the columns that name operator and station."""
        conditions: list[ColumnElement[bool]] = []
        if self.operator_id is not None:
            conditions.append(operator == self.operator_id)
        if self.station_ids is not None:
            conditions.append(station.in_(sorted(self.station_ids)))
        return conditions

    @property
    def limited(self) -> bool:
        """Whether it is some stations only."""
        return self.station_ids is not None


EVERYWHERE = Reach()
