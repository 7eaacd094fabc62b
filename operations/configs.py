"""Where the bundled configuration lies: beside the packages in a checkout, inside them when installed."""

from pathlib import Path

from mission.errors import InputError, InputProblem


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
