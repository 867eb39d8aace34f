"""Published JavaScript packages for tests: exactly those of a lock file, installed once by the machine's npm.

A folder holds ``package.json``, ``package-lock.json`` (checksums, no addresses) and the programs that use them; the
packages are installed below ``.build/npm``, beside copies of the programs, under a name that follows from all of it.
Node.js is there wherever templates are made: the CDK needs it.
"""

import fcntl
import hashlib
import shutil
import subprocess
from pathlib import Path

from enghub_cli.cloud.assembly import ROOT

BUILT = ROOT / ".build" / "npm"
INSTALL_SECONDS = 240


def installed(folder: Path) -> Path:
    """Return a copy of ``folder`` in which the packages of its lock file lie.

    Raises:
        CalledProcessError: npm refused, for a checksum that is another one for example; its output says why.
    """
    files = sorted(path for path in folder.iterdir() if path.is_file())
    digest = hashlib.sha256(b"\0".join(path.read_bytes() for path in files)).hexdigest()[:16]
    place, done = BUILT / f"{folder.name}-{digest}", ".installed"
    BUILT.mkdir(parents=True, exist_ok=True)
    with (BUILT / f"{place.name}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        if not (place / done).exists():
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir()
            for path in files:
                shutil.copy(path, place)
            command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"]
            subprocess.run(command, cwd=place, check=True, timeout=INSTALL_SECONDS, capture_output=True, text=True)
            (place / done).touch()
    return place
