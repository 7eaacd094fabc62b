"""What a vehicle has to say: frames in the order in which they are sent."""

from sim.px4_events import arguments_of, event_of
from sim.stream_frames import StreamFrames
from sim.wire import FrameWriter, Layout, Message

TEXT_BYTES = 50
GCS_HEARD_S = 2.5
"""Texts are sent while the last heartbeat of a ground station is younger than this, as over PX4's own links."""
TEXT_INTERVAL_S = 0.05
"""One text a cycle of PX4's link: a text comes after the ACK of what caused it, and texts come one by one."""


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

    Attributes:
        event_sequence: number of the last event sent.
    """

    def __init__(self, writer: FrameWriter, link_time_scale: float) -> None:
        self._writer = writer
        self._frames: list[bytes] = []
        self._texts: list[tuple[int, bytes]] = []
        self._text_id = 0
        self.event_sequence = 0
        self._next_text_s = 0.0
        self._gcs_heard_s = -1e9
        self._gcs_timeout_s = GCS_HEARD_S * link_time_scale
        self._now_s = 0.0

    def frames_of(self, layout: Layout) -> StreamFrames:
        """What makes frames of one message, for who sends it often; see `put`."""
        return StreamFrames(self._writer, layout)

    def put(self, frame: bytes) -> None:
        """Queue a frame that `frames_of` made."""
        self._frames.append(frame)

    def restart(self, system_id: int) -> None:
        """Speak as that system from now on, numbering from 0; who listened is forgotten."""
        self._writer.system_id, self._writer.sequence = system_id, 0
        self._texts.clear()
        self._gcs_heard_s = -1e9

    @property
    def has_texts(self) -> bool:
        """Whether a text waits for its turn."""
        return bool(self._texts)

    def tick(self, now_s: float) -> None:
        """Take the simulated time."""
        self._now_s = now_s

    def send_texts(self) -> None:
        """Send the text that waits longest, if it is time for one (called once a cycle)."""
        if not self._texts or self._now_s < self._next_text_s:
            return
        self._next_text_s = self._now_s + TEXT_INTERVAL_S
        severity, encoded = self._texts.pop(0)
        for chunk, start in enumerate(range(0, len(encoded), TEXT_BYTES)):
            self.send(Message.STATUSTEXT, severity, encoded[start : start + TEXT_BYTES], self._text_id, chunk)
        self._text_id = (self._text_id + 1) & 0xFFFF

    def hear_gcs(self, now_s: float) -> None:
        """Note a ground station's heartbeat."""
        self._gcs_heard_s = now_s

    def send(self, layout: Layout, *fields: float | bytes) -> None:
        """Queue one message; fields in wire order."""
        self._frames.append(self._writer.encoder(layout)(*fields))

    def text(self, severity: int, text: str, end: str = "\t") -> None:
        """Queue a STATUSTEXT, in chunks of 50 bytes, and send the event that goes with it.

        PX4 ends most texts with a tab. Texts are lost while no ground station is heard; events are not.
        """
        event = event_of(text)
        if event is not None:
            self.event_sequence = (self.event_sequence + 1) & 0xFFFF
            head = event.event_id, round(self._now_s * 1000.0) & 0xFFFFFFFF, self.event_sequence
            self.send(Message.EVENT, *head, 0, 0, event.log_levels, arguments_of(text))
        if self._now_s - self._gcs_heard_s <= self._gcs_timeout_s:
            self._texts.append((severity, (text + end).encode()))

    def take(self) -> list[bytes]:
        """Return what waits, and forget it."""
        frames, self._frames = self._frames, []
        return frames
