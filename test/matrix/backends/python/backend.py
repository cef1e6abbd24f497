"""The grpcio backend of the matrix: `backend.py --generated DIR --port 0 --api matrix`.

DIR holds what grpc_tools.protoc wrote for one schema version (test/matrix/build.ts).
"""

import argparse
import signal
import sys
from concurrent import futures

import grpc
from grpc_reflection.v1alpha import reflection


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--generated", required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--api", choices=["matrix", "ticker"], default="matrix")
    arguments = parser.parse_args()
    sys.path.insert(0, arguments.generated)

    server = grpc.server(futures.ThreadPoolExecutor(max_workers=16))
    if arguments.api == "matrix":
        import matrix_service

        name = matrix_service.register(server)
    else:
        import ticker_service

        name = ticker_service.register(server)
    reflection.enable_server_reflection([name, reflection.SERVICE_NAME], server)

    port = server.add_insecure_port(f"127.0.0.1:{arguments.port}")
    server.start()
    signal.signal(signal.SIGTERM, lambda *_: server.stop(grace=None))
    print(f"listening on 127.0.0.1:{port}", flush=True)
    server.wait_for_termination()


if __name__ == "__main__":
    main()
