"""google-cloud-workflows by REST, with its long-running operations: `workflows.py http://127.0.0.1:8080`."""

import sys

from google.api_core import exceptions, retry
from google.cloud import workflows_v1 as workflows
from google.longrunning import operations_pb2

from checks import connect, equal, raises, run

client = connect(workflows.WorkflowsClient, sys.argv[1])
parent = "projects/p/locations/l"
# Instead of a second between looks.
soon = retry.Retry(predicate=lambda error: "_OperationNotComplete" in type(error).__name__, initial=0.01, maximum=0.01)


def create(workflow_id: str, source: str = "main: {}"):
    workflow = {"description": "d\n\u2028", "source_contents": source, "labels": {"a": "b"}}
    return client.create_workflow(parent=parent, workflow=workflow, workflow_id=workflow_id)


def check_operation():
    """a long-running operation is polled by its name, which ends in `=`, until its result is there"""
    operation = create("one")
    assert operation.operation.name.endswith("="), operation.operation.name
    equal(operation.metadata.target, f"{parent}/workflows/one")
    workflow = operation.result(timeout=10, retry=soon)
    equal(type(workflow), workflows.Workflow)
    equal(workflow.source_contents, "main: {}")
    equal(workflow.description, "d\n\u2028")
    equal(workflow.state, workflows.Workflow.State.ACTIVE)


def check_failed_operation():
    """an operation that failed raises the error of its Status"""
    error = raises(exceptions.InvalidArgument, create("two", source="").result, timeout=10, retry=soon)
    assert "a workflow needs a source" in error.message, error


def check_update_operation():
    """a PATCH that answers with an operation takes its update mask"""
    operation = client.update_workflow(
        workflow={"name": f"{parent}/workflows/one", "labels": {"c": "d"}, "description": "lost"},
        update_mask={"paths": ["labels"]},
    )
    workflow = operation.result(timeout=10, retry=soon)
    equal((dict(workflow.labels), workflow.description), ({"c": "d"}, "d\n\u2028"))


def check_mixin():
    """the mixed-in Operations service answers under this API's paths, from a service config"""
    name = create("three").operation.name
    found = client.get_operation(operations_pb2.GetOperationRequest(name=name))
    equal((found.name, found.done), (name, False))
    listed = client.list_operations(operations_pb2.ListOperationsRequest(name=parent))
    assert name in [operation.name for operation in listed.operations]
    client.delete_operation(operations_pb2.DeleteOperationRequest(name=name))
    raises(exceptions.NotFound, client.get_operation, operations_pb2.GetOperationRequest(name=name))


def check_bool_query():
    """a bool in the query, which requests writes as True, is read"""
    request = operations_pb2.ListOperationsRequest(name=parent, page_size=1, return_partial_success=True)
    equal(len(client.list_operations(request).operations), 1)


def check_empty_operation():
    """an operation of a DELETE has an Empty as its result"""
    operation = client.delete_workflow(name=f"{parent}/workflows/one")
    equal(type(operation.result(timeout=10, retry=soon)).__name__, "Empty")
    raises(exceptions.NotFound, client.get_workflow, name=f"{parent}/workflows/one")


def check_error_at_once():
    """an error before there is an operation is the call's own"""
    raises(exceptions.NotFound, client.delete_workflow, name=f"{parent}/workflows/nowhere")


run(globals())
