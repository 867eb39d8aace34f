"""Whether an object is there, for whoever was refused it."""

from botocore.exceptions import BotoCoreError, ClientError

from enghub.core import aws

REFUSED = frozenset({"AccessDenied", "403", "Forbidden"})


def is_listed(bucket: str, key: str) -> bool:
    """Tell whether an object is there, or cannot be looked for; one ListObjectsV2.

    S3 answers 403 for a missing object to whoever may not list the bucket ("GetObject", S3 API reference). Our
    functions may list what is under a prefix, a condition that no GetObject carries: so a refusal is looked into.
    """
    try:
        found = aws.client("s3").list_objects_v2(Bucket=bucket, Prefix=key, MaxKeys=1)
    except (ClientError, BotoCoreError):
        return True
    return any(one["Key"] == key for one in found.get("Contents", ()))
