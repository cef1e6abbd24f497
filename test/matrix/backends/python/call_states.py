"""Remembers what became of the calls that gave an id."""

import contextlib
import threading

import matrix_pb2


class CallStates:
    def __init__(self):
        self._lock = threading.Lock()
        self._states = {}

    @contextlib.contextmanager
    def running(self, context, call_id):
        """Yields an event that is set when the caller is gone or out of time."""
        remaining = context.time_remaining()
        # Without a deadline grpcio says None or a time of centuries, by version.
        remaining_ms = -1 if remaining is None or remaining > 1e8 else int(remaining * 1000)
        gone = threading.Event()
        ended = threading.Event()

        def on_end():
            if not ended.is_set():
                self._set(call_id, matrix_pb2.CallState.CANCELLED, remaining_ms)
                gone.set()

        self._set(call_id, matrix_pb2.CallState.RUNNING, remaining_ms)
        if not context.add_callback(on_end):
            on_end()
        try:
            yield gone
        finally:
            ended.set()
            if not gone.is_set():
                self._set(call_id, matrix_pb2.CallState.DONE, remaining_ms)

    def get(self, call_id):
        with self._lock:
            return self._states.get(call_id, matrix_pb2.CallState())

    def _set(self, call_id, state, remaining_ms):
        if call_id:
            with self._lock:
                self._states[call_id] = matrix_pb2.CallState(state=state, remaining_ms=remaining_ms)
