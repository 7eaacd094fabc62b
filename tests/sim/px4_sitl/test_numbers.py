"""Rules of instance numbers: who holds one, and which ports belong to it."""

import socket
from collections.abc import Callable

import pytest

from sim import px4_sitl_numbers as numbers
from sim.px4_sitl import Px4InstanceTakenError, Px4PortTakenError


class TestNumbers:
    """Instance numbers, locks and ports."""

    def test_a_reserved_number_is_refused_until_it_is_released(self) -> None:
        """The lock holds between any two holders; the automatic choice passes it by."""
        first = numbers.reserve(3)
        with pytest.raises(Px4InstanceTakenError, match="instance 3"):
            numbers.reserve(3)
        chosen, second = numbers.reserve_free(3)
        assert chosen == 4
        first.release()
        first.release()
        numbers.reserve(3).release()
        second.release()

    def test_a_px4_that_answers_takes_its_number(self) -> None:
        """A listening server socket is a running PX4; the file that a dead one left is not."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
            server.bind(str(numbers.RUNTIME_FOLDER / "px4-sock-5"))
            server.listen()
            with pytest.raises(Px4InstanceTakenError, match="runs already"):
                numbers.reserve(5)
        numbers.reserve(5).release()

    @pytest.mark.parametrize("port", ["onboard_port", "onboard_source_port", "gcs_source_port"])
    def test_a_held_port_is_named(self, port: str, held_port: Callable[[int], None]) -> None:
        """The error says which port, and the number is free again afterwards."""
        wanted = getattr(numbers, port)(2)
        held_port(wanted)
        with pytest.raises(Px4PortTakenError, match=str(wanted)):
            numbers.reserve(2)
        chosen, reservation = numbers.reserve_free(2)
        assert chosen == 3
        reservation.release()

    def test_without_a_free_number_the_first_reason_is_told(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The search ends at the highest number."""
        monkeypatch.setattr(numbers, "HIGHEST_NUMBER", 1)
        held = [numbers.reserve(0), numbers.reserve(1)]
        with pytest.raises(Px4InstanceTakenError, match="from 0 to 1 is free: PX4 instance 0 is reserved"):
            numbers.reserve_free(0)
        for reservation in held:
            reservation.release()

    def test_instances_from_nine_up_share_an_onboard_port(self) -> None:
        """As PX4's own start script has it."""
        ports = [numbers.onboard_port(number) - numbers.ONBOARD_PORT_BASE for number in (0, 8, 9, 10, 200)]
        assert ports == [0, 8, 9, 9, 9]
