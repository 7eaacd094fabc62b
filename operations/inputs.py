"""What the command line was given, as values that the commands share."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from mission.errors import InputError, InputProblem
from operations.config import DayFiles, DayOverrides, read_day


@dataclass(frozen=True)
class DayArguments:
    """A day's document, and what the command line changes of it."""

    day: Path
    at: str | None = None
    zones: list[Path] | None = None
    orders: Path | None = None
    fleet: Path | None = None
    site: Path | None = None

    def read(self) -> DayFiles:
        """Read the day and all its files.

        Raises:
            InputError: anything wrong with them, or with ``--at``.
        """
        overrides = DayOverrides(self.site, self.fleet, self.orders, tuple(self.zones or ()), _moment(self.at))
        return read_day(self.day, datetime.now(UTC), overrides)

    def read_to_fly(self, vehicles: str, now: datetime) -> DayFiles:
        """Read the day as it will be flown: real vehicles fly at `now`, among the zones of now, whatever it states.

        A day of real vehicles that should have begun begins now; orders whose windows have passed are refused.

        Raises:
            InputError: as `read`, or ``--at`` asks real vehicles to fly in the past.
        """
        files = self.read()
        if vehicles != "real" or files.day.start >= now:
            return files
        if self.at is not None:
            mend = "Real vehicles fly now: drop it, or fly the past on simulated ones (--sim)"
            raise InputError(InputProblem("<argument>", "--at", f"{self.at} has passed", mend))
        return replace(self, at=now.isoformat()).read()


@dataclass(frozen=True)
class FlightArguments:
    """On what a day is flown, how fast, and where results go.

    Attributes:
        vehicles: ``sim``, ``px4`` or ``real``.
        speed: times real time; None = the day's own for simulated vehicles, 1 for others.
    """

    vehicles: str
    speed: float | None
    headless: bool
    out: Path | None
    seed: int | None

    @classmethod
    def chosen(
        cls, *, sim: bool, px4: bool, speed: float | None, headless: bool, out: Path | None, seed: int | None
    ) -> "FlightArguments":
        """Make sense of the flags.

        Raises:
            InputError: both were asked for, or a speed for real vehicles.
        """
        vehicles = "sim" if sim else "px4" if px4 else "real"
        if sim and px4:
            _refuse_flags("--sim", "both --sim and --px4 are given", "Choose one")
        if vehicles == "real" and speed not in {None, 1.0}:
            _refuse_flags("--speed", f"real vehicles fly at real time, not {speed}×", "Drop it, or add --sim")
        return cls(vehicles, speed, headless, out, seed)


def _refuse_flags(place: str, what: str, mend: str) -> None:
    raise InputError(InputProblem("<argument>", place, what, mend))


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        mend = "Write ISO 8601, such as 2026-06-15T09:00:00Z"
        raise InputError(InputProblem("<argument>", "--at", f"{text!r} is not a time", mend)) from None
    if moment.tzinfo is None:
        raise InputError(InputProblem("<argument>", "--at", f"{text!r} has no time zone", "Add Z or an offset"))
    return moment
