"""One vehicle's link on MAVSDK: its native message plugin as the wire.

`action`, `mission_raw` and `param` are not used: their word cannot be trusted on a link that loses messages
(docs/decisions/0005).
"""

import json

from mavsdk.exceptions import MavsdkError
from mavsdk.plugins.mavlink_direct import MavlinkDirect, MavlinkMessage
from mavsdk.system import System

from vehicles import px4
from vehicles.mavlink_link import MavlinkLink
from vehicles.message_wire import Outgoing, Taker


class MavsdkWire:
    """MAVLink messages to and from one autopilot that MAVSDK has found. Takers are called on MAVSDK's threads."""

    def __init__(self, system_id: int, system: System) -> None:
        self._system_id = system_id
        self._direct = MavlinkDirect(system)

    def send(self, message: Outgoing) -> None:
        """Send one message to the autopilot; a link that cannot send is as silent as one that loses."""
        fields = {"target_system": self._system_id, "target_component": px4.AUTOPILOT_COMPONENT, **message.fields}
        native = MavlinkMessage(
            message.name, 0, 0, self._system_id, px4.AUTOPILOT_COMPONENT, json.dumps(fields, allow_nan=False)
        )
        try:
            self._direct.send_message(native)
        except MavsdkError:
            return

    def subscribe(self, name: str, take: Taker) -> None:
        """Hand over every message of this name that is the autopilot's own."""

        def arrived(message: MavlinkMessage, _user_data: object) -> None:
            if message.component_id == px4.AUTOPILOT_COMPONENT:
                take(message.message_name, message.fields_json)

        self._direct.subscribe_message(name, arrived)


class MavsdkLink(MavlinkLink):
    """A `vehicles.link.VehicleLink` on one autopilot that MAVSDK has found. `pump` must be called regularly."""

    def __init__(self, vehicle_id: str, system_id: int, system: System, speed_factor: float) -> None:
        super().__init__(vehicle_id, system_id, MavsdkWire(system_id, system), speed_factor)
