"""What must survive: tables, event bus, files, users and the key that encrypts them."""

from typing import cast

from aws_cdk import ArnFormat, CfnOutput, DefaultStackSynthesizer, Duration, Environment, RemovalPolicy, Stack
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from infra.constructs.grants import acknowledge
from infra.constructs.scanning import scan_uploads
from infra.sources import Sources
from infra.stage import CORE, Stage


class StateStack(Stack):
    """One table per context and one for the core, the bus, the bucket, the user pool, the key, the alarm topic."""

    def __init__(self, scope: Construct, stage: Stage, sources: Sources) -> None:
        super().__init__(
            scope,
            stage.name_of("state"),
            env=Environment(account=stage.account, region=stage.region),
            description=f"EngHub {stage.name}: tables, events, files, users, keys",
            synthesizer=DefaultStackSynthesizer(generate_bootstrap_version_rule=False),
            termination_protection=stage.retain,
        )
        self.stage = stage
        self.sources = sources
        # A stack whose first deployment fails must leave nothing behind: its names are fixed, the next one needs them.
        self.removal = RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE if stage.retain else RemovalPolicy.DESTROY
        self.key = self._key()
        self.field_key = self._field_key()
        self.tables = {context: self._table(context) for context in (CORE, *stage.contexts)}
        self.bus = events.EventBus(self, "Bus", event_bus_name=stage.name_of())
        scheduler.CfnScheduleGroup(self, "Schedules", name=stage.name_of())
        self.bucket_name = f"{stage.name_of('files')}-{self.account}"
        self.bucket = self._bucket()
        self._alarm_topic()
        self.user_pool, self.client = self._users()

    def alarm_topic_in(self, stack: Stack) -> sns.ITopic:
        """Return the alarm topic as ``stack`` knows it: by name, so that no export ties the stacks together."""
        arn = stack.format_arn(service="sns", resource=self.stage.name_of("alarms"))
        return sns.Topic.from_topic_arn(stack, "Alarms", arn)

    def _key(self) -> kms.Key:
        key = kms.Key(
            self,
            "Key",
            alias=f"alias/{self.stage.name_of()}",
            description=f"EngHub {self.stage.name}: tables, queues, logs, files",
            enable_key_rotation=True,
            removal_policy=self.removal,
            pending_window=Duration.days(30 if self.stage.retain else 7),
        )
        same_account = {"StringEquals": {"aws:SourceAccount": self.account}}
        for service in ("events", "cloudwatch", "sns"):
            key.add_to_resource_policy(
                iam.PolicyStatement(
                    sid=f"Use by {service}".replace(" ", ""),
                    principals=[iam.ServicePrincipal(f"{service}.amazonaws.com")],
                    actions=["kms:Decrypt", "kms:GenerateDataKey"],
                    resources=["*"],
                    conditions=same_account,
                )
            )
        groups = self.format_arn(
            service="logs", resource="log-group", resource_name="*", arn_format=ArnFormat.COLON_RESOURCE_NAME
        )
        key.add_to_resource_policy(
            iam.PolicyStatement(
                sid="UseByLogs",
                principals=[iam.ServicePrincipal(f"logs.{self.region}.amazonaws.com")],
                actions=["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"],
                resources=["*"],
                conditions={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}},
            )
        )
        return key

    def _field_key(self) -> kms.Key:
        """The key of secrets inside items, apart from the one of storage: who may read tables reads no secret."""
        return kms.Key(
            self,
            "FieldKey",
            alias=f"alias/{self.stage.name_of('fields')}",
            description=f"EngHub {self.stage.name}: encrypted fields",
            enable_key_rotation=True,
            removal_policy=self.removal,
            pending_window=Duration.days(30 if self.stage.retain else 7),
        )

    def _table(self, context: str) -> dynamodb.Table:
        text = dynamodb.AttributeType.STRING
        table = dynamodb.Table(
            self,
            f"Table {context}",
            table_name=self.stage.name_of(context),
            partition_key=dynamodb.Attribute(name="pk", type=text),
            sort_key=dynamodb.Attribute(name="sk", type=text),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            time_to_live_attribute="expires_at",
            stream=dynamodb.StreamViewType.NEW_IMAGE,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            deletion_protection=self.stage.retain,
            encryption=dynamodb.TableEncryption.CUSTOMER_MANAGED,
            encryption_key=self.key,
            removal_policy=self.removal,
        )
        for index in ("gsi1", "gsi2"):
            table.add_global_secondary_index(
                index_name=index,
                partition_key=dynamodb.Attribute(name=f"{index}pk", type=text),
                sort_key=dynamodb.Attribute(name=f"{index}sk", type=text),
                projection_type=dynamodb.ProjectionType.ALL,
            )
        return table

    def _bucket(self) -> s3.Bucket:
        access = s3.Bucket(
            self,
            "FileAccess",
            bucket_name=f"{self.stage.name_of('file-access')}-{self.account}",
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            lifecycle_rules=[s3.LifecycleRule(expiration=Duration.days(self.stage.log_retention_days))],
            removal_policy=self.removal,
        )
        bucket = s3.Bucket(
            self,
            "Files",
            bucket_name=self.bucket_name,
            versioned=True,
            encryption=s3.BucketEncryption.KMS,
            encryption_key=self.key,
            bucket_key_enabled=True,
            enforce_ssl=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            lifecycle_rules=[
                s3.LifecycleRule(
                    abort_incomplete_multipart_upload_after=Duration.days(2),
                    noncurrent_version_expiration=Duration.days(90),
                ),
                # What people send is copied to where it counts, or was not kept.
                s3.LifecycleRule(
                    prefix="plm/uploads/",
                    expiration=Duration.days(2),
                    noncurrent_version_expiration=Duration.days(1),
                ),
                s3.LifecycleRule(prefix="plm/exchange-work/", expiration=Duration.days(30)),
            ],
            # The suppliers' page hashes a file in the browser and sends it here.
            cors=[
                s3.CorsRule(
                    allowed_methods=[s3.HttpMethods.PUT],
                    allowed_origins=list(self.stage.page_origins),
                    allowed_headers=["content-type", "x-amz-checksum-sha256"],
                    max_age=3000,
                )
            ]
            if self.stage.page_origins
            else None,
            server_access_logs_bucket=access,
            removal_policy=self.removal,
        )
        if self.stage.malware_scan:
            scan_uploads(self, self.stage.name_of(), bucket, self.key, "plm/uploads/")
        told = s3.CfnBucket.EventBridgeConfigurationProperty(event_bridge_enabled=True)
        # By the resource itself: the construct's own switch would deploy a function that sets it.
        made = cast("s3.CfnBucket", bucket.node.default_child)
        made.notification_configuration = s3.CfnBucket.NotificationConfigurationProperty(
            event_bridge_configuration=told
        )
        return bucket

    def _alarm_topic(self) -> None:
        topic = sns.Topic(
            self,
            "Alarms",
            topic_name=self.stage.name_of("alarms"),
            master_key=self.key,
            enforce_ssl=True,
        )
        topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AlarmsPublish",
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[topic.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": self.account}},
            )
        )
        for address in self.stage.alarm_emails:
            topic.add_subscription(subscriptions.EmailSubscription(address))

    def _users(self) -> tuple[cognito.UserPool, cognito.UserPoolClient]:
        pool = cognito.UserPool(
            self,
            "Users",
            user_pool_name=self.stage.name_of(),
            self_sign_up_enabled=False,
            sign_in_aliases=cognito.SignInAliases(username=True),
            custom_attributes={
                "tenant_id": cognito.StringAttribute(min_len=1, max_len=64, mutable=True),
                "factories": cognito.StringAttribute(max_len=1024, mutable=True),
            },
            password_policy=cognito.PasswordPolicy(
                min_length=12,
                require_digits=True,
                require_lowercase=True,
                require_uppercase=True,
                require_symbols=True,
                temp_password_validity=Duration.days(3),
            ),
            mfa=cognito.Mfa.REQUIRED if self.stage.require_mfa else cognito.Mfa.OPTIONAL,
            mfa_second_factor=cognito.MfaSecondFactor(sms=False, otp=True),
            account_recovery=cognito.AccountRecovery.NONE,
            feature_plan=cognito.FeaturePlan.PLUS if self.stage.retain else cognito.FeaturePlan.ESSENTIALS,
            standard_threat_protection_mode=(
                cognito.StandardThreatProtectionMode.FULL_FUNCTION if self.stage.retain else None
            ),
            deletion_protection=self.stage.retain,
            removal_policy=self.removal,
        )
        if not self.stage.retain:
            reason = "Threat protection needs the PLUS plan, at a price per user; these stages have no users to protect"
            acknowledge(pool, "AwsSolutions-COG8", reason)
        client = pool.add_client(
            "Client",
            user_pool_client_name=self.stage.name_of("client"),
            auth_flows=cognito.AuthFlow(user_srp=True, admin_user_password=True),
            generate_secret=False,
            id_token_validity=Duration.hours(1),
            access_token_validity=Duration.hours(1),
            refresh_token_validity=Duration.days(1),
            enable_token_revocation=True,
            prevent_user_existence_errors=True,
            # Users may change nothing about themselves that decides what they see: tenant and factories are not theirs.
            write_attributes=cognito.ClientAttributes().with_standard_attributes(locale=True),
            disable_o_auth=True,
        )
        for role in self.sources.roles():
            cognito.CfnUserPoolGroup(self, f"Role {role}", user_pool_id=pool.user_pool_id, group_name=role)
        CfnOutput(self, "UserPoolId", value=pool.user_pool_id)
        CfnOutput(self, "UserPoolClientId", value=client.user_pool_client_id)
        return pool, client
