"""The process of the local cloud: MiniStack with changes of ours; started by ``process.py``, never imported.

Each change closes a gap to AWS and stands in ``emulator/``, one file per service, with a ``patch`` that makes it.
"""

import importlib
import pkgutil


def main() -> None:
    """Run until told to stop. Imports wait until now, as each function's process reads this file, too."""
    app = importlib.import_module("ministack.app")
    emulator = importlib.import_module("enghub_cli.cloud.emulator")
    for service in pkgutil.iter_modules(emulator.__path__):
        importlib.import_module(f"{emulator.__name__}.{service.name}").patch()
    app.main()


if __name__ == "__main__":
    main()
