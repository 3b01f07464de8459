"""Where the Toxiproxy server comes from, in which order, and what is said when it comes from nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from chaos.toxiproxy import __main__ as command
from chaos.toxiproxy import binary
from chaos.toxiproxy.binary import VERSION, find_toxiproxy
from chaos.toxiproxy.errors import ToxiproxyError

pytestmark = pytest.mark.unit

GO = f"""#!/bin/sh
echo "$*" >> {{asked}}
printf '#!/bin/sh\\necho toxiproxy-server version {VERSION}\\n' > "$GOBIN/server"
"""
DOCKER = f"""#!/bin/sh
echo "$*" >> {{asked}}
case $1 in
create) echo pulling; echo c0ffee ;;
cp) printf '#!/bin/sh\\necho toxiproxy-server version {VERSION}\\n' > "$3" ;;
esac
"""


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder of programs beside the system's own."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    monkeypatch.setattr(binary, "OFFICIAL_GO", Path("/nonexistent/go"))
    real_which = binary.shutil.which
    monkeypatch.setattr(binary.shutil, "which", lambda name: real_which(name, path=str(folder)))
    return folder


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return tmp_path / "kept"


def put(path: Path, script: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(script)
    path.chmod(0o755)
    return path


def server(version: str) -> str:
    return f"#!/bin/sh\necho toxiproxy-server version {version}\n"


def test_one_on_path_is_taken_first(programs: Path, kept: Path) -> None:
    put(programs / "toxiproxy-server", server(VERSION))
    put(kept / "toxiproxy-server", server(VERSION))
    assert find_toxiproxy(folder=kept) == programs / "toxiproxy-server"


def test_one_that_was_got_before_is_taken_again(programs: Path, kept: Path) -> None:
    put(programs / "go", "#!/bin/sh\nexit 1\n")
    put(kept / "toxiproxy-server", server(VERSION))
    assert find_toxiproxy(folder=kept) == kept / "toxiproxy-server"


def test_go_builds_the_pinned_version_and_it_is_kept(programs: Path, kept: Path, tmp_path: Path) -> None:
    put(programs / "go", GO.format(asked=tmp_path / "asked"))
    assert find_toxiproxy(folder=kept) == kept / "toxiproxy-server"
    asked = (tmp_path / "asked").read_text()
    assert asked.startswith("install ")
    assert asked.endswith("github.com/Shopify/toxiproxy/v2/cmd/server@v2.12.0\n")
    assert find_toxiproxy(folder=kept) == kept / "toxiproxy-server"
    assert (tmp_path / "asked").read_text() == asked
    assert [path.name for path in kept.iterdir()] == ["toxiproxy-server"]


def test_go_is_found_where_its_own_installer_puts_it(
    programs: Path, kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(binary, "OFFICIAL_GO", put(tmp_path / "official-go", GO.format(asked=tmp_path / "asked")))
    assert find_toxiproxy(folder=kept) == kept / "toxiproxy-server"
    assert not list(programs.iterdir())


def test_without_go_the_program_is_copied_out_of_the_image(programs: Path, kept: Path, tmp_path: Path) -> None:
    put(programs / "docker", DOCKER.format(asked=tmp_path / "asked"))
    assert find_toxiproxy(folder=kept) == kept / "toxiproxy-server"
    asked = (tmp_path / "asked").read_text().splitlines()
    assert asked[:2] == ["info", "create ghcr.io/shopify/toxiproxy:2.12.0"]
    assert asked[2].startswith("cp c0ffee:/toxiproxy ")
    assert asked[3] == "rm c0ffee"


@pytest.mark.usefixtures("programs")
def test_missing_everywhere_names_the_three_ways(kept: Path) -> None:
    with pytest.raises(ToxiproxyError) as caught:
        find_toxiproxy(folder=kept)
    said = str(caught.value)
    for part in (
        "no toxiproxy-server on PATH",
        "no Go to build it with",
        "Three ways to get it: put toxiproxy-server 2.12.0 on PATH; or install Go",
        "or start a container engine",
        "Then: make toxiproxy",
    ):
        assert part in said


def test_another_version_is_passed_over_and_named(programs: Path, kept: Path) -> None:
    put(programs / "toxiproxy-server", server("2.5.0"))
    with pytest.raises(ToxiproxyError, match=r"toxiproxy-server is version 2\.5\.0.*Three ways"):
        find_toxiproxy(folder=kept)


def test_a_build_that_fails_says_why(programs: Path, kept: Path) -> None:
    put(programs / "go", "#!/bin/sh\necho 'go: module requires go >= 1.23.0 (running go 1.19)' >&2\nexit 1\n")
    with pytest.raises(ToxiproxyError, match=r"Go failed: go: module requires go >= 1\.23\.0"):
        find_toxiproxy(folder=kept)
    assert not list(kept.iterdir())


def test_an_engine_that_does_not_run_is_passed_over(programs: Path, kept: Path) -> None:
    put(programs / "docker", "#!/bin/sh\necho 'Cannot connect to the Docker daemon' >&2\nexit 1\n")
    with pytest.raises(ToxiproxyError, match="the container engine failed: Cannot connect to the Docker daemon"):
        find_toxiproxy(folder=kept)


def test_one_built_by_hand_is_known_by_the_version_that_go_wrote_into_it(programs: Path, kept: Path) -> None:
    module = "mod\tgithub.com/Shopify/toxiproxy/v2\tv2.12.0\th1:d1x="
    put(programs / "toxiproxy-server", f"{server('git')}exit\n{module}\n")
    assert find_toxiproxy(folder=kept) == programs / "toxiproxy-server"


def test_the_command_prints_where_it_is(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(command, "find_toxiproxy", lambda: Path("/opt/toxiproxy-server"))
    assert command.main() == 0
    assert capsys.readouterr().out == "/opt/toxiproxy-server\n"


def test_the_command_fails_with_one_message(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def nowhere() -> Path:
        raise ToxiproxyError("no Toxiproxy")

    monkeypatch.setattr(command, "find_toxiproxy", nowhere)
    assert command.main() == 1
    assert capsys.readouterr() == ("", "error: no Toxiproxy\n")
