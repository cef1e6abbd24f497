"""In-memory backends of Google APIs by grpcio: `backend.py --schema schema.binpb --api secretmanager --port 0`.

The messages are those of the API's own .proto files, in a descriptor pool apart from the generated clients' packages: the
backend shares no code with the clients that are tested against it.
"""

import argparse
import signal
from concurrent import futures

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from grpc_reflection.v1alpha import reflection

import cloud_tasks
import generative_language
import secret_manager
import workflows

APIS = {
    "secretmanager": secret_manager.services,
    "tasks": cloud_tasks.services,
    "workflows": workflows.services,
    "generativelanguage": generative_language.services,
}


class Schema:
    """The pool of one descriptor set, and its message classes by full name."""

    def __init__(self, path: str) -> None:
        self.pool = descriptor_pool.DescriptorPool()
        with open(path, "rb") as file:
            files = descriptor_pb2.FileDescriptorSet.FromString(file.read())
        for proto in files.file:
            self.pool.Add(proto)

    def type(self, name: str):
        return message_factory.GetMessageClass(self.pool.FindMessageTypeByName(name))

    def handler(self, service: str, implementation) -> grpc.GenericRpcHandler:
        """Every method of the service that the implementation has; grpcio answers UNIMPLEMENTED for the others."""
        handlers = {}
        for method in self.pool.FindServiceByName(service).methods:
            function = getattr(implementation, method.name, None)
            if function is None:
                continue
            make = (
                grpc.unary_stream_rpc_method_handler
                if method.server_streaming
                else grpc.unary_unary_rpc_method_handler
            )
            request = message_factory.GetMessageClass(method.input_type)
            handlers[method.name] = make(
                function, request_deserializer=request.FromString, response_serializer=lambda reply: reply.SerializeToString()
            )
        return grpc.method_handlers_generic_handler(service, handlers)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--schema", required=True)
    parser.add_argument("--api", choices=sorted(APIS), required=True)
    parser.add_argument("--port", type=int, default=0)
    arguments = parser.parse_args()

    schema = Schema(arguments.schema)
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=8))
    services = APIS[arguments.api](schema)
    for name, implementation in services.items():
        server.add_generic_rpc_handlers([schema.handler(name, implementation)])
    reflection.enable_server_reflection([*services, reflection.SERVICE_NAME], server, pool=schema.pool)

    port = server.add_insecure_port(f"127.0.0.1:{arguments.port}")
    server.start()
    signal.signal(signal.SIGTERM, lambda *_: server.stop(grace=None))
    print(f"listening on 127.0.0.1:{port}", flush=True)
    server.wait_for_termination()


if __name__ == "__main__":
    main()
