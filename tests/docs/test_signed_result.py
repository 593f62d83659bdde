"""docs/signed-result.md: its code believes what checkout signed, and nothing else."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path
from typing import Any, Final

import pytest
from joserfc import jws
from joserfc.jwk import RSAKey

from checkout.model.status import Status
from checkout.shop_api.signed_result import key_id, signed_result
from tests.shop_api.payment_rows import payment
from tests.support import samples
from tests.support.document_blocks import Block, Desk, blocks
from tests.support.servers import ROOT

DOCUMENT: Final = ROOT / "docs" / "signed-result.md"
SHOP: Final = samples.shop()

# How each language's block is called: with [[key, result, token], …] in the file `asked`.
CALLS: Final = {
    "python": (
        "import json, pathlib\n"
        "from result import read_result\n"
        "asked = json.loads(pathlib.Path('asked').read_text())\n"
        "print(json.dumps([read_result(*each) for each in asked]))\n"
    ),
    "php": (
        "<?php\nrequire 'result.php';\n"
        "$asked = json_decode(file_get_contents('asked'));\n"
        "echo json_encode(array_map(fn ($each) => read_result(...$each), $asked));\n"
    ),
    "js": (
        "import { readFileSync } from 'node:fs';\n"
        "import { readResult } from './result.mjs';\n"
        "const asked = JSON.parse(readFileSync('asked', 'utf8'));\n"
        "console.log(JSON.stringify(asked.map((each) => readResult(...each))));\n"
    ),
}


def url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def signed(claims: dict[str, Any], **header: str) -> str:
    """Other words, signed with the shop's own key."""
    named = {"alg": "RS256", "typ": "checkout-result", "kid": key_id(SHOP.public_key)} | header
    key = RSAKey.import_key(SHOP.private_key)
    return jws.serialize_compact(named, json.dumps(claims), key, ["RS256", "RS512", "PS256"])


def forged(good: str, token: str) -> dict[str, tuple[str, str]]:
    """What must not be believed: (result, the token that the shop has)."""
    head, claims, signature = good.split(".")
    said = json.loads(base64.urlsafe_b64decode(claims + "=="))
    better = url(json.dumps(said | {"amount": 1}).encode())
    none = url(json.dumps({"alg": "none", "typ": "checkout-result"}).encode())
    return {
        "another order's": (good, "0" * 64),
        "another amount": (f"{head}.{better}.{signature}", token),
        "no signature": (f"{head}.{claims}.", token),
        "no algorithm": (f"{none}.{claims}.", token),
        "another hash": (signed(said, alg="RS512"), token),
        "another padding": (signed(said, alg="PS256"), token),
        "another kind of text": (signed(said, typ="JWT"), token),
        "another key's name": (signed(said, kid="x"), token),
        "a card that was kept": (signed(said | {"type": "tokenization"}), token),
        "reserved money": (signed(said | {"type": "authorization"}), token),
        "a test": (signed(said | {"test": True}), token),
        "an app's": (signed(said | {"created_by": "app"}), token),
        "too old": (signed(said | {"iat": said["iat"] - 3700}), token),
        "from tomorrow": (signed(said | {"iat": said["iat"] + 86400}), token),
        "two parts": (f"{head}.{claims}", token),
        "four parts": (f"{good}.{signature}", token),
        "nothing": ("", token),
        "no base64": ("é.é.é", token),
        "no JSON": (f"{url(b'{')}.{claims}.{signature}", token),
    }


@pytest.mark.parametrize("language", CALLS)
def test_it_believes_checkout_alone(language: str, tmp_path: Path) -> None:
    told = payment()
    good = signed_result(told, Status.PAID, SHOP, time.time())
    lies = forged(good, told.token)
    asked = [(good, told.token), *lies.values()]
    (tmp_path / "asked").write_text(json.dumps([(SHOP.public_key, *each) for each in asked]))
    reader = Desk(tmp_path, {})
    (block,) = (each for each in blocks(DOCUMENT) if each.language == language)
    reader.run(block)
    said = json.loads(reader.run(Block(DOCUMENT, 0, language, "", CALLS[language])))
    assert (said[0]["status"], said[0]["amount"], said[0]["uid"]) == (
        "successful", 1250, told.uid,
    )  # fmt: skip
    assert dict(zip(lies, said[1:], strict=True)) == dict.fromkeys(lies)


def test_the_address_in_it_is_as_long_as_it_says() -> None:
    made = signed_result(payment(), Status.PAID, SHOP, time.time())
    assert 700 < len(made) < 900
