"""Sets up the project's own virtual environment, then starts the dashboard or runs the tests.

Runs on a bare Python (standard library only), on Linux, macOS and Windows. Run again, it finds its
stamp and goes straight on. `install --bundle DIR` installs from an unpacked offline bundle.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import NoReturn

PROJECT = Path(__file__).resolve().parents[1]
ENVIRONMENT = PROJECT / ".venv"
STAMP = ENVIRONMENT / "installed.txt"
OLDEST_PYTHON = (3, 11)
FIRST_PORT = 8501
# Each has a browser and dashboards of its own.
MOST_WORKERS = 4


def say(line: str) -> None:
    """Print one line for the person who waits."""
    print(line, flush=True)


def give_up(line: str) -> NoReturn:
    """End with one sentence that says what to do."""
    sys.exit(line)


def environment_python() -> Path:
    """The interpreter of the project's environment."""
    return ENVIRONMENT / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def wanted_stamp(*, with_tests: bool) -> str:
    """What the environment must have been made from: place, interpreter, pins, project table."""
    digest = hashlib.sha256()
    for name in ("constraints.txt", "pyproject.toml"):
        digest.update((PROJECT / name).read_bytes())
    version = ".".join(map(str, sys.version_info[:2]))
    return f"{PROJECT}\n{version}\n{digest.hexdigest()}\n{'test' if with_tests else 'run'}\n"


def is_ready(*, with_tests: bool) -> bool:
    """Whether the environment is there and made from today's files; one with tests also runs."""
    if not STAMP.is_file() or not environment_python().is_file():
        return False
    found = STAMP.read_text(encoding="utf-8")
    return found == wanted_stamp(with_tests=True) or (
        not with_tests and found == wanted_stamp(with_tests=False)
    )


def is_usable() -> bool:
    """Whether the environment was made at this place by this Python, for whatever pins."""
    if not STAMP.is_file() or not environment_python().is_file():
        return False
    now = wanted_stamp(with_tests=False).splitlines()
    return STAMP.read_text(encoding="utf-8").splitlines()[:2] == now[:2]


def has_ensurepip() -> bool:
    """Whether this Python brings pip along; Debian packs it apart."""
    return importlib.util.find_spec("ensurepip") is not None


def provide_ensurepip() -> None:
    """Install the system package that lets this Python make a virtual environment with pip."""
    package = f"python3.{sys.version_info[1]}-venv"
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    if not is_root or shutil.which("apt-get") is None:
        give_up(f"缺少系统软件包 {package}，请先运行：sudo apt-get install -y {package}，再重新执行本命令。")
    say(f"正在安装系统软件包 {package} …")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update", "-q"], ["install", "-qy", package]):
        done = subprocess.run(["apt-get", *command], check=False, env=quiet, stdout=subprocess.DEVNULL)
        if done.returncode:
            give_up(f"系统软件包 {package} 没有装上，原因见上。")


def make_environment(*, with_pip: bool) -> None:
    """A fresh virtual environment, unless this Python made one here before."""
    if is_usable():
        STAMP.unlink()
        return
    shutil.rmtree(ENVIRONMENT, ignore_errors=True)
    command = [sys.executable, "-m", "venv", str(ENVIRONMENT)]
    subprocess.run(command if with_pip else [*command, "--without-pip"], check=True)


def install(*, with_tests: bool) -> None:
    """Make the environment and install the project with the pinned versions."""
    if is_ready(with_tests=with_tests):
        return
    if not has_ensurepip():
        provide_ensurepip()
    say("正在准备运行环境（首次约需一至三分钟）…")
    make_environment(with_pip=True)
    pip_install(["-m", "pip"], [], with_tests=with_tests)


def install_bundle(bundle: Path) -> None:
    """Install from an unpacked offline bundle: checksums first, then only its own wheels."""
    wanted = (bundle / "python.txt").read_text(encoding="utf-8").strip()
    version = ".".join(map(str, sys.version_info[:2]))
    if version != wanted:
        give_up(f"这个离线安装包需要 Python {wanted}，现在是 {version}。")
    verify(bundle)
    say("校验通过，正在安装（不使用网络）…")
    wheels = bundle / "wheels"
    pip_wheel = next(wheels.glob("pip-*.whl"))
    make_environment(with_pip=False)
    pip_install([f"{pip_wheel}/pip"], ["--no-index", "--find-links", str(wheels)], with_tests=False)
    say(f"安装完成。启动看板：{PROJECT / 'scripts' / ('start.bat' if os.name == 'nt' else 'start')}")


def verify(bundle: Path) -> None:
    """Compare every file of a bundle with SHA256SUMS."""
    for line in (bundle / "SHA256SUMS").read_text(encoding="utf-8").splitlines():
        digest, name = line.split("  ", 1)
        path = bundle / name
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            give_up(f"文件缺失或损坏：{name}，请重新复制离线安装包。")


def pip_install(pip: list[str], options: list[str], *, with_tests: bool) -> None:
    """Run pip in the environment and set the stamp."""
    what = ["-c", "constraints.txt", "-e", ".[test]" if with_tests else "."]
    command = [str(environment_python()), *pip, "install", "-q", "--disable-pip-version-check"]
    if subprocess.run([*command, *options, *what], cwd=PROJECT, check=False).returncode:
        give_up("安装没有完成，原因见上。电脑不能上网时，请使用离线安装包。")
    STAMP.write_text(wanted_stamp(with_tests=with_tests), encoding="utf-8")


def free_port() -> int:
    """The first port from 8501 on that nobody listens at."""
    for port in range(FIRST_PORT, FIRST_PORT + 100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                return port
    give_up("8501 至 8600 端口都被占用，请先关闭正在运行的看板。")


def has_screen() -> bool:
    """Whether a browser can be opened here."""
    if os.name == "nt" or sys.platform == "darwin":
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def run(command: list[str]) -> int:
    """Hand over to a command in the project folder; stopping this process stops it."""
    os.chdir(PROJECT)
    if os.name != "nt":
        sys.stdout.flush()
        os.execv(command[0], command)
    process = subprocess.Popen(command)
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:  # Ctrl+C reaches the command as well; wait for it to end
            time.sleep(0.1)


def side_by_side() -> list[str]:
    """What has pytest run on several cores: a file at a time, first the browser's, which take longest."""
    return ["-n", str(min(os.cpu_count() or 1, MOST_WORKERS)), "--dist", "loadfile", "--no-loadscope-reorder"]


def start(arguments: list[str]) -> int:
    """Start the dashboard and say where it is."""
    port = os.environ.get("STREAMLIT_SERVER_PORT") or str(free_port())
    say(f"看板地址：http://127.0.0.1:{port}    （关闭看板：按 Ctrl+C）")
    headless = "false" if has_screen() else "true"
    options = ["--server.port", port, "--server.headless", headless, *arguments]
    return run([str(environment_python()), "-m", "streamlit", "run", "dashboard.py", *options])


def main() -> int:
    """The commands install, start, test and bundle; what is not understood here is passed on."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("command", choices=("install", "start", "test", "bundle"))
    parser.add_argument("--bundle", type=Path, help="install from this unpacked offline bundle")
    given, rest = parser.parse_known_args()
    if sys.version_info < OLDEST_PYTHON:
        give_up(f"需要 Python 3.11 或更新版本，现在是 {sys.version.split()[0]}。")
    if given.bundle:
        install_bundle(given.bundle.resolve())
    else:
        install(with_tests=given.command == "test")
    if given.command == "start":
        return start(rest)
    if given.command == "test":
        return run([str(environment_python()), "-m", "pytest", *(rest or side_by_side())])
    if given.command == "bundle":
        return run([str(environment_python()), "scripts/bundle.py", *rest])
    return 0


if __name__ == "__main__":
    sys.exit(main())
