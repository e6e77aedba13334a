"""Sets up the project's own virtual environment, then starts the dashboard or runs the tests.

Runs on a bare Python (standard library only), on Linux, macOS and Windows. Run again, it finds its
stamp and goes straight on. `install --wheels DIR` installs without any network.
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


def provide_venv() -> None:
    """See to it that this Python can make a virtual environment; Debian packs that apart."""
    if importlib.util.find_spec("ensurepip") and importlib.util.find_spec("venv"):
        return
    package = f"python3.{sys.version_info[1]}-venv"
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    if not is_root or shutil.which("apt-get") is None:
        give_up(f"缺少系统软件包 {package}，请先运行：sudo apt-get install -y {package}，再重新执行本命令。")
    say(f"正在安装系统软件包 {package} …")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "-q"], check=True, env=quiet, stdout=subprocess.DEVNULL)
    subprocess.run(["apt-get", "install", "-qy", package], check=True, env=quiet, stdout=subprocess.DEVNULL)


def install(*, with_tests: bool, wheels: Path | None = None) -> None:
    """Make the environment and install the project with the pinned versions."""
    if is_ready(with_tests=with_tests):
        return
    provide_venv()
    say("正在准备运行环境（首次约需一至三分钟）…")
    if not is_usable():
        shutil.rmtree(ENVIRONMENT, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(ENVIRONMENT)], check=True)
    STAMP.unlink(missing_ok=True)
    command = [str(environment_python()), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    if wheels is not None:
        command += ["--no-index", "--find-links", str(wheels)]
    command += ["-c", "constraints.txt", "-e", ".[test]" if with_tests else "."]
    if subprocess.run(command, cwd=PROJECT, check=False).returncode:
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
    """Run a command in the project folder until it ends; Ctrl-C ends it quietly."""
    process = subprocess.Popen(command, cwd=PROJECT)
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            time.sleep(0.1)


def start(arguments: list[str]) -> int:
    """Start the dashboard and say where it is."""
    port = os.environ.get("STREAMLIT_SERVER_PORT") or str(free_port())
    say(f"看板地址：http://127.0.0.1:{port}    （关闭看板：按 Ctrl+C）")
    headless = "false" if has_screen() else "true"
    options = ["--server.port", port, "--server.headless", headless, *arguments]
    return run([str(environment_python()), "-m", "streamlit", "run", "dashboard.py", *options])


def main() -> int:
    """The commands install, start and test."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("command", choices=("install", "start", "test"))
    parser.add_argument("--wheels", type=Path, help="install from this folder, without network")
    given, rest = parser.parse_known_args()
    if sys.version_info < OLDEST_PYTHON:
        give_up(f"需要 Python 3.11 或更新版本，现在是 {sys.version.split()[0]}。")
    install(with_tests=given.command == "test", wheels=given.wheels.resolve() if given.wheels else None)
    if given.command == "start":
        return start(rest)
    if given.command == "test":
        return run([str(environment_python()), "-m", "pytest", *rest])
    return 0


if __name__ == "__main__":
    sys.exit(main())
