"""google.cloud.workflows.v1 with google.longrunning: operations that end at the second look, their names end in `=`."""

import grpc

from resources import Resources, page, update

API = "google.cloud.workflows.v1"


class Operations:
    def __init__(self, schema) -> None:
        self.schema = schema
        self.operations = Resources("Operation")
        self.endings = {}

    def start(self, context, parent: str, target: str, verb: str, ending):
        """A new operation; `ending` makes its response, or fails as (code, message), at the second look."""
        operation = self.schema.type("google.longrunning.Operation")()
        operation.name = f"{parent}/operations/operation-{len(self.operations.by_name) + 1}="
        metadata = self.schema.type(f"{API}.OperationMetadata")(target=target, verb=verb, api_version="v1")
        metadata.create_time.GetCurrentTime()
        operation.metadata.Pack(metadata)
        self.endings[operation.name] = [ending, 2]
        return self.operations.create(context, operation)

    def GetOperation(self, request, context):
        operation = self.operations.get(context, request.name)
        ending = self.endings[operation.name]
        ending[1] -= 1
        if ending[1] == 0:
            outcome = ending[0]()
            operation.done = True
            if isinstance(outcome, tuple):
                operation.error.code, operation.error.message = outcome
            else:
                operation.response.Pack(outcome)
        return operation

    def ListOperations(self, request, context):
        reply = self.schema.type("google.longrunning.ListOperationsResponse")()
        found, reply.next_page_token = page(context, self.operations.below(request.name), request)
        reply.operations.extend(found)
        return reply

    def DeleteOperation(self, request, context):
        self.operations.delete(context, request.name)
        return self.schema.type("google.protobuf.Empty")()


class Workflows:
    def __init__(self, schema, operations: Operations) -> None:
        self.schema = schema
        self.operations = operations
        self.workflows = Resources("Workflow")

    def CreateWorkflow(self, request, context):
        workflow = request.workflow
        workflow.name = f"{request.parent}/workflows/{request.workflow_id}"
        if workflow.name in self.workflows.by_name:
            self.workflows.create(context, workflow)

        def end():
            if not workflow.source_contents:
                return (grpc.StatusCode.INVALID_ARGUMENT.value[0], "a workflow needs a source")
            workflow.state = workflow.ACTIVE
            workflow.create_time.GetCurrentTime()
            self.workflows.by_name[workflow.name] = workflow
            return workflow

        return self.operations.start(context, request.parent, workflow.name, "create", end)

    def UpdateWorkflow(self, request, context):
        workflow = self.workflows.get(context, request.workflow.name)
        update(context, request.update_mask, request.workflow, workflow)
        parent = workflow.name.rpartition("/workflows/")[0]
        return self.operations.start(context, parent, workflow.name, "update", lambda: workflow)

    def DeleteWorkflow(self, request, context):
        self.workflows.delete(context, request.name)
        parent = request.name.rpartition("/workflows/")[0]
        empty = self.schema.type("google.protobuf.Empty")
        return self.operations.start(context, parent, request.name, "delete", empty)

    def GetWorkflow(self, request, context):
        return self.workflows.get(context, request.name)

    def ListWorkflows(self, request, context):
        reply = self.schema.type(f"{API}.ListWorkflowsResponse")()
        found, reply.next_page_token = page(context, self.workflows.below(request.parent), request)
        reply.workflows.extend(found)
        return reply


def services(schema) -> dict:
    operations = Operations(schema)
    return {
        f"{API}.Workflows": Workflows(schema, operations),
        "google.longrunning.Operations": operations,
    }
