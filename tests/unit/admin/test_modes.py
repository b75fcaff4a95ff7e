"""The operator is told where an agreement asks for more of a model than its card allows."""

import httpx

from services.admin import modes
from services.admin.connection import Directory, Inference

AGREEMENTS = [
    {"number": "A-1", "version": 3, "models": [{"model": "lung", "mode": "trial"}, {"model": "view", "mode": "trial"}]},
    {
        "number": "A-2",
        "version": 1,
        "models": [{"model": "lung", "mode": "shadow"}, {"model": "view", "mode": "approved"}],
    },
    {"number": "A-3", "version": 1, "models": [{"model": "gone", "mode": "approved"}]},
]
MODELS = [{"name": "lung", "most": "shadow"}, {"name": "view", "most": "trial"}]


def answer(request: httpx.Request) -> httpx.Response:
    if request.url.path.endswith("/models"):
        return httpx.Response(200, json={"items": MODELS, "next": None})
    first = "cursor" not in request.url.params
    return httpx.Response(
        200, json={"items": AGREEMENTS[:1] if first else AGREEMENTS[1:], "next": "n" if first else None}
    )


def test_where_a_service_does_not_answer_this_is_said_and_nothing_stops() -> None:
    client = httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(404)), base_url="http://platform")
    (said,) = modes.warnings(Directory("", "token", client=client), Inference("", "token", client=client))
    assert "was not checked: models: 404" in said


def test_each_agreement_that_goes_beyond_a_card_is_named_with_what_holds() -> None:
    client = httpx.Client(transport=httpx.MockTransport(answer), base_url="http://platform")
    said = modes.warnings(Directory("", "token", client=client), Inference("", "token", client=client))
    assert said == [
        "agreement A-1 version 3 asks for lung as trial; its card allows shadow at most",
        "agreement A-2 version 1 asks for view as approved; its card allows trial at most",
    ]
