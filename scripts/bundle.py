"""Builds the offline bundle: every wheel, the project, checksums and an installer in one zip.

For this machine's kind, or with --platform for another (win_amd64, manylinux_2_28_aarch64): a wheel
that is missing there is built here from its source and taken when it is pure Python, else named.
Standard library and pip only; run it with the project's own environment.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import platform as machine
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import zipfile
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
DIST = PROJECT / "dist"
# Installing needs these too: the build backend, and pip for a Python that comes without.
TOOLS = ("setuptools", "pip")
# Needed there and not here: markers are read by the Python that builds the bundle.
ONLY_ON = {"win": ("colorama",)}
OLDEST_GLIBC_MINOR = 17
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check")


def pins() -> dict[str, str]:
    """Name and version of every line of constraints.txt; names in lower case with hyphens."""
    lines = (PROJECT / "constraints.txt").read_text(encoding="utf-8").split()
    return {spelled(name): version for name, version in (line.split("==") for line in lines)}


def spelled(name: str) -> str:
    """A distribution's name as an index spells it."""
    return name.lower().replace("_", "-").replace(".", "-")


def needed_names(*, with_tests: bool, platform: str) -> list[str]:
    """Everything an installation of the project takes in, the project itself left out."""
    target = ".[test]" if with_tests else "."
    command = [*PIP, "install", "--dry-run", "--ignore-installed", "--quiet", "--report", "-"]
    report = subprocess.run(
        [*command, "-c", "constraints.txt", target], cwd=PROJECT, check=True, stdout=subprocess.PIPE
    )
    found = {spelled(item["metadata"]["name"]) for item in json.loads(report.stdout)["install"]}
    found -= {project_table()["name"]}
    for start, names in ONLY_ON.items():
        found.update(names if platform.startswith(start) else ())
    return sorted(found | set(TOOLS))


def project_table() -> dict[str, str]:
    """The [project] table of pyproject.toml."""
    with (PROJECT / "pyproject.toml").open("rb") as file:
        return tomllib.load(file)["project"]


def own_platform() -> str:
    """The wheel platform of this machine; on Linux the oldest C library the wheels know."""
    if sys.platform == "win32":
        return "win_amd64"
    return f"manylinux_2_28_{machine.machine()}"


def accepted_tags(platform: str) -> list[str]:
    """The platform tags that run there: an older C library's wheels run on a newer one."""
    if not platform.startswith("manylinux_2_"):
        return [platform]
    newest, architecture = platform.removeprefix("manylinux_2_").split("_", 1)
    minors = range(int(newest), OLDEST_GLIBC_MINOR - 1, -1)
    tags = [f"manylinux_2_{minor}_{architecture}" for minor in minors] + [f"manylinux2014_{architecture}"]
    if architecture == "x86_64":
        tags += ["manylinux_2_12_x86_64", "manylinux2010_x86_64", "manylinux_2_5_x86_64", "manylinux1_x86_64"]
    return tags


def downloaded(requirements: list[str], wheels: Path, *, platform: str, python: str) -> bool:
    """Whether the wheels of all these requirements could be fetched."""
    tags = [option for tag in accepted_tags(platform) for option in ("--platform", tag)]
    command = [*PIP, "download", "--quiet", "--no-deps", "--only-binary=:all:", "--dest", str(wheels)]
    where = ["--implementation", "cp", "--python-version", python, *tags]
    return (
        subprocess.run([*command, *where, *requirements], check=False, stderr=subprocess.DEVNULL).returncode
        == 0
    )


def built_here(requirement: str, wheels: Path) -> bool:
    """Whether a pure wheel could be built from the source of one requirement."""
    with tempfile.TemporaryDirectory() as folder:
        name = requirement.split("==")[0]
        command = [*PIP, "wheel", "--quiet", "--no-deps", "--no-binary", name, "-w", folder, requirement]
        subprocess.run(command, check=False, stderr=subprocess.DEVNULL)
        made = list(Path(folder).glob("*-none-any.whl"))
        for wheel in made:
            shutil.copy(wheel, wheels)
        return bool(made)


def collect_wheels(wheels: Path, requirements: list[str], *, platform: str, python: str) -> list[str]:
    """Fetch or build every wheel; the requirements that have none are returned."""
    if downloaded(requirements, wheels, platform=platform, python=python):
        return []
    missing = []
    for requirement in requirements:
        if downloaded([requirement], wheels, platform=platform, python=python):
            continue
        if built_here(requirement, wheels):
            print(f"built here from its source, pure Python: {requirement}")
        else:
            missing.append(requirement)
    return missing


def add_project(folder: Path) -> None:
    """Lay the committed state of the project into a folder."""
    archive = subprocess.run(
        ["git", "archive", "--format=tar", "HEAD"], cwd=PROJECT, check=True, stdout=subprocess.PIPE
    )
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
        files.extractall(folder, filter="data")


def write_checksums(bundle: Path) -> None:
    """Write SHA256SUMS over every file, in the form `sha256sum -c` reads."""
    files = sorted(path for path in bundle.rglob("*") if path.is_file())
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(bundle).as_posix()}\n"
        for path in files
    ]
    (bundle / "SHA256SUMS").write_text("".join(lines), encoding="utf-8", newline="\n")


def zipped(bundle: Path) -> Path:
    """The folder as one zip beside it; wheels are compressed already."""
    target = bundle.with_name(bundle.name + ".zip")
    with zipfile.ZipFile(target, "w") as archive:
        for path in sorted(bundle.rglob("*")):
            packing = zipfile.ZIP_STORED if path.suffix == ".whl" else zipfile.ZIP_DEFLATED
            archive.write(path, path.relative_to(bundle.parent), compress_type=packing)
    return target


def main() -> int:
    """Build the bundle, or with --check only say which wheels there are."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--platform", default=own_platform(), help="wheel platform (default: %(default)s)")
    own_python = f"{sys.version_info[0]}.{sys.version_info[1]}"
    parser.add_argument("--python", default=own_python, help="Python version (default: %(default)s)")
    parser.add_argument("--tests", action="store_true", help="with what the tests need")
    parser.add_argument("--check", action="store_true", help="check that every wheel exists; build no zip")
    given = parser.parse_args()

    table = project_table()
    bundle = DIST / f"{table['name']}-{table['version']}-py{given.python.replace('.', '')}-{given.platform}"
    shutil.rmtree(bundle, ignore_errors=True)
    wheels = bundle / "wheels"
    wheels.mkdir(parents=True)
    versions = pins()
    names = needed_names(with_tests=given.tests, platform=given.platform)
    requirements = [f"{name}=={versions[name]}" for name in names]
    missing = collect_wheels(wheels, requirements, platform=given.platform, python=given.python)
    size_mb = sum(path.stat().st_size for path in wheels.iterdir()) / 1e6
    print(
        f"{given.platform}, Python {given.python}: {len(requirements)} packages, {size_mb:.0f} MB of wheels"
    )
    if missing:
        print("no wheel for: " + ", ".join(missing), file=sys.stderr)
    if given.check or missing:
        shutil.rmtree(bundle)
        return 1 if missing else 0
    add_project(bundle / "project")
    for installer in (PROJECT / "scripts" / "offline").iterdir():
        shutil.copy(installer, bundle)
    (bundle / "python.txt").write_text(given.python + "\n", encoding="utf-8")
    write_checksums(bundle)
    print(zipped(bundle).relative_to(PROJECT))
    shutil.rmtree(bundle)
    return 0


if __name__ == "__main__":
    sys.exit(main())
