"""google.cloud.secretmanager.v1: secrets with labels, versions with bytes, custom verbs, etags, IAM policies."""

import re

import grpc

from resources import Resources, fail, page, refuse, update

API = "google.cloud.secretmanager.v1"


class SecretManager:
    def __init__(self, schema) -> None:
        self.schema = schema
        self.secrets = Resources("Secret")
        self.versions = Resources("SecretVersion")
        self.payloads = {}
        self.policies = {}

    def new(self, name: str, package: str = API):
        return self.schema.type(f"{package}.{name}")()

    def CreateSecret(self, request, context):
        if not re.fullmatch(r"[\w-]{1,255}", request.secret_id):
            refuse(context, "secret_id", "must be 1 to 255 letters, digits, - and _")
        secret = request.secret
        secret.name = f"{request.parent}/secrets/{request.secret_id}"
        secret.create_time.GetCurrentTime()
        secret.etag = '"1"'
        return self.secrets.create(context, secret)

    def GetSecret(self, request, context):
        return self.secrets.get(context, request.name)

    def ListSecrets(self, request, context):
        found = [secret for secret in self.secrets.below(request.parent) if request.filter in secret.name]
        reply = self.new("ListSecretsResponse")
        secrets, reply.next_page_token = page(context, found, request)
        reply.secrets.extend(secrets)
        reply.total_size = len(found)
        return reply

    def UpdateSecret(self, request, context):
        secret = self.secrets.get(context, request.secret.name)
        self.check_etag(context, request.secret.etag, secret)
        update(context, request.update_mask, request.secret, secret)
        secret.etag = f'"{int(secret.etag.strip(chr(34))) + 1}"'
        return secret

    def DeleteSecret(self, request, context):
        self.check_etag(context, request.etag, self.secrets.get(context, request.name))
        self.secrets.delete(context, request.name)
        return self.new("Empty", "google.protobuf")

    def check_etag(self, context, etag: str, secret) -> None:
        if etag and etag != secret.etag:
            fail(context, grpc.StatusCode.FAILED_PRECONDITION, f"etag {etag} is not {secret.etag}")

    def AddSecretVersion(self, request, context):
        self.secrets.get(context, request.parent)
        version = self.new("SecretVersion")
        version.name = f"{request.parent}/versions/{len(self.versions.below(request.parent)) + 1}"
        version.state = version.ENABLED
        version.create_time.GetCurrentTime()
        version.client_specified_payload_checksum = request.payload.HasField("data_crc32c")
        self.payloads[version.name] = request.payload
        return self.versions.create(context, version)

    def GetSecretVersion(self, request, context):
        return self.version(context, request.name)

    def ListSecretVersions(self, request, context):
        reply = self.new("ListSecretVersionsResponse")
        versions, reply.next_page_token = page(context, self.versions.below(request.parent)[::-1], request)
        reply.versions.extend(versions)
        return reply

    def AccessSecretVersion(self, request, context):
        version = self.version(context, request.name)
        if version.state != version.ENABLED:
            fail(context, grpc.StatusCode.FAILED_PRECONDITION, f"{version.name} is not enabled")
        reply = self.new("AccessSecretVersionResponse")
        reply.name = version.name
        reply.payload.CopyFrom(self.payloads[version.name])
        return reply

    def DisableSecretVersion(self, request, context):
        return self.turn(context, request.name, "DISABLED")

    def EnableSecretVersion(self, request, context):
        return self.turn(context, request.name, "ENABLED")

    def DestroySecretVersion(self, request, context):
        version = self.turn(context, request.name, "DESTROYED")
        version.destroy_time.GetCurrentTime()
        return version

    def turn(self, context, name: str, state: str):
        version = self.version(context, name)
        if version.state == version.DESTROYED:
            fail(context, grpc.StatusCode.FAILED_PRECONDITION, f"{name} is destroyed")
        version.state = version.State.Value(state)
        return version

    def version(self, context, name: str):
        parent, _, last = name.rpartition("/versions/")
        if last == "latest":
            name = self.versions.below(parent)[-1].name
        return self.versions.get(context, name)

    def SetIamPolicy(self, request, context):
        self.secrets.get(context, request.resource)
        self.policies[request.resource] = request.policy
        return request.policy

    def GetIamPolicy(self, request, context):
        policy = self.policies.get(request.resource, self.new("Policy", "google.iam.v1"))
        policy.version = request.options.requested_policy_version
        return policy

    def TestIamPermissions(self, request, context):
        reply = self.new("TestIamPermissionsResponse", "google.iam.v1")
        reply.permissions.extend(name for name in request.permissions if name.endswith(".get"))
        return reply


def services(schema) -> dict:
    return {f"{API}.SecretManagerService": SecretManager(schema)}
