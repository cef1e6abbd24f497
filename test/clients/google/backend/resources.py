"""What Google's resource APIs share: resources by name, pages, update masks, errors with details as they come there."""

import grpc
from google.protobuf import any_pb2
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

DOMAIN = "backend.test"


def fail(context, code: grpc.StatusCode, message: str, *details) -> None:
    """Ends the call with the code and, as Google's own backends do, an ErrorInfo before other details."""
    status = status_pb2.Status(code=code.value[0], message=message)
    info = error_details_pb2.ErrorInfo(reason=code.name, domain=DOMAIN, metadata={"message": message})
    for detail in (info, *details):
        packed = any_pb2.Any()
        packed.Pack(detail)
        status.details.append(packed)
    context.abort_with_status(rpc_status.to_status(status))


def refuse(context, field: str, description: str) -> None:
    violation = error_details_pb2.BadRequest.FieldViolation(field=field, description=description)
    details = error_details_pb2.BadRequest(field_violations=[violation])
    fail(context, grpc.StatusCode.INVALID_ARGUMENT, f"{field}: {description}", details)


class Resources:
    """Messages that have a `name`, in the order in which they were put in."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.by_name = {}

    def create(self, context, resource):
        if resource.name in self.by_name:
            fail(context, grpc.StatusCode.ALREADY_EXISTS, f"{self.kind} [{resource.name}] already exists.")
        self.by_name[resource.name] = resource
        return resource

    def get(self, context, name: str):
        if name not in self.by_name:
            details = error_details_pb2.ResourceInfo(resource_type=self.kind, resource_name=name)
            fail(context, grpc.StatusCode.NOT_FOUND, f"{self.kind} [{name}] not found.", details)
        return self.by_name[name]

    def delete(self, context, name: str) -> None:
        self.get(context, name)
        del self.by_name[name]

    def below(self, parent: str) -> list:
        return [resource for name, resource in self.by_name.items() if name.startswith(f"{parent}/")]


def page(context, resources: list, request, most: int = 100) -> tuple[list, str]:
    """The part of the list that the request asks for, and the token of the next one."""
    if request.page_size < 0:
        refuse(context, "page_size", "must not be negative")
    # A token of characters that a URL must escape.
    start = 0
    if request.page_token:
        if not request.page_token.startswith("next+/=&"):
            refuse(context, "page_token", "is not one of this list")
        start = int(request.page_token.removeprefix("next+/=&"))
    end = start + min(request.page_size or most, most)
    return resources[start:end], f"next+/=&{end}" if end < len(resources) else ""


def update(context, mask, source, target) -> None:
    """Sets what the mask names, in place. Only the top level of a path is checked, the rest by protobuf."""
    if not mask.paths:
        refuse(context, "update_mask", "must name the fields to change")
    for path in mask.paths:
        if path.split(".")[0] not in target.DESCRIPTOR.fields_by_name:
            refuse(context, "update_mask", f"{path} is no field of {target.DESCRIPTOR.name}")
    mask.MergeMessage(source, target, True, True)
