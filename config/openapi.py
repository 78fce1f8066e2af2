"""`python -m config.openapi`: the hall's API as OpenAPI 3.1 in docs/openapi.json, read from the code (接口说明).

Routes, methods and permissions come from the configured application; bodies, queries, statuses and media types
from each view's own source: the pydantic command that it hands to `read_json`, the fields that it takes from
`request.GET`, the statuses that it sets. Nothing is declared twice. The same code always gives the same bytes;
`--check` only compares (exit code 1 when the file is out of date).
"""

from __future__ import annotations

import argparse
import ast
import inspect
import json
import re
import sys
import tempfile
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_type_hints

from pydantic import BaseModel, TypeAdapter
from pyramid.config import Configurator

from bidding.tenders.commands import DraftTender
from trading.throttle import RATES
from trading.web import PUBLIC

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "docs" / "openapi.json"
PREFIX = "/api/"
JSON, PROBLEM, BYTES = "application/json", "application/problem+json", "application/octet-stream"
MEDIA_TYPE = re.compile(r"(application|audio|image|text|video)/[\w.+-]+")
PARAMETER = re.compile(r"{(\w+)(?::((?:[^{}]|{[^{}]*})*))?}")
"""Name and rule of a part of an address; a rule may count with braces."""
SIGNED_REFUSALS = {409, 422}
"""What the vault's signed refusals are answered with (`bidding.vault.refusals.status_of`)."""
WORDS = {
    200: "Done", 201: "Made", 202: "Counted; the proof follows", 204: "Done, nothing to say",
    400: "The request cannot be read", 401: "Log in first", 403: "Not for this account",
    404: "There is no such thing, or not for this account", 409: "Not in this state of things",
    413: "The request is too large", 422: "Refused, with every fault", 429: "Too many requests; see Retry-After",
}  # fmt: skip

Schema = dict[str, Any]


@dataclass
class Reading:
    """What a view's source says about its requests and answers."""

    body: type[BaseModel] | str = ""
    """A command, `object` for any fields of a tender's form, `bytes` for a file as it is, or nothing."""
    query: dict[str, Schema] = field(default_factory=dict)
    headers: set[str] = field(default_factory=set)
    query_models: list[type[BaseModel]] = field(default_factory=list)
    always: set[int] = field(default_factory=set)
    sometimes: set[int] = field(default_factory=set)
    errors: set[int] = field(default_factory=set)
    media: set[str] = field(default_factory=set)
    posts: bool = False

    @property
    def successes(self) -> set[int]:
        return self.always | self.sometimes if self.always else self.sometimes | {200}


# --- reading a view -------------------------------------------------------------------------------


def parsed(function: Callable[..., Any]) -> ast.FunctionDef:
    """A function's syntax tree, without its decorators."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    assert isinstance(tree, ast.FunctionDef)
    tree.decorator_list = []
    return tree


def resolved(node: ast.expr, function: Callable[..., Any]) -> Any:
    """The object that a dotted name in a function stands for; None when it is not one."""
    if isinstance(node, ast.Attribute):
        return getattr(resolved(node.value, function), node.attr, None)
    if isinstance(node, ast.Name):
        found = inspect.getclosurevars(function)
        return found.nonlocals.get(node.id, function.__globals__.get(node.id))
    return None


def read(function: Callable[..., Any]) -> Reading:
    """What the view and the helpers that it hands its request to say."""
    found, seen, pending = Reading(), {function}, [function]
    while pending:
        each = pending.pop()
        tree = parsed(each)
        conditional = {
            id(inner)
            for node in ast.walk(tree)
            if isinstance(node, (ast.If, ast.ExceptHandler))
            for inner in ast.walk(node)
        }
        for node in ast.walk(tree):
            read_node(found, node, each, id(node) in conditional)
            helper = helper_of(node, each)
            if helper is not None and helper not in seen:
                seen.add(helper)
                pending.append(helper)
    return found


def helper_of(node: ast.AST, function: Callable[..., Any]) -> Callable[..., Any] | None:
    """A function of a room that a call hands `request` to; the floor's own ones are known."""
    if not (isinstance(node, ast.Call) and node.args and ast.unparse(node.args[0]) == "request"):
        return None
    helper = resolved(node.func, function)
    if not inspect.isfunction(helper) or helper.__module__ == "trading.web":
        return None
    return helper


def read_node(found: Reading, node: ast.AST, function: Callable[..., Any], conditional: bool) -> None:
    """Add what one node says."""
    if isinstance(node, ast.Call):
        read_call(found, node, function, conditional)
    elif isinstance(node, ast.Attribute) and ast.unparse(node) == "request.body":
        found.body = found.body or "bytes"
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        found.posts |= node.value == "POST"
        if MEDIA_TYPE.fullmatch(node.value):
            found.media.add(node.value)
    elif (
        isinstance(node, ast.Assign)
        and ast.unparse(node.targets[0]) == "request.response.status"
        and (status := number(node.value))
    ):
        (found.sometimes if conditional else found.always).add(status)
    elif (
        isinstance(node, ast.Attribute) and node.attr == "media_type" and ast.unparse(node).startswith("row")
    ):
        found.media.add("*/*")


def read_call(found: Reading, node: ast.Call, function: Callable[..., Any], conditional: bool) -> None:
    name = ast.unparse(node.func)
    if name == "read_json":
        found.body = resolved(node.args[1], function)
    elif name == "json_object":
        found.body = "object"
    elif name in ("request.GET.get", "request.params.get") and isinstance(node.args[0], ast.Constant):
        found.query[str(node.args[0].value)] = {"type": "string"}
    elif name == "request.headers.get" and isinstance(node.args[0], ast.Constant):
        found.headers.add(str(node.args[0].value))
    elif name.endswith(".model_validate") and "request.GET" in ast.unparse(node):
        found.query_models.append(resolved(node.func.value, function))  # type: ignore[attr-defined]
    elif name == "problem" and (status := number(node.args[1])):
        found.errors.add(status)
    elif name == "signed_refusal":
        found.errors |= SIGNED_REFUSALS
    elif name == "Response":
        for keyword in node.keywords:
            if keyword.arg == "status" and (status := number(keyword.value)):
                (found.sometimes if conditional else found.always).add(status)


def number(node: ast.expr) -> int:
    """The whole number that stands there; 0 when none does."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, int) else 0


# --- the application ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Operation:
    """One method of one address."""

    route: str
    path: str
    method: str
    permission: str
    view: Callable[..., Any]
    in_context: bool
    json: bool


def operations(config: Configurator) -> list[Operation]:
    """Every view of every `/api` route, by address and method."""
    routes = {
        item["introspectable"]["name"]: item["introspectable"]
        for item in config.introspector.get_category("routes")
    }
    found = []
    for item in config.introspector.get_category("views"):
        view = item["introspectable"]
        route = routes.get(view["route_name"])
        if route is None or not route["pattern"].startswith(PREFIX):
            continue
        named = [str(r.title) for r in item["related"] if r.category_name == "permissions"]
        methods = view["request_methods"] or ("GET", *(("POST",) if read(view["callable"]).posts else ()))
        for method in {methods} if isinstance(methods, str) else set(methods) - {"HEAD"}:
            found.append(
                Operation(
                    route["name"], route["pattern"], method, named[0] if named else PUBLIC, view["callable"],
                    route["factory"] is not None, view["callable"].__annotations__["return"] != "Response",
                )
            )  # fmt: skip
    return sorted(found, key=lambda each: (each.path, each.method))


def address(pattern: str) -> tuple[str, list[Schema]]:
    """The path template and its parameters."""
    parameters = []
    for name, rule in re.findall(PARAMETER, pattern):
        kind: Schema = {"type": "string", "minLength": 1}
        if digits := re.fullmatch(r"\[0-9\]\{1,(\d+)\}", rule):
            kind = {"type": "integer", "minimum": 0, "maximum": 10 ** int(digits[1]) - 1}
        parameters.append({"name": name, "in": "path", "required": True, "schema": kind})
    return re.sub(PARAMETER, r"{\1}", pattern), parameters


def room(function: Callable[..., Any]) -> str:
    return function.__module__.split(".")[1]


def described(config: Configurator) -> Schema:
    """The whole document."""
    components: dict[str, Schema] = {"Problem": problem_schema()}
    paths: dict[str, Schema] = {}
    for each in operations(config):
        path, parameters = address(each.path)
        paths.setdefault(path, {})[each.method.lower()] = operation(each, parameters, components)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Tradehall",
            "version": "1",
            "description": "Byte fields are base64url without padding, instants RFC 3339 in UTC, money a string "
            "with two places. Errors are problem+json (RFC 9457) with every fault and its remedy.",
        },
        "security": [{"key": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": "An API key of one's own account."}
            },
            "responses": error_responses(),
            "schemas": dict(sorted(components.items())),
        },
    }


def operation(each: Operation, parameters: list[Schema], components: dict[str, Schema]) -> Schema:
    """One operation object."""
    said = read(each.view)
    words = inspect.cleandoc(each.view.__doc__ or "")
    made: Schema = {
        "operationId": f"{each.method.lower()}-{each.route.removeprefix('api-')}",
        "tags": [room(each.view)],
        "description": words,
        "parameters": parameters + query(said) + headers(said),
        "responses": responses(each, said, bool(parameters), answer(each, components)),
    }
    if each.permission == PUBLIC:
        made["security"] = []
    else:
        made["x-permission"] = each.permission
    if each.method != "GET" and said.body:
        made["requestBody"] = body(said, components)
    return made


def query(said: Reading) -> list[Schema]:
    """Parameters after the question mark; none is needed but those of a model without default."""
    found = {name: (schema, False) for name, schema in said.query.items()}
    for model in said.query_models:
        schema = model.model_json_schema()
        for name, part in schema["properties"].items():
            found[name] = (
                {"type": "string", "description": part.get("title", "")},
                name in schema.get("required", ()),
            )
    return [
        {"name": name, "in": "query", "required": required, "schema": schema}
        for name, (schema, required) in sorted(found.items())
    ]


def headers(said: Reading) -> list[Schema]:
    text = {"type": "string"}
    return [{"name": name, "in": "header", "required": True, "schema": text} for name in sorted(said.headers)]


def body(said: Reading, components: dict[str, Schema]) -> Schema:
    if said.body == "bytes":
        return {"required": True, "content": {BYTES: {"schema": {}}}}
    model = DraftTender if said.body == "object" else said.body
    assert isinstance(model, type)
    schema: Schema = {"$ref": f"#/components/schemas/{add_model(model, components)}"}
    if said.body == "object":  # what is left out stays as it was
        schema = {"type": "object", "properties": components["tenders.DraftTender"]["properties"]}
    return {"required": True, "content": {JSON: {"schema": schema}}}


def add_model(model: type[BaseModel], components: dict[str, Schema]) -> str:
    """Put a command and what it is made of among the components; returns its name."""
    prefix = model.__module__.split(".")[1]
    schema = plain(model.model_json_schema(ref_template=f"#/components/schemas/{prefix}.{{model}}"))
    for name, part in ({model.__name__: schema} | schema.pop("$defs", {})).items():
        components[f"{prefix}.{name}"] = part
    return f"{prefix}.{model.__name__}"


def plain(value: Any) -> Any:
    """Bytes travel as base64url text."""
    if isinstance(value, dict):
        if value.get("format") == "binary":
            kept = {k: v for k, v in value.items() if k not in ("format", "minLength", "maxLength")}
            return kept | {"contentEncoding": "base64url", "pattern": "^[A-Za-z0-9_-]+$"}
        return {key: plain(inner) for key, inner in value.items()}
    return [plain(inner) for inner in value] if isinstance(value, list) else value


def answer(each: Operation, components: dict[str, Schema]) -> Schema:
    """The schema of what is answered on success: the TypedDict that the view says it returns; {} when it says none."""
    said = get_type_hints(each.view)["return"]
    if not hasattr(said, "__required_keys__"):
        return {}
    prefix = said.__module__.split(".")[1]
    made = TypeAdapter(said).json_schema(ref_template=f"#/components/schemas/{prefix}.{{model}}")
    for name, part in ({said.__name__: made} | made.pop("$defs", {})).items():
        components[f"{prefix}.{name}"] = part
    return {"$ref": f"#/components/schemas/{prefix}.{said.__name__}"}


def responses(each: Operation, said: Reading, with_address: bool, answered: Schema) -> Schema:
    """Every status that the operation may answer with."""
    errors = said.errors | {400, 401, 403, 422}
    errors |= {404} if with_address or each.in_context else set()
    errors |= {413} if each.method != "GET" else set()
    errors |= {429} if each.route in RATES else set()
    media = ({JSON} if each.json else set()) | (said.media if not each.json else said.media & {JSON}) or {
        BYTES
    }
    made: Schema = {}
    for status in sorted(said.successes):
        made[str(status)] = {"description": WORDS[status]}
        if status != 204:
            made[str(status)]["content"] = {name: {"schema": answered} for name in sorted(media)}
    return made | {str(status): {"$ref": f"#/components/responses/{status}"} for status in sorted(errors)}


def error_responses() -> Schema:
    """One for every error status."""
    shown = {"schema": {"$ref": "#/components/schemas/Problem"}}
    return {
        str(status): {"description": words, "content": {PROBLEM: shown}}
        for status, words in WORDS.items()
        if status >= 400
    }


def problem_schema() -> Schema:
    """What `trading.refusals.problem` answers."""
    text = {"type": "string"}
    fault = dict.fromkeys(("code", "message", "field", "rule", "remedy"), text)
    return {
        "type": "object",
        "required": ["type", "title", "status", "code", "faults"],
        "properties": {
            "type": text,
            "title": text,
            "status": {"type": "integer"},
            "code": text,
            "detail": text,
            "faults": {
                "type": "array",
                "items": {"type": "object", "required": ["code", "message"], "properties": fault},
            },
            "refusal": {"type": "object", "description": "The hall's signature over a bid's refusal."},
        },
    }


# --- writing --------------------------------------------------------------------------------------


def text(document: Mapping[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def hall(folder: Path) -> Configurator:
    """The configured application without any server: nothing of it is asked."""
    from config.app import make_config
    from config.installation import prepare
    from config.settings import settings

    prepare(folder)
    config = make_config(settings(folder, "postgresql+psycopg://nobody@localhost/none", "redis://localhost"))
    config.commit()
    return config


def drawn() -> str:
    with tempfile.TemporaryDirectory(prefix="tradehall-") as folder:
        return text(described(hall(Path(folder))))


def main(arguments: Sequence[str] | None = None, file: Path = FILE) -> int:
    """Write, or with `--check` only compare; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m config.openapi", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when the file is stale")
    chosen = parser.parse_args(arguments)
    made = drawn()
    if chosen.check:
        if file.exists() and file.read_text(encoding="utf-8") == made:
            return 0
        print("docs/openapi.json is out of date: run `make docs`", file=sys.stderr)
        return 1
    file.write_text(made, encoding="utf-8", newline="\n")
    print(file)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
