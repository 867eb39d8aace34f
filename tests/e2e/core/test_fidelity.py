"""One test per line of docs/fidelity.md: what the emulator does differently, so that a change of it is noticed."""

import inspect
import json
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import pytest
from ministack.services import apigateway_v1, lambda_svc
from ministack.services import kms as kms_service
from ministack.services.cloudformation import provisioners

from enghub_cli.context import Cloud
from tests.waiting import until

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def role(cloud: Cloud) -> Iterator[str]:
    trust = {"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"}
    iam, name = cloud.client("iam"), f"fidelity-{uuid4().hex[:8]}"
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    yield iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
    iam.delete_role(RoleName=name)


@pytest.fixture
def queue(cloud: Cloud) -> Iterator[tuple[str, str]]:
    sqs = cloud.client("sqs")
    url = sqs.create_queue(QueueName=f"fidelity-{uuid4().hex[:8]}")["QueueUrl"]
    yield url, sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sqs.delete_queue(QueueUrl=url)


@pytest.fixture
def table(cloud: Cloud) -> Iterator[str]:
    name = f"fidelity-{uuid4().hex[:8]}"
    cloud.client("dynamodb").create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
    )
    yield name
    cloud.client("dynamodb").delete_table(TableName=name)


def run_machine(cloud: Cloud, role: str, definition: dict[str, Any]) -> dict[str, Any]:
    sfn = cloud.client("stepfunctions")
    arn = sfn.create_state_machine(name=f"fidelity-{uuid4().hex[:8]}", definition=json.dumps(definition), roleArn=role)[
        "stateMachineArn"
    ]
    execution = sfn.start_execution(stateMachineArn=arn, input="{}")["executionArn"]
    try:
        return until(lambda: _ended(sfn.describe_execution(executionArn=execution)), seconds=20)
    finally:
        sfn.delete_state_machine(stateMachineArn=arn)


def _ended(execution: dict[str, Any]) -> dict[str, Any] | None:
    return None if execution["status"] == "RUNNING" else execution


def test_every_line_of_the_page_has_a_test() -> None:
    page = (Path(__file__).parents[3] / "docs" / "fidelity.md").read_text("utf-8")
    lines = {cell.strip() for row in page.splitlines() if row.startswith("| F") for cell in row.split("|")[1:2]}
    tests = {name.split("_")[1].upper() for name in globals() if name.startswith("test_f")}
    assert lines == tests


def test_f1_the_class_of_an_exception_is_lost(cloud: Cloud) -> None:
    answer = cloud.client("lambda").invoke(
        FunctionName="enghub-local-core-authorize", Payload=b'{"methodArn": "a/b/GET/c"}'
    )
    assert answer["FunctionError"]
    assert json.loads(answer["Payload"].read())["errorType"] == "Runtime.HandlerError"


def test_f2_transactions_never_collide(cloud: Cloud, table: str) -> None:
    outcomes: list[str] = []

    def add() -> None:
        dynamo = cloud.client("dynamodb")
        update = {
            "TableName": table,
            "Key": {"pk": {"S": "hot"}},
            "UpdateExpression": "ADD n :one",
            "ExpressionAttributeValues": {":one": {"N": "1"}},
        }
        for _ in range(10):
            dynamo.transact_write_items(TransactItems=[{"Update": update}])
            outcomes.append("stored")

    threads = [threading.Thread(target=add) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == 100


def test_f3_a_rule_drops_what_its_target_cannot_take(cloud: Cloud, queue: tuple[str, str]) -> None:
    url, arn = queue
    events, name = cloud.client("events"), f"fidelity-{uuid4().hex[:8]}"
    events.put_rule(Name=name, EventPattern=json.dumps({"source": [name]}))
    missing = arn + "-missing"
    events.put_targets(Rule=name, Targets=[{"Id": "gone", "Arn": missing, "DeadLetterConfig": {"Arn": arn}}])
    events.put_events(Entries=[{"Source": name, "DetailType": "x", "Detail": "{}"}])
    assert not cloud.client("sqs").receive_message(QueueUrl=url, WaitTimeSeconds=2).get("Messages")
    events.remove_targets(Rule=name, Ids=["gone"])
    events.delete_rule(Name=name)


def test_f4_an_event_may_be_of_any_size(cloud: Cloud) -> None:
    entry = {"Source": "fidelity", "DetailType": "x", "Detail": json.dumps({"text": "x" * 300_000})}
    assert cloud.client("events").put_events(Entries=[entry])["FailedEntryCount"] == 0


def test_f5_the_gateway_passes_eleven_megabytes_on(cloud: Cloud) -> None:
    token = cloud.token(tenant="fidelity", factories=("f1",), user="fidelity", roles=("PLANNER",))
    body, kind = b'"' + b"x" * 11_000_000 + b'"', {"Content-Type": "application/json"}
    with cloud.http(token) as client:
        answer = client.post("/api/v1/work-orders", content=body, headers=kind)
    assert (answer.status_code, answer.json()["code"]) == (413, "41301"), "the handler answered, not the gateway"


def test_f6_a_machines_own_time_out_is_ignored(cloud: Cloud, role: str) -> None:
    wait = {"StartAt": "Wait", "TimeoutSeconds": 1, "States": {"Wait": {"Type": "Wait", "Seconds": 2, "End": True}}}
    assert run_machine(cloud, role, wait)["status"] == "SUCCEEDED"


def test_f7_a_repeated_start_is_refused_even_with_the_same_input(cloud: Cloud, role: str) -> None:
    sfn = cloud.client("stepfunctions")
    wait = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 3, "End": True}}}
    arn = sfn.create_state_machine(name=f"fidelity-{uuid4().hex[:8]}", definition=json.dumps(wait), roleArn=role)[
        "stateMachineArn"
    ]
    sfn.start_execution(stateMachineArn=arn, name="once", input="{}")
    with pytest.raises(sfn.exceptions.ExecutionAlreadyExists):
        sfn.start_execution(stateMachineArn=arn, name="once", input="{}")
    sfn.delete_state_machine(stateMachineArn=arn)


def test_f8_there_is_no_redrive(cloud: Cloud, role: str) -> None:
    failed = run_machine(cloud, role, {"StartAt": "Fail", "States": {"Fail": {"Type": "Fail", "Error": "Made"}}})
    sfn = cloud.client("stepfunctions")
    with pytest.raises(sfn.exceptions.ClientError):
        sfn.redrive_execution(executionArn=failed["executionArn"])


def test_f9_embedded_metrics_go_nowhere(cloud: Cloud) -> None:
    cloud.client("lambda").invoke(FunctionName="enghub-local-settings-sweep-outbox", Payload=b"{}")
    assert cloud.client("cloudwatch").list_metrics(Namespace="EngHub")["Metrics"] == []


def limited(cloud: Cloud, service: str, statement: dict[str, Any]) -> Any:
    """Return a client with a role that may do nothing but what ``statement`` allows."""
    iam, role = cloud.client("iam"), f"fidelity-{uuid4().hex[:8]}"
    trust = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    arn = iam.create_role(RoleName=role, AssumeRolePolicyDocument=document)["Role"]["Arn"]
    policy = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})
    iam.put_role_policy(RoleName=role, PolicyName="only", PolicyDocument=policy)
    keys = cloud.client("sts").assume_role(RoleArn=arn, RoleSessionName="fidelity")["Credentials"]
    make: Any = boto3.client
    return make(
        service,
        region_name="us-east-1",
        endpoint_url=cloud.running.endpoint,
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
    )


def test_f10_leading_keys_are_not_enforced(cloud: Cloud, table: str) -> None:
    """A policy that allows tenant A's keys only still reads tenant B's item."""
    cloud.client("dynamodb").put_item(TableName=table, Item={"pk": {"S": "T#b"}})
    condition = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["T#a*"]}}
    reader = limited(cloud, "dynamodb", {"Action": "dynamodb:GetItem", "Resource": "*", "Condition": condition})
    assert "Item" in reader.get_item(TableName=table, Key={"pk": {"S": "T#b"}})


def test_f11_memory_is_not_limited(cloud: Cloud) -> None:
    functions = cloud.client("lambda").list_functions()["Functions"]
    limits = {function["MemorySize"] for function in functions}
    process_limit = Path(f"/proc/{cloud.running.pid}/limits").read_text("utf-8")
    assert limits
    assert (
        next(line for line in process_limit.splitlines() if line.startswith("Max address space")).split()[3]
        == "unlimited"
    )


def test_f12_functions_run_on_the_python_of_the_environment(cloud: Cloud) -> None:
    configured = cloud.client("lambda").get_function_configuration(FunctionName="enghub-local-core-authorize")
    assert configured["Architectures"] == ["arm64"]
    assert configured["Runtime"] != f"python{sys.version_info.major}.{sys.version_info.minor}" or sys.version_info[
        :2
    ] == (3, 13)
    assert not [layer for layer in configured["Layers"] if "vendor" in layer["Arn"]]


def test_f13_a_streams_partial_failure_report_is_ignored(cloud: Cloud) -> None:
    """The emulator's own source is the witness: its stream poller never looks at batchItemFailures."""
    assert "batchItemFailures" in inspect.getsource(lambda_svc._run_sqs_batch)
    assert "batchItemFailures" not in inspect.getsource(lambda_svc._poll_dynamodb_streams)


def test_f14_every_address_is_the_domain(cloud: Cloud) -> None:
    with cloud.http() as client:
        answer = client.get("/api/v1/no-such-route", headers={"Host": "elsewhere.example"})
    assert (answer.status_code, answer.json()["code"]) == (404, "40401")


def test_f15_a_task_token_belongs_to_no_machine(cloud: Cloud) -> None:
    machine = "arn:aws:states:us-east-1:000000000000:stateMachine:enghub-local-upgrade-upgrade-site"
    named, all_of_them = (
        limited(cloud, "stepfunctions", {"Action": "states:SendTaskSuccess", "Resource": resource})
        for resource in (machine, "*")
    )
    with pytest.raises(named.exceptions.ClientError, match="AccessDenied"):
        named.send_task_success(taskToken="unknown", output="{}")
    with pytest.raises(all_of_them.exceptions.ClientError) as refused:
        all_of_them.send_task_success(taskToken="unknown", output="{}")
    assert "AccessDenied" not in str(refused.value)


def test_f16_mail_belongs_to_no_identity(cloud: Cloud) -> None:
    sender = "upgrades@enghub.local"
    identity = f"arn:aws:ses:us-east-1:000000000000:identity/{sender}"
    named, all_of_them = (
        limited(cloud, "sesv2", {"Action": "ses:SendEmail", "Resource": resource}) for resource in (identity, "*")
    )
    content = {"Simple": {"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "b"}}}}
    mail = {"FromEmailAddress": sender, "Destination": {"ToAddresses": ["a@fidelity.example"]}, "Content": content}
    with pytest.raises(named.exceptions.ClientError, match="AccessDenied"):
        named.send_email(**mail)
    assert all_of_them.send_email(**mail)["MessageId"]


def test_f17_a_mock_sends_its_template_as_it_is() -> None:
    """The emulator's own source is the witness, for the running one is changed."""
    assert "body_template.encode()" in inspect.getsource(apigateway_v1._invoke_mock_v1)


def test_f18_a_route_answers_without_a_deployment(cloud: Cloud) -> None:
    gateway, name = cloud.client("apigateway"), f"fidelity-{uuid4().hex[:8]}"
    api = gateway.create_rest_api(name=name)["id"]
    root = gateway.get_resources(restApiId=api)["items"][0]["id"]
    gateway.create_deployment(restApiId=api, stageName="s")
    added = gateway.create_resource(restApiId=api, parentId=root, pathPart="later")["id"]
    method = {"restApiId": api, "resourceId": added, "httpMethod": "GET"}
    gateway.put_method(**method, authorizationType="NONE")
    gateway.put_integration(**method, type="MOCK")
    with cloud.http() as client:
        answer = client.get(f"/_aws/execute-api/{api}/s/later")
    gateway.delete_rest_api(restApiId=api)
    assert answer.status_code == 200


def test_f19_functions_are_invoked_without_the_role() -> None:
    """The emulator's own source is the witness."""
    for invoke in (apigateway_v1._invoke_lambda_proxy_v1, apigateway_v1._invoke_authorizer_lambda):
        assert "redentials" not in inspect.getsource(invoke)


def test_f20_an_alarm_on_an_expression_stands_for_its_first_metric(cloud: Cloud) -> None:
    with pytest.raises(ValueError, match="metric math"):
        provisioners._cw_metric_alarm_record("a", {"Metrics": [{}]})
    alarms = cloud.client("cloudwatch").describe_alarms(AlarmNamePrefix="enghub-local-mes-function-errors")
    assert {alarm["MetricName"] for alarm in alarms["MetricAlarms"]} == {"Errors"}


def test_f21_a_schedule_drops_what_its_target_cannot_take(cloud: Cloud, queue: tuple[str, str]) -> None:
    url, arn = queue
    scheduler, name = cloud.client("scheduler"), f"fidelity-{uuid4().hex[:8]}"
    target = {"RoleArn": "arn:aws:iam::000000000000:role/any", "Input": "{}"}
    once = {
        "ScheduleExpression": "at(2026-01-01T00:00:00)",  # past: due at the next look
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "ActionAfterCompletion": "DELETE",
    }
    lost = {**target, "Arn": arn + "-missing", "DeadLetterConfig": {"Arn": arn}}
    scheduler.create_schedule(Name=name, Target=lost, **once)
    scheduler.create_schedule(Name=f"{name}-arrives", Target={**target, "Arn": arn}, **once)
    sqs = cloud.client("sqs")
    arrived = until(lambda: sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1).get("Messages"))
    assert [message["Body"] for message in arrived] == ["{}"]
    assert not sqs.receive_message(QueueUrl=url, WaitTimeSeconds=2).get("Messages")


def test_f22_nobody_asks_whether_a_role_may_be_passed(cloud: Cloud) -> None:
    place, name = "arn:aws:scheduler:us-east-1:000000000000:schedule/enghub-local", f"fidelity-{uuid4().hex[:8]}"
    allowed = {"Action": "scheduler:CreateSchedule", "Resource": f"{place}/{name}"}
    limited(cloud, "scheduler", allowed).create_schedule(
        Name=name,
        GroupName="enghub-local",
        ScheduleExpression="at(2099-01-01T00:00:00)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": f"{place}-queue", "RoleArn": "arn:aws:iam::000000000000:role/not-mine"},
    )
    cloud.client("scheduler").delete_schedule(Name=name, GroupName="enghub-local")


def test_f23_the_key_store_wraps_by_a_stand_in_that_knows_key_and_context(cloud: Cloud) -> None:
    assert "NOT real AES" in inspect.getsource(kms_service._encrypt)
    kms = cloud.client("kms")
    made = kms.generate_data_key(KeyId="alias/enghub-local-fields", NumberOfBytes=64, EncryptionContext={"tenant": "a"})
    wrapped = made["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=wrapped, EncryptionContext={"tenant": "a"})["Plaintext"] == made["Plaintext"]
    with pytest.raises(kms.exceptions.InvalidCiphertextException):
        kms.decrypt(CiphertextBlob=wrapped, EncryptionContext={"tenant": "b"})
