"""Rules of cutting datagrams into MAVLink frames."""

from hypothesis import given
from hypothesis import strategies as st
from pymavlink.dialects.v20 import common as mavlink

from sim.px4_sitl_ready import frames


def heartbeat(system_id: int) -> bytes:
    """One heartbeat frame."""
    link = mavlink.MAVLink(None, srcSystem=system_id, srcComponent=1)
    return bytes(link.heartbeat_encode(2, 12, 29, 0x03040000, 3).pack(link))


class TestFrames:
    """Cutting datagrams."""

    @given(st.lists(st.integers(1, 253), max_size=5), st.binary(max_size=11))
    def test_every_whole_frame_is_found(self, systems: list[int], rest: bytes) -> None:
        """Frames come out as they went in, whatever follows them."""
        sent = [heartbeat(system) for system in systems]
        cut = list(frames(b"".join(sent) + rest))
        assert b"".join(cut) == b"".join(sent)
        assert len(cut) == len(sent)

    @given(st.binary(max_size=400))
    def test_noise_never_raises(self, noise: bytes) -> None:
        """What comes out of any bytes is a beginning of them."""
        assert noise.startswith(b"".join(frames(noise)))
