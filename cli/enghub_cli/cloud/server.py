"""The process of the local cloud: MiniStack with changes of ours; started by ``process.py``, never imported.

Each change closes a gap to AWS and stands in ``emulator/``, one file per service, with a ``patch`` that makes it.
"""

from ministack import app

from enghub_cli.cloud.emulator import apigateway, cloudwatch, connection, iam, scheduler, sqs

CHANGED = (connection, iam, sqs, apigateway, cloudwatch, scheduler)

if __name__ == "__main__":
    for service in CHANGED:
        service.patch()
    app.main()
