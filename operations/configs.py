"""Where the bundled configuration lies: beside the packages in a checkout, inside them when installed."""

from pathlib import Path

from mission.errors import InputError, InputProblem
from vehicles.px4_profile import Profile, read_profile

DELIVERY_PROFILE = "delivery_multicopter.params"


def configs_folder() -> Path:
    """Return the folder of the bundled configuration.

    Raises:
        InputError: it is in neither place.
    """
    here = Path(__file__).resolve().parent
    for folder in (here / "_configs", here.parent / "configs"):
        if (folder / "demo" / "day.toml").is_file():
            return folder
    raise InputError(InputProblem(str(here), "configs", "the bundled configuration is missing", "Install Stork again"))


def delivery_profile() -> Profile:
    """The PX4 parameters that every delivery vehicle is asserted to have before a launch.

    Raises:
        InputError: the bundled file is missing or broken.
    """
    return read_profile(configs_folder() / "px4" / DELIVERY_PROFILE)
