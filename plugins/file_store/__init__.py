"""File stores (文件存储): providers of IFileStore.

Settings:
    file_store.kind      `local` (default) or `s3`
    file_store.folder    local: where the files lie
    file_store.bucket    s3: the bucket
    file_store.endpoint  s3: address of the service, when it is not AWS
    file_store.region, file_store.access_key_id, file_store.secret_access_key   s3

A key is written once. A file in pieces is several keys: nothing is ever appended to.
"""

from __future__ import annotations

from typing import Any

from obstore.store import S3Store

from plugins.file_store.local import LocalFileStore
from plugins.file_store.objects import ObjectFileStore
from trading.interfaces import IFileStore


def includeme(config: Any) -> None:
    config.provide(IFileStore, store_from(config.registry.settings))


def store_from(settings: Any) -> LocalFileStore | ObjectFileStore:
    """The store that the settings describe. Raises KeyError when a needed one is missing and ValueError
    for an unknown kind."""
    kind = settings.get("file_store.kind", "local")
    if kind == "local":
        return LocalFileStore(settings["file_store.folder"])
    if kind != "s3":
        raise ValueError(f"file_store.kind is local or s3, not {kind!r}")
    endpoint = settings.get("file_store.endpoint", "")
    chosen = {
        name: settings[f"file_store.{name}"]
        for name in ("region", "access_key_id", "secret_access_key")
        if settings.get(f"file_store.{name}")
    }
    if endpoint:
        chosen["endpoint"] = endpoint
    plain = endpoint.startswith("http://")
    return ObjectFileStore(
        S3Store(settings["file_store.bucket"], client_options={"allow_http": plain}, **chosen)
    )
