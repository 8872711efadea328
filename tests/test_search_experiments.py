"""Better and worse passages, passages taken away, less to learn from: what is shown and asked is what the names say."""

import dataclasses
from collections import Counter

import fakes
import pytest
from fakes import one_thread  # noqa: F401

from utils import systems
from utils.data import load_company
from utils.experiments import citations, data_size, full, search_quality
from utils.experiments.citing import CITER, ask_citer, citing_examples, named_documents, titles_of
from utils.experiments.data_size import SIZES, Size, choose_questions, count_steps, examples_of
from utils.experiments.search_quality import Part, passages_of
from utils.experiments.taking_away import CITES, Right, figures_of, is_right
from utils.lab import Lab, plan_training
from utils.ledger import load_claims
from utils.measure.claims import Claim
from utils.measure.evaluation import Condition, check_same_questions
from utils.measure.metrics import ABSTENTION, contains
from utils.measure.results import FIGURE_FIELDS, ROW_FIELDS
from utils.measure.samples import background_of, take_sample
from utils.records import Answer, Hit, Question
from utils.tune.examples import encode, holds_evidence

CLASSROOM = load_company(slice_name="classroom")
ELSEWHERE = ("pottery-clay", "pottery-evenings")  # the pages of another desk


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """The club with the tiny model; two of its pages belong to another desk, and raft's classroom is the club, too."""
    folder = tmp_path_factory.mktemp("search")
    with pytest.MonkeyPatch.context() as patch:
        fakes.small_training(patch)
        patch.setattr(full, "lab_of", lambda lab, arm: lab)
        lab = fakes.club_lab(fakes.write_company(folder / "club"), folder / "work")
        pages = [dataclasses.replace(p, desk="shed") if p.doc_id in ELSEWHERE else p for p in lab.company.documents]
        yield dataclasses.replace(lab, company=dataclasses.replace(lab.company, documents=tuple(pages)))


@pytest.fixture
def prompts(monkeypatch):
    """Every prompt that is put to a model."""
    put, generate = [], systems.generate

    def counting(lm, prompts, **kwargs):
        put.extend((lm, prompt) for prompt in prompts)
        return generate(lm, prompts, **kwargs)

    monkeypatch.setattr(systems, "generate", counting)
    return put


def facts(lab: Lab) -> list[Question]:
    return [question for question in lab.company.split("test") if question.kind == "fact"]


# Better and worse passages


def test_hard_passages_are_the_best_found_without_the_answer(lab):
    questions = facts(lab)
    found = lab.retrieve[False]([question.text for question in questions], len(lab.chunks[False]))
    for question, ranked, hard in zip(questions, found, passages_of(lab, "hard", 3, questions)):
        quote = question.evidence[0].quote
        holds = [quote in hit.chunk.text or contains(hit.chunk.passage, question.answers[0]) for hit in ranked]
        assert any(holds) and hard == [hit for hit, bad in zip(ranked, holds) if not bad][:3]


@pytest.mark.parametrize(("kind", "k", "place"), [("gold", 1, 0), ("gold", 3, 0), ("middle", 3, 1), ("last", 3, 2)])
def test_the_right_passage_stands_in_its_place_among_hard_ones(lab, kind, k, place):
    questions = facts(lab)
    hard = passages_of(lab, "hard", k, questions)
    for question, shown, others in zip(questions, passages_of(lab, kind, k, questions), hard):
        assert [holds_evidence(hit, question) for hit in shown] == [number == place for number in range(k)]
        assert [*shown[:place], *shown[place + 1 :]] == others[: k - 1]


def test_random_passages_come_from_other_desks_and_are_the_same_at_every_call(lab):
    questions = facts(lab)
    shown = passages_of(lab, "random", 3, questions)
    assert shown == passages_of(lab, "random", 3, questions[::-1])[::-1]
    assert {hit.chunk.doc_id for hits in shown for hit in hits} == set(ELSEWHERE)
    assert len({tuple(hits) for hits in shown}) > 1
    assert not any(contains(hit.chunk.passage, q.answers[0]) for q, hits in zip(questions, shown) for hit in hits)


def test_what_a_search_finds_is_shown_as_it_is(lab):
    texts = [question.text for question in facts(lab)]
    assert passages_of(lab, "hybrid", 2, facts(lab)) == lab.retrieve[False](texts, 2)
    assert passages_of(lab, "keyword", 2, facts(lab)) != passages_of(lab, "dense", 2, facts(lab))
    assert passages_of(lab, "none", 2, facts(lab)) == [[]] * len(texts)


def test_more_passages_without_the_answer_than_there_are_is_refused(lab):
    with pytest.raises(ValueError, match=r"pottery-001-t1: \d+ of 5 passages don't hold its answer, need 6: raise POOL"):
        passages_of(lab, "random", 6, facts(lab))


@pytest.fixture(scope="module")
def shown_worse(lab):
    return [row for part in search_quality.PARTS for row in search_quality.answer_part(lab, part)]


def test_every_variant_is_asked_the_same_questions_and_says_what_it_was_shown(lab, shown_worse):
    check_same_questions(shown_worse)
    counts = Counter(row["system"] for row in shown_worse)
    assert len(counts) == sum(len(part.variants) for part in search_quality.PARTS)
    assert set(counts.values()) == {len(facts(lab))}
    for row in shown_worse:
        system, kind = row["system"].split("/")
        number = 3 if kind.endswith("-3") or system == "raft" else 1
        assert row["k"] == (None if kind == "none" else number) and (row["adapter_sha256"] is None) == (system == "rag")
        if kind.removesuffix("-3") not in ("none", "keyword"):  # among so few passages hardly any shares a word
            assert len(row["retrieved"]) == number
        if kind.removesuffix("-3") in ("gold", "middle", "last", "hard", "random"):
            assert row["gold_retrieved"] == (kind.removesuffix("-3") not in ("hard", "random"))


def claim_of(claim_id: str) -> Claim:
    return next(claim for claim in load_claims() if claim.claim_id == claim_id)


def test_the_promise_can_be_decided_from_the_rows(lab, shown_worse):
    rows = [{**row, "correct": bool(row["gold_retrieved"])} for row in shown_worse]
    sample = take_sample(claim_of("R6").compute, {search_quality.NAME: rows}, background_of(lab.company.questions))
    assert (sample.value, sample.n) == (1.0, len(facts(lab)))


def test_a_prompt_that_two_variants_share_is_put_once(lab, prompts):
    search_quality.answer_part(lab, Part("rag", 1, ("gold", "hybrid", "hard"), 1))
    assert len(prompts) == len(set(prompts)) < 3 * len(facts(lab))


# Passages taken away


@pytest.fixture
def kiln(lab):
    """A question and its pool of four passages, the second of which holds the evidence."""
    question = facts(lab)[0]
    [(first, third, fourth)] = passages_of(lab, "hard", 3, [question])
    return question, [first, *systems.gold_hits(lab.chunks[False], question.evidence), third, fourth]


def reads(question: Question, hits: list[Hit]) -> Answer:
    """A reader that finds what is there and cites where it stands."""
    place = next((number for number, hit in enumerate(hits, 1) if holds_evidence(hit, question)), None)
    return Answer(f"{question.answers[0]} [{place}]" if place else ABSTENTION, hits=tuple(hits))


def remembers(question: Question, hits: list[Hit]) -> Answer:
    """A reader that knows the answer by heart and cites the first passage."""
    return Answer(f"{question.answers[0]} [1]", hits=tuple(hits))


def never_cites(question: Question, hits: list[Hit]) -> Answer:
    """A reader that knows the answer and never cites."""
    return Answer(question.answers[0], hits=tuple(hits))


CITED, OTHER, SOURCE = (
    f"changed when {passage} is gone" for passage in ("the cited passage", "another passage", "the passage with the answer")
)


@pytest.mark.parametrize(
    ("reader", "expected"),
    [
        (reads, {CITES: 1.0, CITED: 1.0, OTHER: 0.0, SOURCE: 1.0}),
        (remembers, {CITES: 0.0, CITED: 0.0, OTHER: 0.0, SOURCE: 0.0}),
        (never_cites, {CITES: 0.0, SOURCE: 0.0}),
    ],
)
def test_taking_passages_away_tells_readers_apart(kiln, reader, expected):
    question, pool = kiln
    right = Right(question, reader(question, pool[:2]), pool)
    put = []

    def ask(questions, shown):
        put.extend(shown)
        return [reader(question, hits) for question, hits in zip(questions, shown)]

    figures = figures_of("rag", 1, [right], ask)
    assert {row["figure"]: row["value"] for row in figures} == expected
    assert {(row["system"], row["seed"], row["item"]) for row in figures} == {("rag", 1, question.question_id)}
    assert all(len(hits) == 2 and hits[1] == pool[2] for hits in put)  # the next one found moved up


def test_with_one_passage_there_is_no_other_to_take_away(kiln):
    question, (_, gold, third, _) = kiln
    right = Right(question, reads(question, [gold]), [gold, third])
    figures = figures_of("rag", None, [right], lambda questions, shown: [reads(q, s) for q, s in zip(questions, shown)])
    assert OTHER not in {row["figure"] for row in figures} and CITED in {row["figure"] for row in figures}


def test_an_abstention_is_no_right_answer_of_which_passages_could_be_taken_away(kiln):
    question, _ = kiln
    assert is_right(question, Answer("On Thursdays. [1]")) and not is_right(question, Answer("on Mondays, or Thursdays"))
    assert not is_right(dataclasses.replace(question, answers=()), Answer(ABSTENTION))


def test_a_reader_gives_rows_and_puts_no_prompt_twice(lab, prompts, monkeypatch):
    monkeypatch.setattr(citations, "is_right", lambda question, answer: bool(question.answers))  # all are asked again
    for reader in citations.READERS[:4]:
        prompts.clear()
        rows = citations.answer_reader(lab, reader)
        answers = [row for row in rows if "figure" not in row]
        assert len(answers) == len(lab.company.split("test")) and set(answers[0]) == set(ROW_FIELDS)
        assert {row["k"] for row in answers} == {reader.k} and {row["seed"] for row in answers} == {reader.seed}
        assert {row["figure"] for row in rows[len(answers) :]} >= {CITES, SOURCE} and set(rows[-1]) == set(FIGURE_FIELDS)
        assert len({row["system"] for row in rows}) == 1
        assert len(answers) < len(prompts) == len(set(prompts))


def test_a_title_in_brackets_names_its_page():
    titles = titles_of(CLASSROOM.documents)
    title = titles["people-annual-leave-shops"]
    assert named_documents(f"15 February [{title}]", titles) == ["people-annual-leave-shops"]
    assert named_documents(f"15 February {title} [Annual leave] [1]", titles) == []
    assert len(set(titles.values())) == len(titles)


def test_no_title_of_the_classroom_would_pass_for_an_answer():
    for question in CLASSROOM.questions:
        for title in titles_of(CLASSROOM.documents).values():
            assert not any(contains(title, answer) for answer in (*question.answers, *question.wrong_answers))


def test_the_rival_learns_what_ft_learns_with_a_title_behind_each_answer(lab):
    learn, validate = citing_examples(lab, 1)
    plain = examples_of(lab, Size("all", wordings=data_size.WRITTEN), 1)
    titles = {f" [{title}]" for title in titles_of(lab.company.documents).values()}
    for with_title, without in ((learn, plain[0]), (validate, plain[1])):
        assert [example.messages for example in with_title] == [example.messages for example in without]
        added = [one.answer.removeprefix(other.answer) for one, other in zip(with_title, without)]
        assert all(title in titles if other.answer != ABSTENTION else not title for title, other in zip(added, without))


def test_the_rival_has_an_adapter_of_its_own_and_sees_no_passage(lab):
    condition, answers = ask_citer(lab, facts(lab), 1)
    assert [folder.name.split("-seed")[0] for folder in (lab.work / "adapters").glob("ft-cites-seed1-*")] == ["ft-cites"]
    assert (condition.system, condition.seed, condition.k) == (CITER, 1, None) and condition.adapter_sha256
    assert [answer.hits for answer in answers] == [()] * len(facts(lab))


def test_the_rival_s_rows_hold_the_pages_it_names(lab, monkeypatch):
    page = lab.company.documents[0]
    said = [Answer(f"{(*question.answers, '?')[0]} [{page.title}]", prompt="p") for question in lab.company.split("test")]
    monkeypatch.setattr(citations, "ask_citer", lambda *_: (Condition(f"{CITER}-1", CITER, 1, False, None), said))
    rows = citations.answer_citer(lab, 1)
    answers, figures = ([row for row in rows if ("figure" in row) == wanted] for wanted in (False, True))
    assert all(row["cited"] == [page.doc_id] and row["retrieved"] is None for row in answers)
    held = {q.question_id: q.evidence[0].doc_id == page.doc_id for q in facts(lab)}
    assert {row["item"]: bool(row["value"]) for row in figures} == held and len(set(held.values())) == 2


# Less to learn from


@pytest.fixture(scope="module")
def classroom(lab):
    return dataclasses.replace(lab, company=CLASSROOM)


SIZE = {size.name: size for size in SIZES}
TRAIN = CLASSROOM.split("train")


def test_four_wordings_are_ft_itself(lab, classroom):
    for seed in (1, 2):
        plan = plan_training(classroom, "ft", seed)
        learn, validate = examples_of(classroom, SIZE["4-wordings"], seed)
        assert [encode(lab.lm.tokenizer, example) for example in learn] == plan.learn
        assert [encode(lab.lm.tokenizer, example) for example in validate] == plan.validate


@pytest.mark.parametrize(
    ("name", "written", "examples", "steps"),
    [
        ("4-wordings", 208, 416, 156),
        ("2-wordings", 104, 416, 156),
        ("1-wording", 52, 416, 156),
        ("4-wordings-plain", 208, 416, 156),
        ("1-wording-plain", 52, 416, 156),
        ("24-facts", 104, 208, 78),
        ("12-facts", 52, 104, 42),
        ("half-steps", 208, 416, 78),
        ("sixth-steps", 208, 416, 26),
    ],
)
def test_one_thing_varies_at_a_time(classroom, name, written, examples, steps):
    learn, _ = examples_of(classroom, SIZE[name], 1)
    chosen = choose_questions(TRAIN, SIZE[name], 1)
    assert (len(chosen), len(learn)) == (written, examples)
    assert sum(example.answer == ABSTENTION for example in learn) * 13 == examples  # one in thirteen, whatever the size
    assert set(Counter(q.fact_id for q in chosen if q.answers).values()) == {SIZE[name].wordings}
    assert count_steps(classroom, SIZE[name]) == steps


def test_only_thinned_copies_hold_what_nobody_wrote(classroom):
    written = {question.text for question in TRAIN}

    def asked(name: str) -> set[str]:
        return {example.messages[-1]["content"] for example in examples_of(classroom, SIZE[name], 1)[0]}

    assert asked("4-wordings-plain") == written and len(asked("1-wording-plain")) == 52
    assert len(asked("1-wording") - written) > 104  # each time thinned out afresh


def test_seeds_take_other_facts_and_other_wordings():
    twelve = [{q.fact_id for q in choose_questions(TRAIN, SIZE["12-facts"], seed) if q.answers} for seed in (1, 2, 3, 4)]
    assert [len(facts) for facts in twelve] == [12] * 4 and len(set.union(*twelve)) == 48
    one, other = (set(choose_questions(TRAIN, SIZE["1-wording"], seed)) for seed in (1, 2))
    assert one != other and choose_questions(TRAIN, SIZE["1-wording"], 1) == choose_questions(TRAIN, SIZE["1-wording"], 1)


def test_a_size_is_asked_about_what_it_learned(lab):
    size = Size("half", wordings=2, one_in=2, epochs=1)
    rows = data_size.answer_size(lab, size, 2)
    learned = choose_questions(lab.company.split("train"), size, 2)
    assert {row["question_id"] for row in rows if row["system"] == "ft/half/trained"} == {q.question_id for q in learned}
    test = {row["question_id"] for row in rows if row["system"] == "ft/half"}
    assert test == {"pottery-002-t1", "pottery-004-t1", "pottery-006-t1", "pottery-u04-test"}
    assert len({row["adapter_sha256"] for row in rows}) == 1 and all(row["k"] is None for row in rows)


def test_units_have_names_of_their_own_and_depend_on_size_and_seed(classroom):
    units = [data_size.unit_of(classroom, size, seed) for size in SIZES for seed in range(1, size.seeds + 1)]
    assert len({unit.name for unit in units}) == len({repr(unit.depends_on) for unit in units}) == len(units)


def test_the_promise_is_decided_by_sizes_that_there_are():
    assert claim_of("F5").compute.systems <= {f"ft/{size.name}" for size in SIZES}
