"""GuardDuty's scan for malware of what people send into a bucket; its verdict is a tag of the object."""

from aws_cdk import Stack
from aws_cdk import aws_guardduty as guardduty
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3

from infra.constructs.grants import allow, allow_key

VALIDATION = "malware-protection-resource-validation-object"
"""An object of this name is what GuardDuty writes to see that it may."""
RULE = "DO-NOT-DELETE-AmazonGuardDutyMalwareProtectionS3*"


def scan_uploads(stack: Stack, name: str, bucket: s3.Bucket, key: kms.IKey, prefix: str) -> None:
    """Have every object below ``prefix`` scanned and tagged (docs.aws.amazon.com/guardduty, malware protection)."""
    role = iam.Role(
        stack,
        "ScanRole",
        role_name=f"{name}-malware-scan",
        assumed_by=iam.ServicePrincipal("malware-protection-plan.guardduty.amazonaws.com"),
    )
    rule = stack.format_arn(service="events", resource="rule", resource_name=RULE)
    reason = "The rule that GuardDuty itself makes to hear of new objects; its name ends in what nobody can know"
    managed = {"StringLike": {"events:ManagedBy": "malware-protection-plan.guardduty.amazonaws.com"}}
    changes = ["events:PutRule", "events:DeleteRule", "events:PutTargets", "events:RemoveTargets"]
    allow(role, changes, [rule], conditions=managed, wildcard=reason)
    allow(role, ["events:DescribeRule", "events:ListTargetsByRule"], [rule], wildcard=reason)
    allow(role, ["s3:PutBucketNotification", "s3:GetBucketNotification", "s3:ListBucket"], [bucket.bucket_arn])
    allow(role, ["s3:PutObject"], [f"{bucket.bucket_arn}/{VALIDATION}"])
    tags = [f"s3:{verb}Object{what}Tagging" for verb in ("Get", "Put") for what in ("", "Version")]
    files = "What people send, under names made at run time"
    allow(role, ["s3:GetObject", "s3:GetObjectVersion", *tags], [f"{bucket.bucket_arn}/{prefix}*"], wildcard=files)
    allow_key(role, key.key_arn, "s3", "Decrypt", "GenerateDataKey")
    plan = guardduty.CfnMalwareProtectionPlan
    made = plan(
        stack,
        "Scan",
        role=role.role_arn,
        protected_resource=plan.CFNProtectedResourceProperty(
            s3_bucket=plan.S3BucketProperty(bucket_name=bucket.bucket_name, object_prefixes=[prefix])
        ),
        actions=plan.CFNActionsProperty(tagging=plan.CFNTaggingProperty(status="ENABLED")),
    )
    made.node.add_dependency(role)
