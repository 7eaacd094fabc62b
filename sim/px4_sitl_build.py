"""Find and describe an existing PX4 SITL build, and the errors of running one.

Stork runs a build that PX4's own tools made; it never builds PX4. The build folder is what PX4 calls
``build/px4_sitl_default``: ``bin/px4`` with its ``bin/px4-*`` clients, and ``etc/init.d-posix/rcS``.
"""

import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mission.errors import LinkError, LinkTimeoutError

BUILD_VARIABLE = "STORK_PX4_DIR"
SIH_QUADCOPTER_AIRFRAME = 10040

_HOW_TO_GET_ONE = (
    f"Get PX4 v1.16 or newer in PX4's own ways (its container images, or `make px4_sitl sihsim_quadx` in its "
    f"repository), and set {BUILD_VARIABLE} to the folder that holds bin/px4 and etc/"
)


class Px4Error(LinkError):
    """A PX4 SITL instance cannot be started, or did not keep running."""


class Px4InstanceTakenError(Px4Error):
    """The instance number runs already somewhere on this machine."""


class Px4PortTakenError(Px4Error):
    """A UDP port that the instance or the wait for its readiness needs is held by another program."""


class Px4DiedError(Px4Error):
    """The PX4 process ended by itself."""


class Px4NotReadyError(Px4Error, LinkTimeoutError):
    """PX4 runs, but did not say that it can arm before the deadline."""


@dataclass(frozen=True, slots=True)
class Px4Missing:
    """No usable PX4 build: `reason` says what was looked for and `mend` what to do, both one sentence."""

    reason: str
    mend: str = _HOW_TO_GET_ONE

    def __str__(self) -> str:
        return f"{self.reason}. {self.mend}."


@dataclass(frozen=True, slots=True)
class Px4Description:
    """What is known of the PX4 build without starting it; `problems` is empty when it can be run.

    Attributes:
        build_dir: the build folder, or None where there is none.
        version: git tag and commit the build was made from, or None where the build does not carry them
            (container images do not); a running instance says it too (`Px4Instance.version`).
        problems: everything that stands in the way, each a sentence that says how to mend it.
    """

    build_dir: Path | None
    version: str | None
    problems: tuple[str, ...]

    def __str__(self) -> str:
        if self.build_dir is None:
            return f"PX4 SITL: {' '.join(self.problems)}"
        line = f"PX4 SITL: {self.build_dir}, version {self.version or 'known once it runs'}"
        return "\n".join([line, *(f"  {problem}" for problem in self.problems)])


def find_px4(environ: Mapping[str, str] | None = None) -> Path | Px4Missing:
    """The build folder that STORK_PX4_DIR names, or why it cannot be used.

    Args:
        environ: the environment to look in; the process's own when None.
    """
    named = (os.environ if environ is None else environ).get(BUILD_VARIABLE, "")
    if not named:
        return Px4Missing(f"{BUILD_VARIABLE} is not set")
    return check_build(Path(named).expanduser())


def check_build(build_dir: Path) -> Path | Px4Missing:
    """The absolute build folder when it holds what a start needs, else what is missing from it."""
    if not build_dir.is_dir():
        return Px4Missing(f"the PX4 build folder {build_dir} does not exist")
    if not os.access(build_dir / "bin" / "px4", os.X_OK):
        return Px4Missing(f"the PX4 build folder {build_dir} has no executable bin/px4")
    if not (build_dir / "etc" / "init.d-posix" / "rcS").is_file():
        return Px4Missing(f"the PX4 build folder {build_dir} has no start script etc/init.d-posix/rcS")
    return build_dir.resolve()


def has_airframe(build_dir: Path, airframe: int) -> bool:
    """Whether the build can start the airframe of this number (SYS_AUTOSTART)."""
    return any((build_dir / "etc" / "init.d-posix" / "airframes").glob(f"{airframe}_*"))


def speed_factor_problem(search_path: str | None = None) -> str | None:
    """Why PX4 cannot run at another speed than real time here, or None.

    PX4's start script multiplies its link-loss time-outs with ``bc``; without it they are set to nothing.

    Args:
        search_path: a PATH to search; the process's own when None.
    """
    if shutil.which("bc", path=search_path) is None:
        return "The program `bc` is missing, and PX4's start script needs it for a speed factor: install bc."
    return None


def describe(environ: Mapping[str, str] | None = None) -> Px4Description:
    """Look at the build without starting anything; never raises. For ``stork doctor``."""
    found = find_px4(environ)
    if isinstance(found, Px4Missing):
        return Px4Description(None, None, (str(found),))
    problems = []
    if not has_airframe(found, SIH_QUADCOPTER_AIRFRAME):
        problems.append(
            f"The build has no airframe {SIH_QUADCOPTER_AIRFRAME} (SIH quadcopter): use PX4 v1.14 or newer, "
            "built for SITL with the SIH simulator."
        )
    if not os.access(found / "bin" / "px4-param", os.X_OK):
        problems.append("The build has no bin/px4-param, so parameters cannot be read back: build it anew.")
    slow = speed_factor_problem((os.environ if environ is None else environ).get("PATH"))
    if slow is not None:
        problems.append(slow)
    return Px4Description(found, _built_version(found), tuple(problems))


def _built_version(build_dir: Path) -> str | None:
    """Tag and commit out of the header that PX4's build generates, where it is present."""
    header = build_dir / "src" / "lib" / "version" / "build_git_version.h"
    try:
        text = header.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    tag = re.search(r'PX4_GIT_TAG_STR\s+"([^"]+)"', text)
    commit = re.search(r'PX4_GIT_VERSION_STR\s+"([0-9a-f]{8})', text)
    return " ".join(found.group(1) for found in (tag, commit) if found) or None
