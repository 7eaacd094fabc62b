"""QGroundControl ``.plan`` files: written exactly, read strictly.

A mission in Stork's own form goes to a file and back without loss, bit for bit. The form of the file (QGroundControl's
developer guide, "Plan File Format"): latitude before longitude; a null parameter is NaN; positions in
degrees where the frame has one, raw integers where it is MISSION; frames 3 and 0 stand for their INT twins 6
and 5, which MAVLink made equal. Fence polygons come before circles.
"""

import json
import math

from mission.compile.items import fence_circle, fence_polygon, rally_point
from mission.compile.plan_json import Node
from mission.errors import InputError
from mission.model.geo import GeoPoint
from mission.model.mission import MavCommand, MavFrame, Mission, MissionItem, degrees_e7

PLAN_VERSION = 1
SECTION_VERSION = 2
SHAPE_VERSION = 1
FIRMWARE_PX4 = 12
VEHICLE_QUADROTOR = 2

UNSET_INT = 2_147_483_647
"""MAVLink's INT32_MAX: an integer position that is not given; null in a file."""

_TWIN = {
    MavFrame.GLOBAL_RELATIVE_HOME: MavFrame.GLOBAL_RELATIVE_HOME_INT,
    MavFrame.GLOBAL_AMSL: MavFrame.GLOBAL_AMSL_INT,
}
_WRITTEN = {twin: frame for frame, twin in _TWIN.items()}
_ALTITUDE_MODE = {MavFrame.GLOBAL_RELATIVE_HOME: 1, MavFrame.GLOBAL_AMSL: 2}
_WITH_ALTITUDE = {
    MavCommand.NAV_WAYPOINT,
    MavCommand.NAV_LOITER_TIME,
    MavCommand.NAV_LAND,
    MavCommand.NAV_TAKEOFF,
}
_POLYGONS = {MavCommand.FENCE_POLYGON_INCLUSION: True, MavCommand.FENCE_POLYGON_EXCLUSION: False}
_CIRCLES = {MavCommand.FENCE_CIRCLE_INCLUSION: True, MavCommand.FENCE_CIRCLE_EXCLUSION: False}


def to_plan_json(mission: Mission, *, cruise_speed_m_s: float, hover_speed_m_s: float) -> str:
    """Return `mission` as the text of a ``.plan`` file.

    Args:
        mission: items in frames 2, 5 and 6, fence and rally points as Stork writes them.
        cruise_speed_m_s: what QGroundControl shows times by; the mission's own speed is its DO_CHANGE_SPEED.
        hover_speed_m_s: likewise.

    Raises:
        ValueError: the mission holds something that the format cannot say exactly, such as an infinite
            parameter or a fence item of another form.
    """
    document = {
        "fileType": "Plan",
        "version": PLAN_VERSION,
        "groundStation": "QGroundControl",
        "mission": {
            "version": SECTION_VERSION,
            "firmwareType": FIRMWARE_PX4,
            "vehicleType": VEHICLE_QUADROTOR,
            "cruiseSpeed": cruise_speed_m_s,
            "hoverSpeed": hover_speed_m_s,
            "globalPlanAltitudeMode": 1,
            "plannedHomePosition": [
                mission.home.latitude_deg,
                mission.home.longitude_deg,
                mission.home_amsl_m,
            ],
            "items": [_simple_item(item, number) for number, item in enumerate(mission.items, start=1)],
        },
        "geoFence": _fence_section(mission.fence),
        "rallyPoints": {
            "version": SECTION_VERSION,
            "points": [[*_degrees(item), item.z] for item in mission.rally],
        },
    }
    text = json.dumps(document, indent=4, allow_nan=False)
    try:
        returned = from_plan_json(text, "<written plan>")
    except InputError as error:
        raise ValueError(f"the mission holds what a .plan cannot say: {error}") from None
    if (returned.digest(), returned.home, returned.home_amsl_m) != (
        mission.digest(),
        mission.home,
        mission.home_amsl_m,
    ):
        raise ValueError("the mission holds a frame, fence or rally item that a .plan cannot say exactly")
    return text + "\n"


def from_plan_json(text: str, file: str) -> Mission:
    """Return the mission in the text of a ``.plan`` file.

    Args:
        text: the file's content.
        file: its name, for messages.

    Raises:
        InputError: not a plan of a known version, a ComplexItem (survey, structure scan), an unknown frame, or a
            position off the Earth; says where and how to mend it.
    """
    root = Node.parse(text, file)
    if root.get("fileType").text() != "Plan":
        root.get("fileType").fail(f"{root.get('fileType').value!r} is not 'Plan'", "Give a plan file.")
    _check_version(root, PLAN_VERSION)
    mission, fence, rally = (root.get(name) for name in ("mission", "geoFence", "rallyPoints"))
    for section in (mission, fence, rally):
        _check_version(section, SECTION_VERSION)
    latitude, longitude, amsl = mission.get("plannedHomePosition").elements(3)
    return Mission(
        items=tuple(_item(node) for node in mission.get("items").elements()),
        fence=_fence_items(fence),
        rally=tuple(_rally_item(node) for node in rally.get("points").elements()),
        home=_point(latitude, longitude),
        home_amsl_m=amsl.number(),
    )


def _simple_item(item: MissionItem, number: int) -> dict[str, object]:
    frame = _WRITTEN.get(MavFrame(item.frame), MavFrame(item.frame))
    params = [_null_for_nan(value) for value in (item.param1, item.param2, item.param3, item.param4)]
    place = [_coordinate(value, frame) for value in (item.x, item.y)]
    written: dict[str, object] = {
        "type": "SimpleItem",
        "command": int(item.command),
        "frame": int(frame),
        "params": [*params, *place, _null_for_nan(item.z)],
        "autoContinue": bool(item.autocontinue),
        "doJumpId": number,
    }
    if item.command in _WITH_ALTITUDE and frame in _ALTITUDE_MODE:
        written["Altitude"] = _null_for_nan(item.z)
        written["AltitudeMode"] = _ALTITUDE_MODE[frame]
        written["AMSLAltAboveTerrain"] = None
    return written


def _item(node: Node) -> MissionItem:
    kind = node.get("type").text()
    if kind != "SimpleItem":
        named = f" ({node.get('complexItemType').value})" if node.has("complexItemType") else ""
        node.fail(f"{kind}{named} is not flown here", "Replace it by simple items.")
    frame = node.get("frame").integer(0, 255)
    if frame not in list(MavFrame):
        node.get("frame").fail(f"frame {frame} is not accepted", "Use frame 0, 2, 3, 5 or 6.")
    param1, param2, param3, param4, first, second, height = node.get("params").elements(7)
    x, y = (
        (_raw_int(first), _raw_int(second))
        if frame == MavFrame.MISSION
        else (_degrees_int(first, 90.0), _degrees_int(second, 180.0))
    )
    return MissionItem(
        command=node.get("command").integer(0, 65_535),
        frame=int(_TWIN.get(MavFrame(frame), MavFrame(frame))),
        param1=param1.number_or_nan(),
        param2=param2.number_or_nan(),
        param3=param3.number_or_nan(),
        param4=param4.number_or_nan(),
        x=x,
        y=y,
        z=height.number_or_nan(),
        autocontinue=int(node.get("autoContinue").flag()),
    )


def _fence_section(fence: tuple[MissionItem, ...]) -> dict[str, object]:
    polygons: list[object] = []
    circles: list[object] = []
    index = 0
    while index < len(fence):
        item = fence[index]
        inclusion = _POLYGONS.get(MavCommand(item.command)) if item.command in _POLYGONS else None
        if inclusion is not None:
            count = int(item.param1)
            ring = [_degrees(vertex) for vertex in fence[index : index + max(count, 1)]]
            polygons.append({"version": SHAPE_VERSION, "inclusion": inclusion, "polygon": ring})
            index += max(count, 1)
        elif item.command in _CIRCLES:
            circle = {"center": _degrees(item), "radius": item.param1}
            inside = _CIRCLES[MavCommand(item.command)]
            circles.append({"version": SHAPE_VERSION, "inclusion": inside, "circle": circle})
            index += 1
        else:
            raise ValueError(f"fence item {index} is command {item.command}, which is no fence")
    return {"version": SECTION_VERSION, "polygons": polygons, "circles": circles}


def _fence_items(section: Node) -> tuple[MissionItem, ...]:
    items: list[MissionItem] = []
    for node in section.get("polygons").elements():
        _check_version(node, SHAPE_VERSION)
        ring = [_pair(vertex) for vertex in node.get("polygon").elements()]
        if len(ring) < 3:
            node.get("polygon").fail(f"{len(ring)} vertices found", "Draw at least 3.")
        items.extend(fence_polygon(ring, inclusion=node.get("inclusion").flag()))
    for node in section.get("circles").elements():
        _check_version(node, SHAPE_VERSION)
        circle = node.get("circle")
        radius_m = circle.get("radius").number()
        if radius_m <= 0.0:
            circle.get("radius").fail(f"{radius_m} found", "Write a radius above 0, in metres.")
        center = _pair(circle.get("center"))
        items.append(fence_circle(center, radius_m, inclusion=node.get("inclusion").flag()))
    return tuple(items)


def _rally_item(node: Node) -> MissionItem:
    latitude, longitude, height = node.elements(3)
    return rally_point(_point(latitude, longitude), height.number())


def _pair(node: Node) -> GeoPoint:
    latitude, longitude = node.elements(2)
    return _point(latitude, longitude)


def _point(latitude: Node, longitude: Node) -> GeoPoint:
    return GeoPoint(_in_range(latitude, 90.0), _in_range(longitude, 180.0))


def _in_range(node: Node, limit_deg: float) -> float:
    degrees = node.number()
    if abs(degrees) > limit_deg:
        node.fail(f"{degrees}° is off the Earth", f"Write latitude, then longitude; here at most ±{limit_deg:.0f}.")
    return degrees


def _degrees_int(node: Node, limit_deg: float) -> int:
    return UNSET_INT if node.value is None else degrees_e7(_in_range(node, limit_deg))


def _raw_int(node: Node) -> int:
    return UNSET_INT if node.value is None else node.integer(-UNSET_INT - 1, UNSET_INT - 1)


def _coordinate(value: int, frame: MavFrame) -> float | int | None:
    if value == UNSET_INT:
        return None
    return value if frame == MavFrame.MISSION else value / 1e7


def _degrees(item: MissionItem) -> list[float]:
    return [item.x / 1e7, item.y / 1e7]


def _null_for_nan(value: float) -> float | None:
    return None if math.isnan(value) else value


def _check_version(node: Node, expected: int) -> None:
    version = node.get("version")
    if version.number() != expected:
        version.fail(f"version {version.value} is not known", f"Export it as version {expected}.")
