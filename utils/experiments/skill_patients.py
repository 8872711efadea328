"""A skill and a page together: triage gives the code, the patient's own record says what the code means for them.

Skill {by the rule in the prompt, by examples found for it, fine-tuned} × record {given, absent}. With the record an answer
takes two steps: the question is triaged; then the base model, its adapter switched off, is shown the passage of the
patient's record that a search for the code finds. Only the first step differs between the arms. Without the record there is
nothing to read, and the answer is what triage says.
"""

import dataclasses
from collections.abc import Sequence

from utils.answer.prompts import cited_documents
from utils.experiments.skill_arms import arms_of, ask_tuned, choose, train_skill
from utils.experiments.skill_prompts import SEPARATOR, Item, Skill
from utils.experiments.skill_records import choose_reader, read_plans
from utils.lab import Lab
from utils.measure.evaluation import Condition, Row, score
from utils.measure.results import figure
from utils.records import Answer, Question
from utils.tune.lora import adapter_sha256


def triage_patients(lab: Lab, triage: Skill, system: str, seed: int | None) -> list[dict]:
    """Rows of a system (a prompted one or `ft`), without and with the record, before and after the records' revision.

    A figure a question says whether the code was right. `lab` holds the records and the questions about them.
    """
    arm, questions = arms_of(lab, triage)[system], lab.company.split("test")
    setting, _ = choose(lab, triage, arm)
    items = [Item(question.question_id, "test", question.text, (), False) for question in questions]
    triaged = ask_tuned(lab, triage, setting, items, seed) if seed else arm.answer(setting, items)
    adapter = adapter_sha256(train_skill(lab, triage, setting, seed).folder) if seed else None
    codes = [said_code(answer) for answer in triaged]
    wanted, (reader, _) = [(q.evidence[0].doc_id, code) for q, code in zip(questions, codes)], choose_reader(lab)
    rows, read = [], []
    for after in (False, True):
        read = read_plans(lab, wanted, after, reader, read)
        both = [add_costs(*steps) for steps in zip(triaged, read)]
        rows += score_all(triaged, questions, condition_of(system, seed, after, adapter))
        rows += score_all(both, questions, condition_of(f"{system}+record", seed, after, adapter))
    right = [code.lower() == gold_code(question) for code, question in zip(codes, questions)]
    return [*rows, *(figure("code", system, float(r), "right", seed, q.question_id) for r, q in zip(right, questions))]


def said_code(answer: Answer) -> str:
    """The code as triage wrote it, on the list or not: what is looked up in the record."""
    return answer.text.split("\n")[0].split(SEPARATOR)[0].strip()


def condition_of(system: str, seed: int | None, after: bool, adapter: str | None) -> Condition:
    """The label of a row. k is the one passage that is shown of a record."""
    run_id = f"{system}-{seed}-{'after' if after else 'before'}"
    return Condition(run_id, system, seed, after, 1 if system.endswith("+record") else None, adapter)


def score_all(answers: Sequence[Answer], questions: Sequence[Question], condition: Condition) -> list[Row]:
    """A row an answer; who was shown a passage can cite it."""
    cited = [cited_documents(answer.text, answer.hits) if condition.k else None for answer in answers]
    return [score(answer, question, condition, c) for answer, question, c in zip(answers, questions, cited)]


def add_costs(first: Answer, second: Answer) -> Answer:
    """The second step's answer with what both steps took."""
    costs = ("prompt_tokens", "answer_tokens", "prefill_s", "decode_s")
    return dataclasses.replace(second, **{name: getattr(first, name) + getattr(second, name) for name in costs})


def gold_code(question: Question) -> str:
    """The code that the question's signs lead to, in lower case: `patient-01-juniper` → juniper."""
    return question.fact_id.rsplit("-", 1)[1]
