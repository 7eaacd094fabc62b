"""Rules of configuring PX4: what is refused, and how PX4 is told."""

from dataclasses import FrozenInstanceError
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mission.errors import InputError
from sim.px4_sitl import Px4Config, Px4Home
from sim.px4_sitl_config import px4_environment, same_parameter_value

HOME = Px4Home(48.41, 15.60, 200.0)


class TestConfig:
    """What may be configured, and how PX4 is told."""

    @pytest.mark.parametrize(
        "wrong",
        [
            {"speed_factor": 0.0},
            {"speed_factor": 21.0},
            {"speed_factor": float("nan")},
            {"instance": -1},
            {"first_instance": 254},
            {"ready_timeout_s": 0.0},
            {"stop_timeout_s": float("inf")},
            {"airframe": 0},
            {"model": "quad; rm"},
            {"parameters": {"rtl_alt": 1}},
            {"parameters": {"RTL_RETURN_ALT_TOO_LONG": 1}},
            {"parameters": {"RTL_TYPE": True}},
            {"parameters": {"RTL_TYPE": "1"}},
            {"parameters": {"RTL_TYPE": float("nan")}},
            {"parameters": {"MAV_SYS_ID": 7}},
            {"parameters": {"SIH_LOC_LAT0": 1.0}},
            {"parameters": {"MAV_0_BROADCAST": 1}},
        ],
    )
    def test_a_value_that_cannot_be_right_is_refused(self, wrong: dict[str, Any]) -> None:
        """The problem names the field or the parameter."""
        with pytest.raises(InputError) as caught:
            Px4Config(home=HOME, **wrong)
        assert len(caught.value.problems) == 1
        assert caught.value.problems[0].place.startswith(next(iter(wrong)))

    def test_all_problems_are_told_at_once(self) -> None:
        """Two wrong fields give two problems."""
        with pytest.raises(InputError) as caught:
            Px4Config(home=HOME, speed_factor=-1, airframe=-1)
        assert [problem.place for problem in caught.value.problems] == ["speed_factor", "airframe"]

    @pytest.mark.parametrize("place", [(91.0, 0.0, 0.0), (0.0, 181.0, 0.0), (0.0, 0.0, float("nan"))])
    def test_a_home_outside_the_world_is_refused(self, place: tuple[float, float, float]) -> None:
        """Latitude, longitude and altitude are bounded and never NaN."""
        with pytest.raises(ValueError, match="outside"):
            Px4Home(*place)

    def test_a_configuration_never_changes(self) -> None:
        """Neither by its fields nor through the mapping it was made of."""
        given_parameters = {"RTL_TYPE": 1}
        config = Px4Config(home=HOME, parameters=given_parameters)
        given_parameters["RTL_TYPE"] = 2
        assert config.parameters["RTL_TYPE"] == 1
        with pytest.raises(FrozenInstanceError):
            config.speed_factor = 2.0  # type: ignore[misc]  # that is the point

    @given(st.floats(0.1, 20.0))
    def test_the_speed_factor_is_set_or_absent_never_empty(self, factor: float) -> None:
        """PX4's start script breaks on an empty factor, and `bc` on an exponent; real time needs none."""
        told = px4_environment(Px4Config(home=HOME, speed_factor=factor), {"PX4_SIM_SPEED_FACTOR": ""})
        if factor == 1.0:
            assert "PX4_SIM_SPEED_FACTOR" not in told
        else:
            assert set(told["PX4_SIM_SPEED_FACTOR"]) <= set("0123456789.")
            assert float(told["PX4_SIM_SPEED_FACTOR"]) == pytest.approx(factor, rel=1e-5)

    def test_nothing_inherited_configures_px4(self) -> None:
        """Variables that PX4's start script reads are dropped, all others are kept."""
        inherited = {"PATH": "/bin", "PX4_PARAM_RTL_TYPE": "3", "PX4_HOME_LAT": "0", "replay": "x", "R": "/"}
        told = px4_environment(Px4Config(home=HOME), inherited)
        assert told["PATH"] == "/bin"
        assert told["PX4_HOME_LAT"] == "48.410000000"
        assert not {"PX4_PARAM_RTL_TYPE", "replay", "R"} & told.keys()

    @given(st.floats(-1e5, 1e5), st.integers(-(2**31), 2**31 - 1))
    def test_a_parameter_is_recognised_as_px4_prints_it(self, decimal: float, whole: int) -> None:
        """Floats with four decimals, integers exactly."""
        assert same_parameter_value(decimal, f"{decimal:.4f}")
        assert same_parameter_value(whole, str(whole))
        assert not same_parameter_value(whole + 1, str(whole))
        assert not same_parameter_value(decimal + 0.5, f"{decimal:.4f}")

    def test_what_is_no_number_is_no_parameter_value(self) -> None:
        """A client that prints an error holds no value."""
        assert not same_parameter_value(1, "not found")
