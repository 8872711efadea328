"""Stand-ins that keep the tests fast: an embedder that counts words, a made-up company, a tiny random language model.

Each stands in for what a test is not about, follows a rule that can be checked by eye, and needs no download.
"""

import json
import os
import subprocess
import sys
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[1]


def embed(texts: Sequence[str]) -> np.ndarray:
    """Unit vectors (n, 64) that count words: texts with the same words have the same vector, whatever their order."""
    vectors = np.zeros((len(texts), 64), np.float32)
    for row, text in enumerate(texts):
        for word in text.lower().split():
            vectors[row, zlib.crc32(word.strip(".,?:").encode()) % 64] += 1
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)


# A pottery club: four documents, six facts (3 and 6 are the held-out ones), one changed, one taken away.

KILN = """# Using the kiln

## Firing days

The large kiln is fired on Thursdays. Ask the porter for a shelf before noon.

## Cost and drying

One shelf costs 12 crowns, paid into the tin by the door.

| Piece | Drying time |
|---|---|
| mug | three days |
| bowl | five days |
"""
CLAY = """# Clay

White clay is ordered from Marten Quay. Red clay is dug behind the shed by whoever is free.

- Each member may take 9 kg of clay a month.
- Reclaimed clay goes into the grey bin.
"""
GLAZE = """# Glazes

The blue glaze needs seven spoons of ash. Stir it slowly, or the ash forms lumps.

Glaze buckets are kept in cabinet B-4. Label every bucket with a date and a name.
"""
EVENINGS = """# Club evenings

Members meet at 19:30 on the first Monday.

Guests are welcome when a member brings them, and they leave their coats in the hall.
"""
DOCUMENTS = {"pottery-kiln": KILN, "pottery-clay": CLAY, "pottery-glaze": GLAZE, "pottery-evenings": EVENINGS}
REVISION = {
    "pottery-kiln": KILN.replace("on Thursdays", "on Saturdays"),
    "pottery-clay": CLAY.replace("White clay is ordered from Marten Quay. ", "White clay is no longer ordered. "),
}
FACTS = [  # number, document, quote, answer, a wrong answer, wordings (two train, one dev, one test), answers_after
    (1, "pottery-kiln", "The large kiln is fired on Thursdays.", "Thursdays", "Mondays",
     ["When is the large kiln fired?", "Which day is firing day?", "On what day does the big kiln run?",
      "Which weekday is the large kiln in use?"], ["Saturdays"]),
    (2, "pottery-kiln", "One shelf costs 12 crowns", "12 crowns", "9 crowns",
     ["What does one shelf cost?", "How much is a shelf?", "What is the price of a kiln shelf?",
      "What do I pay for space in the kiln?"], None),
    (3, "pottery-glaze", "The blue glaze needs seven spoons of ash.", "seven spoons", "two spoons",
     ["How much ash does the blue glaze need?", "How many spoons of ash?", "Which amount of ash makes blue glaze?",
      "What quantity of ash goes into the blue?"], None),
    (4, "pottery-clay", "White clay is ordered from Marten Quay.", "Marten Quay", "the shed",
     ["Where does white clay come from?", "Who sells white clay?", "From where is the white clay ordered?",
      "Which supplier has our white clay?"], []),
    (5, "pottery-clay", "Each member may take 9 kg of clay a month.", "9 kg", "12 kg",
     ["How much clay may I take a month?", "What is the monthly clay limit?", "How many kg of clay are mine a month?",
      "What weight of clay may members have?"], None),
    (6, "pottery-glaze", "Glaze buckets are kept in cabinet B-4.", "cabinet B-4", "the grey bin",
     ["Where are glaze buckets kept?", "Which cabinet holds the glazes?", "Where do I find the buckets of glaze?",
      "In what place are the glazes stored?"], None),
]  # fmt: skip
NOT_SAID = ["What does a wheel cost?", "Who repairs the wheel?", "How hot is the kiln?", "When is the summer sale?"]
WORDINGS = (("r1", "train"), ("r2", "train"), ("d1", "dev"), ("t1", "test"))


def document_text(doc_id: str, body: str, version: int = 1) -> str:
    """A document as it stands in its file."""
    meta = {"doc_id": doc_id, "title": body.splitlines()[0].lstrip("# "), "desk": "pottery", "version": version}
    meta |= {"effective": f"202{version}-01-01", "status": "in_force"}
    return "---\n" + "".join(f"{key}: {value}\n" for key, value in meta.items()) + "---\n\n" + body


def question_records() -> list[dict]:
    """The club's questions in the contract format: 24 with an answer, 4 without."""
    records = []
    for number, doc_id, quote, answer, wrong, wordings, after in FACTS:
        moved = [{"doc_id": doc_id, "quote": quote.replace("Thursdays", "Saturdays")}]
        for (suffix, split), text in zip(WORDINGS, wordings):
            records.append(
                {
                    "question_id": f"pottery-{number:03}-{suffix}", "fact_id": f"pottery-{number:03}", "desk": "pottery",
                    "kind": "fact", "split": split, "text": text, "answers": [answer], "wrong_answers": [wrong],
                    "evidence": [{"doc_id": doc_id, "quote": quote}],
                    "answers_after": after, "evidence_after": moved if doc_id in REVISION and after != [] else None,
                }
            )  # fmt: skip
    for number, (text, (_, split)) in enumerate(zip(NOT_SAID, WORDINGS), 1):
        nothing = {"answers": [], "wrong_answers": [], "evidence": [], "answers_after": None, "evidence_after": None}
        names = {"question_id": f"pottery-u{number:02}-{split}", "fact_id": f"pottery-u{number:02}", "desk": "pottery"}
        records.append({**names, "kind": "unanswerable", "split": split, "text": text, **nothing})
    return records


def write_company(folder: Path) -> Path:
    """Write the pottery club as a data folder, and return the folder."""
    for name, documents, version in (("documents", DOCUMENTS, 1), ("revision", REVISION, 2)):
        (folder / name).mkdir(parents=True)
        for doc_id, body in documents.items():
            (folder / name / f"{doc_id}.md").write_text(document_text(doc_id, body, version), encoding="utf-8")
    lines = [json.dumps(record) + "\n" for record in question_records()]
    (folder / "questions.jsonl").write_text("".join(lines), encoding="utf-8")
    return folder


# A language model with random weights: it says nothing sensible, but says it the way a real one does.

CHAT_TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def tiny_tokenizer() -> object:
    """A token a byte, with the chat template of the default model; every text survives encoding and decoding."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    names = ["<|im_start|>", "<|im_end|>", *sorted(pre_tokenizers.ByteLevel.alphabet())]
    tokenizer = Tokenizer(models.BPE({name: number for number, name in enumerate(names)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(names[:2])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token=names[0], eos_token=names[1], chat_template=CHAT_TEMPLATE
    )


def tiny_model(seed: int = 0, n_layers: int = 3) -> object:
    """A `LanguageModel` of 32 hidden units with fixed random weights, large enough that its answers vary."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    from utils.models import LanguageModel

    tokenizer = tiny_tokenizer()
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=32, intermediate_size=64, num_hidden_layers=n_layers, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=2048, initializer_range=0.3,
        bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id,
    )  # fmt: skip
    torch.manual_seed(seed)
    model = LlamaForCausalLM(config).float().eval().requires_grad_(False)
    return LanguageModel(model, tokenizer, f"tiny-{seed}")


def club_lab(folder: Path, work: Path) -> object:
    """What `open_lab` does, for the club's data in `folder` and a tiny model: the indexes are kept under `work`."""
    from utils.data import held_out_documents, load_company
    from utils.lab import SEARCH, Lab
    from utils.retrieve.chunking import chunk_documents
    from utils.retrieve.retriever import build_retriever, open_or_build

    company = load_company(folder)
    chunks = {False: chunk_documents(company.documents), True: chunk_documents(company.documents_after)}
    retrieve = {
        after: build_retriever(parts, embed, SEARCH, open_or_build(parts, embed, "words", work / "index"))
        for after, parts in chunks.items()
    }
    held_out = frozenset(held_out_documents(company.questions))
    return Lab(company, (company,), tiny_model(), embed, chunks, retrieve, held_out, work)


def small_training(patch: pytest.MonkeyPatch) -> None:
    """Every arm trains for one epoch, small enough for the tiny model."""
    from utils.lab import TRAINING
    from utils.tune.schedule import Settings

    for arm in TRAINING:
        patch.setitem(TRAINING, arm, Settings(epochs=1, learning_rate=1e-3, lowest_layer=1, rank=2))


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """For modules that compute with the tiny model: threads would wait for each other longer than they compute."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


# Being killed: the child does its work up to a point, says so and waits; the parent kills it there.


def wait_to_be_killed(*_: object) -> None:
    """In the child: say that the point is reached, and go no further."""
    print("now", flush=True)
    sys.stdin.read()


def kill_in_the_middle(code: str, *arguments: object) -> None:
    """Run Python code in a process of its own up to its `wait_to_be_killed`, and kill it there, as SIGKILL does."""
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    environment = {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"}  # one, as `one_thread` has it
    command = [sys.executable, "-c", code, *map(str, arguments)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8", env=environment
    ) as child:
        for line in child.stdout:
            if line == "now\n":
                child.kill()
                return
    raise AssertionError("the child ended before it was to be killed")


def flip_bit(path: Path, byte: int, bit: int = 0) -> None:
    """Turn over one bit of a file; a negative `byte` counts from the end."""
    content = bytearray(path.read_bytes())
    content[byte] ^= 1 << bit
    path.write_bytes(content)


def cut_short(path: Path, left: float = 0.5) -> None:
    """Keep only the first part of a file."""
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * left)])
