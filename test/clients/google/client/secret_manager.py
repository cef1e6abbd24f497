"""google-cloud-secret-manager by REST: `secret_manager.py http://127.0.0.1:8080`."""

import sys

from google.api_core import exceptions
from google.cloud import secretmanager_v1 as sm
from google.iam.v1 import iam_policy_pb2, options_pb2, policy_pb2
from google.protobuf import field_mask_pb2

from checks import connect, equal, raises, refused, run

client = connect(sm.SecretManagerServiceClient, sys.argv[1])
parent = "projects/p"


def new_secret(secret_id: str, **fields):
    secret = sm.Secret(replication={"automatic": {}}, **fields)
    return client.create_secret(parent=parent, secret_id=secret_id, secret=secret)


def check_create():
    """a POST with a body field and a query parameter answers with the resource"""
    secret = new_secret("created", labels={"env": "test", "a b": "ä/=&"}, version_aliases={"one": 2**53 + 1})
    equal(secret.name, "projects/p/secrets/created")
    equal(dict(secret.labels), {"env": "test", "a b": "ä/=&"})
    equal(dict(secret.version_aliases), {"one": 2**53 + 1})
    assert secret.create_time.timestamp() > 0
    assert "automatic" in secret.replication


def check_get():
    """a GET by name finds what was created"""
    equal(client.get_secret(name="projects/p/secrets/created").labels["env"], "test")


def check_pages():
    """a paging iterator follows tokens of characters that a URL must escape"""
    for number in range(7):
        new_secret(f"page-{number}")
    pager = client.list_secrets(request={"parent": parent, "page_size": 3, "filter": "page-"})
    equal([len(page.secrets) for page in pager.pages], [3, 3, 1])
    pager = client.list_secrets(request={"parent": parent, "page_size": 2, "filter": "page-"})
    equal([secret.name[-1] for secret in pager], list("0123456"))
    equal(pager.total_size, 7)


def check_update_mask():
    """a PATCH changes what its update mask names and no more"""
    new_secret("masked", labels={"keep": "1"}, annotations={"old": "1"})
    changed = client.update_secret(
        secret={"name": "projects/p/secrets/masked", "labels": {"lost": "1"}, "annotations": {"new": "2"}},
        update_mask=field_mask_pb2.FieldMask(paths=["annotations"]),
    )
    equal(dict(changed.labels), {"keep": "1"})
    equal(dict(changed.annotations), {"new": "2"})


def check_update_mask_snake_case():
    """a mask of names with underscores arrives as it was meant"""
    aliases = {"one": 1, "two": 2}
    new_secret("aliases")
    changed = client.update_secret(
        secret={"name": "projects/p/secrets/aliases", "version_aliases": aliases, "labels": {"lost": "1"}},
        update_mask={"paths": ["version_aliases"]},
    )
    equal(dict(changed.version_aliases), aliases)
    equal(dict(changed.labels), {})


def check_no_update_mask():
    """a PATCH without a mask reaches the backend without one: the google profile infers none"""
    secret = {"name": "projects/p/secrets/masked", "labels": {"a": "b"}}
    error = refused(exceptions.BadRequest, "INVALID_ARGUMENT", client.update_secret, secret=secret)
    assert "update_mask" in error.message, error


def check_bytes():
    """bytes of every value survive both ways, with their checksum beyond 2^31"""
    data = bytes(range(256)) * 40
    new_secret("bytes")
    version = client.add_secret_version(
        parent="projects/p/secrets/bytes", payload={"data": data, "data_crc32c": 4294967295}
    )
    equal(version.state, sm.SecretVersion.State.ENABLED)
    equal(version.client_specified_payload_checksum, True)
    payload = client.access_secret_version(name="projects/p/secrets/bytes/versions/latest").payload
    equal(payload.data, data)
    equal(payload.data_crc32c, 4294967295)


def check_verbs():
    """custom verbs reach their methods, and enums come back as numbers that the client knows"""
    new_secret("verbs")
    name = client.add_secret_version(parent="projects/p/secrets/verbs", payload={"data": b"x"}).name
    equal(client.disable_secret_version(name=name).state, sm.SecretVersion.State.DISABLED)
    refused(exceptions.BadRequest, "FAILED_PRECONDITION", client.access_secret_version, name=name)
    equal(client.enable_secret_version(name=name).state, sm.SecretVersion.State.ENABLED)
    equal(client.destroy_secret_version(name=name).state, sm.SecretVersion.State.DESTROYED)


def check_not_found():
    """NOT_FOUND is google.api_core's NotFound, with reason, domain, metadata and further details"""
    error = raises(exceptions.NotFound, client.get_secret, name="projects/p/secrets/nowhere")
    assert "Secret [projects/p/secrets/nowhere] not found." in error.message, error.message
    equal((error.reason, error.domain), ("NOT_FOUND", "backend.test"))
    equal(error.metadata["message"], "Secret [projects/p/secrets/nowhere] not found.")
    resources = [detail for detail in error.details if detail["@type"].endswith("google.rpc.ResourceInfo")]
    equal([resource["resourceName"] for resource in resources], ["projects/p/secrets/nowhere"])


def check_field_violations():
    """INVALID_ARGUMENT carries its field violations"""
    error = refused(exceptions.BadRequest, "INVALID_ARGUMENT", new_secret, "not allowed!")
    violations = [detail["fieldViolations"] for detail in error.details if "fieldViolations" in detail]
    equal([violation["field"] for violation in violations[0]], ["secret_id"])


def check_already_exists():
    """ALREADY_EXISTS is Conflict"""
    new_secret("twice")
    refused(exceptions.Conflict, "ALREADY_EXISTS", new_secret, "twice")


def check_etag():
    """an etag with quotes travels in the query of a DELETE"""
    secret = new_secret("etag")
    other = {"name": secret.name, "etag": '"7"'}
    refused(exceptions.BadRequest, "FAILED_PRECONDITION", client.delete_secret, request=other)
    client.delete_secret(request={"name": secret.name, "etag": secret.etag})
    raises(exceptions.NotFound, client.get_secret, name=secret.name)


def check_policy():
    """an IAM policy of another package's types travels, its options by nested query parameters"""
    name = new_secret("policy").name
    binding = policy_pb2.Binding(role="roles/viewer", members=["user:a@example.com", "user:b@example.com"])
    policy = policy_pb2.Policy(version=1, etag=b"\xff\xfe", bindings=[binding])
    equal(client.set_iam_policy(iam_policy_pb2.SetIamPolicyRequest(resource=name, policy=policy)), policy)
    options = options_pb2.GetPolicyOptions(requested_policy_version=3)
    found = client.get_iam_policy(iam_policy_pb2.GetIamPolicyRequest(resource=name, options=options))
    equal((found.version, found.etag, list(found.bindings)), (3, b"\xff\xfe", [binding]))
    permissions = ["secrets.get", "secrets.delete"]
    answer = client.test_iam_permissions(
        iam_policy_pb2.TestIamPermissionsRequest(resource=name, permissions=permissions)
    )
    equal(list(answer.permissions), ["secrets.get"])


def check_unimplemented():
    """a method that the backend lacks is MethodNotImplemented"""
    raises(exceptions.MethodNotImplemented, client.enable_managed_rotation, parent="projects/p/secrets/created")


def check_binary_metadata():
    """metadata of a -bin key, which these clients send as raw bytes, does not fail the call"""
    # Control characters among them would be no HTTP: Node's parser refuses them before the gateway sees the request.
    metadata = [("x-custom-bin", b"\x96*!\xff"), ("x-custom", "text")]
    equal(client.get_secret(name="projects/p/secrets/created", metadata=metadata).labels["env"], "test")


def check_regional():
    """an additional binding (with a location) reaches the same method"""
    secret = client.create_secret(parent="projects/p/locations/eu", secret_id="there", secret={})
    equal(secret.name, "projects/p/locations/eu/secrets/there")
    equal([found.name for found in client.list_secrets(parent="projects/p/locations/eu")], [secret.name])


run(globals())
