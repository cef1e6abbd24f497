"""ticker.v1.TickerService: counts up until the caller has had enough."""

import itertools
import threading

import ticker_pb2
import ticker_pb2_grpc


class TickerService(ticker_pb2_grpc.TickerServiceServicer):
    def Watch(self, request, context):
        gone = threading.Event()
        context.add_callback(gone.set)
        for number in itertools.count(1):
            yield ticker_pb2.Tick(number=number)
            if gone.wait(max(request.interval_ms, 1) / 1000):
                return


def register(server):
    ticker_pb2_grpc.add_TickerServiceServicer_to_server(TickerService(), server)
    return ticker_pb2.DESCRIPTOR.services_by_name["TickerService"].full_name
