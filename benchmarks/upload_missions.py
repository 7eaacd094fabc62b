"""What the upload benchmarks send, and whether a vehicle holds it."""

from collections.abc import Mapping, Sequence

from mission.model.geo import GeoPoint
from mission.model.mission import MavCommand, MavFrame, MavMissionType, Mission, MissionItem, degrees_e7
from sim.fleet_config import Home
from vehicles.transfer import differences

LIMIT_S = 60.0
HOME = Home(48.41, 15.60, 200.0)


def mission_of(count: int, height_m: float = 15.0) -> Mission:
    """A mission of so many items, a square fence and one rally point."""

    def item(command: int, north_deg: float, east_deg: float, z: float, **fields: float) -> MissionItem:
        x, y = degrees_e7(HOME.latitude_deg + north_deg), degrees_e7(HOME.longitude_deg + east_deg)
        return MissionItem(command, x=x, y=y, z=z, **fields)  # type: ignore[arg-type]  # fields by name

    way = [item(MavCommand.NAV_WAYPOINT, 1e-5 * number, 0.0, height_m) for number in range(count - 2)]
    ends = item(MavCommand.NAV_TAKEOFF, 0.0, 0.0, height_m), item(MavCommand.NAV_LAND, 0.0, 0.0, 0.0)
    corners = ((-0.01, -0.01), (-0.01, 0.01), (0.01, 0.01), (0.01, -0.01))
    amsl, home = {"frame": MavFrame.GLOBAL_AMSL}, {"frame": MavFrame.GLOBAL_RELATIVE_HOME}
    fence = [item(MavCommand.FENCE_POLYGON_INCLUSION, *c, 0.0, param1=4.0, param4=0.0, **amsl) for c in corners]
    rally = item(MavCommand.RALLY_POINT, 1e-4, 0.0, 0.0, param4=0.0, **home)
    place = GeoPoint(HOME.latitude_deg, HOME.longitude_deg)
    return Mission((ends[0], *way, ends[1]), tuple(fence), (rally,), place, HOME.altitude_amsl_m)


def is_held(
    wanted: Mission,
    held: Mapping[MavMissionType, tuple[MissionItem, ...]],
    kinds: Sequence[MavMissionType] = tuple(MavMissionType),
) -> bool:
    """Whether a vehicle's lists are those of a mission."""
    lists = dict(zip(MavMissionType, (wanted.items, wanted.fence, wanted.rally), strict=True))
    return not any(differences(kind, lists[kind], held[kind]) for kind in kinds)
