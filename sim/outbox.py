"""What a vehicle has to say: frames in the order in which they are sent."""

from sim.wire import FrameWriter, Layout, Message

TEXT_BYTES = 50
GCS_HEARD_S = 2.5
"""Texts are sent while the last heartbeat of a ground station is younger than this, as over PX4's own links."""
FIRST_TEXT_ID = 0


class Severity:
    """MAV_SEVERITY, as far as PX4 uses it."""

    EMERGENCY = 0
    CRITICAL = 2
    WARNING = 4
    INFO = 6


class Outbox:
    """Frames that wait to be sent.

    Args:
        writer: numbers and frames the messages.
        link_time_scale: simulated seconds per second on the link; time-outs of the link are stretched by it.
    """

    def __init__(self, writer: FrameWriter, link_time_scale: float) -> None:
        self._writer = writer
        self._frames: list[bytes] = []
        self._text_id = FIRST_TEXT_ID
        self._gcs_heard_s = -1e9
        self._gcs_timeout_s = GCS_HEARD_S * link_time_scale
        self._now_s = 0.0

    def tick(self, now_s: float) -> None:
        """Take the simulated time."""
        self._now_s = now_s

    def hear_gcs(self, now_s: float) -> None:
        """Note a ground station's heartbeat."""
        self._gcs_heard_s = now_s

    def send(self, layout: Layout, *fields: float | bytes) -> None:
        """Queue one message; fields in wire order."""
        self._frames.append(self._writer.frame(layout, layout.payload.pack(*fields)))

    def text(self, severity: int, text: str) -> None:
        """Queue a STATUSTEXT, in chunks of 50 bytes; PX4 ends its texts with a tab."""
        if self._now_s - self._gcs_heard_s > self._gcs_timeout_s:
            return
        encoded = text.encode() + b"\t"
        for chunk, start in enumerate(range(0, len(encoded), TEXT_BYTES)):
            self.send(Message.STATUSTEXT, severity, encoded[start : start + TEXT_BYTES], self._text_id, chunk)
        self._text_id = (self._text_id + 1) & 0xFFFF

    def take(self) -> list[bytes]:
        """Return what waits, and forget it."""
        frames, self._frames = self._frames, []
        return frames
