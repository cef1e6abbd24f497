"""google.cloud.tasks.v2: enums, durations, oneofs with bytes and header maps, views by query, a call that takes long."""

import time

import grpc

from resources import Resources, fail, page, refuse, update

API = "google.cloud.tasks.v2"


class CloudTasks:
    def __init__(self, schema) -> None:
        self.schema = schema
        self.queues = Resources("Queue")
        self.tasks = Resources("Task")

    def new(self, name: str, package: str = API):
        return self.schema.type(f"{package}.{name}")()

    def CreateQueue(self, request, context):
        if not request.queue.name.startswith(f"{request.parent}/queues/"):
            refuse(context, "queue.name", f"must begin with {request.parent}/queues/")
        request.queue.state = request.queue.RUNNING
        return self.queues.create(context, request.queue)

    def GetQueue(self, request, context):
        return self.queues.get(context, request.name)

    def ListQueues(self, request, context):
        reply = self.new("ListQueuesResponse")
        queues, reply.next_page_token = page(context, self.queues.below(request.parent), request)
        reply.queues.extend(queues)
        return reply

    def UpdateQueue(self, request, context):
        queue = self.queues.get(context, request.queue.name)
        update(context, request.update_mask, request.queue, queue)
        return queue

    def PauseQueue(self, request, context):
        queue = self.queues.get(context, request.name)
        queue.state = queue.PAUSED
        return queue

    def ResumeQueue(self, request, context):
        queue = self.queues.get(context, request.name)
        queue.state = queue.RUNNING
        return queue

    def PurgeQueue(self, request, context):
        """Takes five seconds: longer than any test's timeout."""
        deadline = time.monotonic() + 5
        while context.is_active() and time.monotonic() < deadline:
            time.sleep(0.02)
        return self.queues.get(context, request.name)

    def DeleteQueue(self, request, context):
        self.queues.delete(context, request.name)
        return self.new("Empty", "google.protobuf")

    def CreateTask(self, request, context):
        queue = self.queues.get(context, request.parent)
        if queue.state == queue.PAUSED:
            fail(context, grpc.StatusCode.UNAVAILABLE, "the queue is paused")
        task = request.task
        if task.WhichOneof("message_type") is None:
            refuse(context, "task", "needs a target")
        task.name = task.name or f"{request.parent}/tasks/{len(self.tasks.by_name) + 1}"
        task.create_time.GetCurrentTime()
        return self.view(self.tasks.create(context, task), request.response_view)

    def GetTask(self, request, context):
        return self.view(self.tasks.get(context, request.name), request.response_view)

    def ListTasks(self, request, context):
        reply = self.new("ListTasksResponse")
        tasks, reply.next_page_token = page(context, self.tasks.below(request.parent), request)
        reply.tasks.extend(self.view(task, request.response_view) for task in tasks)
        return reply

    def RunTask(self, request, context):
        task = self.tasks.get(context, request.name)
        task.dispatch_count += 1
        task.last_attempt.dispatch_time.GetCurrentTime()
        task.last_attempt.response_status.code = 14
        return self.view(task, request.response_view)

    def DeleteTask(self, request, context):
        self.tasks.delete(context, request.name)
        return self.new("Empty", "google.protobuf")

    def view(self, task, view: int):
        """BASIC leaves the body out, as the API says."""
        seen = self.new("Task")
        seen.CopyFrom(task)
        seen.view = view or seen.BASIC
        if seen.view == seen.BASIC and seen.HasField("http_request"):
            seen.http_request.body = b""
        return seen


def services(schema) -> dict:
    return {f"{API}.CloudTasks": CloudTasks(schema)}
