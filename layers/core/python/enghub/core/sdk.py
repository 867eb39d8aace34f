"""What every AWS client of ours has in common, PynamoDB's as boto3's."""

import botocore

USER_AGENT = f"Botocore/{botocore.__version__} EngHub"
"""Who calls, in CloudTrail. botocore would put a longer text together twice for every call: a tenth of a read's CPU."""
