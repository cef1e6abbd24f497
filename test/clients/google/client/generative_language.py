"""google-ai-generativelanguage by REST: server streaming: `generative_language.py http://127.0.0.1:8080`."""

import sys

from google.ai import generativelanguage_v1 as gl
from google.api_core import exceptions

from checks import connect, equal, refused, run

service = connect(gl.GenerativeServiceClient, sys.argv[1])
models = connect(gl.ModelServiceClient, sys.argv[1])


def contents(text: str) -> list:
    return [{"role": "user", "parts": [{"text": text}]}]


def texts(stream) -> list[str]:
    return [reply.candidates[0].content.parts[0].text for reply in stream]


def check_unary():
    """a POST of the whole message, its model in the path"""
    reply = service.generate_content(model="models/m1", contents=contents("one two"))
    equal(texts([reply]), ["one two"])
    equal(reply.candidates[0].content.parts[1].inline_data.data, b"one two")
    equal(reply.candidates[0].finish_reason, gl.Candidate.FinishReason.STOP)


def check_stream():
    """a server stream arrives message by message, with characters that make JSON hard to cut"""
    words = ["one", "}],{", '"\\"', "ä\u2028", "[[", "\\u0041"]
    text = " ".join(words)
    equal(texts(service.stream_generate_content(model="models/m1", contents=contents(text))), text.split())


def check_empty_stream():
    """a stream of no messages ends"""
    equal(texts(service.stream_generate_content(model="models/m1", contents=contents(""))), [])


def check_long_stream():
    """two thousand messages arrive in their order"""
    words = [str(number) for number in range(2000)]
    equal(texts(service.stream_generate_content(model="models/m1", contents=contents(" ".join(words)))), words)


def check_failed_stream():
    """a stream that fails before its first message raises its error"""

    def read():
        return texts(service.stream_generate_content(model="models/m1", contents=contents("fail")))

    error = refused(exceptions.TooManyRequests, "RESOURCE_EXHAUSTED", read)
    assert "no more words" in error.message, error


def check_broken_stream():
    """a stream that fails later ends with the error as its last element, of which this client makes an empty message"""
    stream = service.stream_generate_content(model="models/m1", contents=contents("one fail"))
    equal(next(stream).candidates[0].content.parts[0].text, "one")
    # google.api_core ignores unknown fields here, so {"error": …} has nothing that it knows. Google's own servers
    # send this shape too.
    equal(list(stream), [gl.GenerateContentResponse()])


def check_abandoned_stream():
    """a stream that the client leaves does not harm the next call"""
    stream = service.stream_generate_content(model="models/m1", contents=contents("one two three"))
    next(stream)
    stream.cancel()
    equal(service.count_tokens(model="models/m1", contents=contents("a b c")).total_tokens, 3)


def check_models():
    """a paging iterator with floats and a variable that is the whole name"""
    found = list(models.list_models(request={"page_size": 2}))
    equal([model.name for model in found], [f"models/m{number}" for number in range(5)])
    assert abs(found[3].temperature - 0.3) < 1e-6
    equal(models.get_model(name="models/m2").name, "models/m2")


run(globals())
