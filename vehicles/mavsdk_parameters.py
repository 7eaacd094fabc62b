"""One autopilot's parameters through MAVSDK, one at a time: the whole list changes at run time."""

from mavsdk.plugins.param import Param, ParamError, ParamResult
from mavsdk.system import System

from mission.errors import LinkTimeoutError
from vehicles.link import OBSERVED, Outcome, refused, unconfirmed
from vehicles.mavsdk_calls import NativeCalls


class MavsdkParameters:
    """Reads and sets parameters. The plugin is made at its first use."""

    def __init__(self, system: System, calls: NativeCalls) -> None:
        self._system = system
        self._calls = calls
        self._plugin: Param | None = None

    def _param(self) -> Param:
        if self._plugin is None:
            self._plugin = Param(self._system)
        return self._plugin

    async def read(self, name: str, timeout_s: float) -> int | float:
        """Read one parameter, whichever of PX4's two types it has.

        Raises:
            LinkTimeoutError: no answer: no such parameter, or no link.
        """

        def read() -> int | float:
            try:
                return float(self._param().get_param_float(name))
            except ParamError as problem:
                if problem.result != ParamResult.WRONG_TYPE:
                    raise
                return int(self._param().get_param_int(name))

        try:
            return await self._calls.run(read, timeout_s, f"reading {name}")
        except ParamError as problem:
            raise LinkTimeoutError(
                f"{self._calls.vehicle_id}: parameter {name} was not answered ({problem.result.name}): "
                "unknown to the autopilot, or no link"
            ) from problem

    async def set(self, name: str, value: float, timeout_s: float) -> Outcome:
        """Set one parameter and read it again. PX4 does not answer a value of the wrong type."""

        def write() -> None:
            if isinstance(value, int):
                self._param().set_param_int(name, value)
            else:
                self._param().set_param_float(name, value)

        try:
            await self._calls.run(write, timeout_s, f"setting {name}")
            held = await self.read(name, timeout_s)
        except ParamError as problem:
            return refused(f"parameter {name}: {problem.result.name}")
        except LinkTimeoutError as problem:
            return unconfirmed(str(problem))
        if abs(held - value) > 1e-6 * max(1.0, abs(value)):
            return refused(f"parameter {name} reads {held:g} after {value:g} was set")
        return OBSERVED
