"""Rules of finding and describing a PX4 build."""

import os
from pathlib import Path

import pytest

from sim.px4_sitl import Px4Missing, describe, find_px4


class TestBuild:
    """Finding and describing a build."""

    def test_no_variable_is_a_result_that_says_what_to_do(self) -> None:
        """Without STORK_PX4_DIR there is no build, and the reason points to PX4's own ways."""
        missing = find_px4({})
        assert isinstance(missing, Px4Missing)
        assert "STORK_PX4_DIR is not set" in missing.reason
        assert "make px4_sitl sihsim_quadx" in str(missing)
        assert "container image" in str(missing)

    @pytest.mark.parametrize(
        ("broken", "said"), [("bin/px4", "no executable bin/px4"), ("etc/init.d-posix/rcS", "no start script")]
    )
    def test_an_incomplete_build_says_what_is_missing(self, build_dir: Path, broken: str, said: str) -> None:
        """Each file that a start needs is looked for and named."""
        assert find_px4({"STORK_PX4_DIR": str(build_dir)}) == build_dir.resolve()
        (build_dir / broken).unlink()
        missing = find_px4({"STORK_PX4_DIR": str(build_dir)})
        assert isinstance(missing, Px4Missing)
        assert said in missing.reason

    def test_a_folder_that_is_not_there_is_named(self, tmp_path: Path) -> None:
        """A mistyped folder is repeated in the reason."""
        missing = find_px4({"STORK_PX4_DIR": str(tmp_path / "nowhere")})
        assert isinstance(missing, Px4Missing)
        assert "nowhere does not exist" in missing.reason

    def test_the_description_gives_the_version_the_build_carries(self, build_dir: Path) -> None:
        """Tag and commit come out of the header that PX4 generates; without it the version is unknown."""
        environ = {"STORK_PX4_DIR": str(build_dir), "PATH": os.environ["PATH"]}
        assert describe(environ).version is None
        header = build_dir / "src" / "lib" / "version" / "build_git_version.h"
        header.parent.mkdir(parents=True)
        header.write_text(
            '#define PX4_GIT_VERSION_STR "94cb2012792b2ae8"\n#define PX4_GIT_TAG_STR "v1.16.1"\n', encoding="utf-8"
        )
        assert describe(environ).version == "v1.16.1 94cb2012"
        assert "v1.16.1" in str(describe(environ))

    def test_the_description_names_every_obstacle(self, build_dir: Path, tmp_path: Path) -> None:
        """A missing airframe, client and `bc` are all told at once; a missing build too."""
        (build_dir / "etc" / "init.d-posix" / "airframes" / "10040_sihsim_quadx").unlink()
        (build_dir / "bin" / "px4-param").unlink()
        told = describe({"STORK_PX4_DIR": str(build_dir), "PATH": str(tmp_path)})
        assert [word in str(told) for word in ("airframe 10040", "px4-param", "install bc")] == [True] * 3
        assert len(told.problems) == 3
        assert describe({}).build_dir is None
        assert "STORK_PX4_DIR" in str(describe({}))
