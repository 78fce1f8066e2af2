"""docs/openapi.json is what the code says, and says so when it is not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from pyramid.config import Configurator
from pyramid.request import Request

from config import openapi
from trading.web import read_json


class Said(BaseModel):
    words: str


def say(request: Request) -> Any:
    """Somebody says something."""
    command = read_json(request, Said)
    if request.GET.get("loud"):
        request.response.status = 202
    return {"said": command.words}


@pytest.fixture
def document(config: Configurator) -> Any:
    config.add_route("api-say", "/api/say/{place}/{number:[0-9]{1,9}}")
    config.add_view(say, route_name="api-say", renderer="json", request_method="PUT", permission="bid")
    config.commit()
    return openapi.described(config)


def test_a_view_is_described_from_its_own_source(document: Any) -> None:
    found = document["paths"]["/api/say/{place}/{number}"]["put"]
    assert found["description"] == "Somebody says something."
    assert found["x-permission"] == "bid"
    assert [(p["name"], p["in"], p["schema"]["type"]) for p in found["parameters"]] == [
        ("place", "path", "string"), ("number", "path", "integer"), ("loud", "query", "string")]  # fmt: skip
    (name,) = found["requestBody"]["content"].values()
    schema = document["components"]["schemas"][name["schema"]["$ref"].rpartition("/")[2]]
    assert schema["required"] == ["words"]
    assert set(found["responses"]) == {"200", "202", "400", "401", "403", "404", "413", "422"}


def test_what_is_answered_is_described_where_the_view_says_what_it_returns(document: Any) -> None:
    def answered(path: str, method: str, status: str = "200") -> Any:
        return document["paths"][path][method]["responses"][status]["content"]["application/json"]["schema"]

    assert answered("/api/tenders/{code}", "get") == {"$ref": "#/components/schemas/tenders.TenderAnswer"}
    schemas = document["components"]["schemas"]
    assert {"moved_deadline", "suspended"} <= set(schemas["tenders.TenderAnswer"]["required"])
    talks = schemas[answered("/api/tenders/{code}/consultation", "get")["$ref"].rpartition("/")[2]]
    assert talks["properties"]["changes"]["items"]["$ref"] == "#/components/schemas/offers.Change"
    for door in ("consultation/call", "invitation", "invitation/record", "publish"):
        assert answered(f"/api/tenders/{{code}}/{door}", "get"), door


def test_what_is_public_needs_no_key_and_everything_else_does(document: Any) -> None:
    paths = document["paths"]
    assert paths["/api/notices"]["get"]["security"] == []
    assert "security" not in paths["/api/tenders"]["post"]
    assert document["security"] == [{"key": []}]


def test_bytes_are_base64url_text_and_files_come_as_they_are(document: Any) -> None:
    signed = document["components"]["schemas"]["vault.StartUpload"]["properties"]["manifest"]
    assert (signed["type"], signed["contentEncoding"]) == ("string", "base64url")
    piece = document["paths"]["/api/bids/uploads/{id}/{part}/{number}"]["put"]
    assert list(piece["requestBody"]["content"]) == ["application/octet-stream"]
    assert "X-Content-SHA256" in [parameter["name"] for parameter in piece["parameters"]]
    assert "content" not in piece["responses"]["204"]


def test_check_fails_until_the_file_is_that_of_the_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "openapi.json"
    assert openapi.main(["--check"], file) == 1
    assert openapi.main([], file) == 0
    assert openapi.main(["--check"], file) == 0
    file.write_text(json.dumps(json.loads(file.read_text()) | {"paths": {}}))
    assert openapi.main(["--check"], file) == 1
    assert "docs/openapi.json is out of date" in capsys.readouterr().err
