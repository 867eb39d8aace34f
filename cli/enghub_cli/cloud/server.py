"""The process of the local cloud: MiniStack with changes of ours; started by ``process.py``, never imported.

Each change closes a gap to AWS and stands in ``emulator/``, one file per service, with a ``patch`` that makes it.
"""

import importlib
import pkgutil

from ministack import app

from enghub_cli.cloud import emulator

if __name__ == "__main__":
    for service in pkgutil.iter_modules(emulator.__path__):
        importlib.import_module(f"{emulator.__name__}.{service.name}").patch()
    app.main()
