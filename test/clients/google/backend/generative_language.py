"""google.ai.generativelanguage.v1: server streaming, and models in pages."""

import grpc

from resources import fail, page

API = "google.ai.generativelanguage.v1"


class GenerativeService:
    def __init__(self, schema) -> None:
        self.schema = schema

    def GenerateContent(self, request, context):
        return self.answer(" ".join(self.words(request)), stopped=True)

    def StreamGenerateContent(self, request, context):
        """One message per word; a word `fail` ends the stream with an error."""
        words = self.words(request)
        for index, word in enumerate(words):
            if word == "fail":
                fail(context, grpc.StatusCode.RESOURCE_EXHAUSTED, "no more words")
            yield self.answer(word, stopped=index == len(words) - 1)

    def CountTokens(self, request, context):
        return self.schema.type(f"{API}.CountTokensResponse")(total_tokens=len(self.words(request)))

    def words(self, request) -> list[str]:
        return [word for content in request.contents for part in content.parts for word in part.text.split()]

    def answer(self, text: str, stopped: bool):
        reply = self.schema.type(f"{API}.GenerateContentResponse")()
        candidate = reply.candidates.add()
        candidate.content.role = "model"
        candidate.content.parts.add().text = text
        candidate.content.parts.add().inline_data.data = text.encode()
        if stopped:
            candidate.finish_reason = candidate.STOP
        return reply


class ModelService:
    def __init__(self, schema) -> None:
        self.schema = schema
        model = schema.type(f"{API}.Model")
        self.models = [model(name=f"models/m{number}", temperature=0.1 * number) for number in range(5)]

    def GetModel(self, request, context):
        for model in self.models:
            if model.name == request.name:
                return model
        return fail(context, grpc.StatusCode.NOT_FOUND, f"no {request.name}")

    def ListModels(self, request, context):
        reply = self.schema.type(f"{API}.ListModelsResponse")()
        models, reply.next_page_token = page(context, self.models, request)
        reply.models.extend(models)
        return reply


def services(schema) -> dict:
    return {
        f"{API}.GenerativeService": GenerativeService(schema),
        f"{API}.ModelService": ModelService(schema),
    }
