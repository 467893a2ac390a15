"""Where one study day ends and the next begins."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from recollect.errors import ParameterError

if TYPE_CHECKING:  # a command that asks for one day only should not wait for it
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["MS_PER_DAY", "DayBoundary"]

MS_PER_DAY = 86_400_000
_MS_PER_HOUR = 3_600_000
_MS_PER_QUARTER = _MS_PER_HOUR // 4
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class DayBoundary:
    """The learner's time zone and the hour at which their day rolls over.

    Args:
        time_zone: IANA name, e.g. ``"Europe/Berlin"``.
        rollover_hour: local hour at which a new study day starts, 0-23. Anki's default is 4.

    Raises:
        ParameterError: the zone is not known or the hour is out of range.
    """

    time_zone: str = "UTC"
    rollover_hour: int = 4

    def __post_init__(self) -> None:
        if not 0 <= self.rollover_hour <= 23:
            raise ParameterError(
                f"rollover hour {self.rollover_hour} is not between 0 and 23; Anki's default is 4"
            )
        try:
            ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ParameterError(
                f"time zone {self.time_zone!r} is not known; use an IANA name such as Europe/Berlin"
            ) from error

    @property
    def zone(self) -> ZoneInfo:
        """The time zone."""
        return ZoneInfo(self.time_zone)

    def local_ms(self, time_ms: NDArray[np.int64]) -> NDArray[np.int64]:
        """Local wall-clock time in ms, daylight-saving changes included.

        Args:
            time_ms: ``[n]`` milliseconds since the Unix epoch, UTC.

        Returns:
            ``[n]`` milliseconds whose quotient by a day is the local calendar day.
        """
        import numpy as np

        if self.time_zone == "UTC" or time_ms.size == 0:
            return time_ms.astype(np.int64)
        # One offset lookup per distinct hour: zones change offset only on such boundaries
        # (quarter hours exist in history, hence the finer grain).
        distinct, inverse = np.unique(time_ms // _MS_PER_QUARTER, return_inverse=True)
        offsets = np.array(
            [self._utc_offset_ms(int(q) * _MS_PER_QUARTER) for q in distinct], dtype=np.int64
        )
        return time_ms + offsets[inverse]

    def day_number(self, time_ms: NDArray[np.int64]) -> NDArray[np.int64]:
        """Number of the study day (days since 1970-01-01, shifted by the rollover).

        Args:
            time_ms: ``[n]`` milliseconds since the Unix epoch, UTC.
        """
        return (self.local_ms(time_ms) - self.rollover_hour * _MS_PER_HOUR) // MS_PER_DAY

    def day_of(self, moment_ms: int) -> int:
        """The same number for one moment."""
        quarter_ms = moment_ms // _MS_PER_QUARTER * _MS_PER_QUARTER
        local_ms = moment_ms + self._utc_offset_ms(quarter_ms)
        return (local_ms - self.rollover_hour * _MS_PER_HOUR) // MS_PER_DAY

    def _utc_offset_ms(self, time_ms: int) -> int:
        # Added to the epoch rather than taken from it: not every system converts early times.
        moment = (_EPOCH + timedelta(milliseconds=time_ms)).astimezone(self.zone)
        offset = moment.utcoffset()
        return 0 if offset is None else round(offset.total_seconds() * 1000)
