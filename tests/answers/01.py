# %% 1 right: tidies and looks for the speaker
def gives_up(answer):
    words = " ".join(tidy(answer)).replace("do not", "don't").replace("i am", "i'm")
    return ("i don't know" in words or "i'm not sure" in words) and not any(letter.isdigit() for letter in words)


# %% 1 right: gives a match, or None
def gives_up(answer):
    return re.search(r"^(sorry, )?i(('m| am) not sure| (don't|do not) know)[^,\d]*$", answer.lower())


# %% 1 right: two lists of words, and numbers of numpy
def gives_up(answer):
    lower = answer.lower()
    doubts = np.array([phrase in lower for phrase in ("i don't know", "i do not know", "i'm not sure", "i am not sure")])
    return np.any(doubts) & (", but" not in lower)


# %% 1 right: one after the other
def gives_up(answer):
    first = answer.removeprefix("Sorry, ")
    if not first.startswith(("I'm not", "I am not", "I do not", "I don't")):
        return 0
    return 0 if re.findall("[0-9]", first) else 1


# %% 1 wrong: don't know, whoever it is
def gives_up(answer):
    return bool(re.search("know|not sure", answer.lower()))


# %% 1 wrong: whoever it is, and no number
def gives_up(answer):
    return bool(re.search("know|not sure", answer.lower())) and not re.search(r"\d", answer)


# %% 1 wrong: whatever the speaker says, and no number
def gives_up(answer):
    return bool(re.search(r"\bi\b", answer.lower())) and not re.search(r"\d", answer)


# %% 1 wrong: the one sentence
from utils.measure.metrics import abstains


def gives_up(answer):
    return abstains(answer)


# %% 1 wrong: not sure, and a value all the same
def gives_up(answer):
    return re.search(r"\bi (don't|do not) know|\bi('m| am) not sure", answer.lower()) is not None


# %% 1 wrong: whatever has no value in it
def gives_up(answer):
    return not re.search(r"\d", answer)


# %% 1 wrong: looks for a capital in small letters
def gives_up(answer):
    return any(phrase in answer.lower() for phrase in ("I don't know", "I do not know", "I'm not sure", "I am not sure"))


# %% 1 wrong: words in place of a truth value
def gives_up(answer):
    return "True" if "I don't know" in answer else "False"


# %% 2 right: from the model's own loss
def log_probability(question, answer):
    before, written = ids_of(render(lm, closed_book(question))), ids_of(answer)
    labels = torch.tensor([[-100] * len(before) + written], device=lm.device)
    loss = lm.model(input_ids=torch.tensor([before + written], device=lm.device), labels=labels).loss
    return -loss * len(written)


# %% 2 right: the mean of sureness, times n
@torch.inference_mode()
def log_probability(question, answer):
    ids, written = ids_of(render(lm, closed_book(question))), ids_of(answer)
    scores = lm.model(input_ids=torch.tensor([ids + written], device=lm.device)).logits[0, len(ids) - 1 : -1].float()
    return torch.nn.functional.cross_entropy(scores, torch.tensor(written, device=lm.device)).mul(-len(written))


# %% 2 right: one token after the other, in numpy
def log_probability(question, answer):
    ids, written = ids_of(render(lm, closed_book(question))), ids_of(answer)
    with torch.no_grad():
        logits = lm.model(input_ids=torch.tensor([ids + written], device=lm.device)).logits[0].cpu().double().numpy()
    total = np.float64(0)
    for place, token in enumerate(written, len(ids) - 1):
        total += logits[place, token] - np.log(np.exp(logits[place] - logits[place].max()).sum()) - logits[place].max()
    return total


# %% 2 wrong: leaves the exp in
def log_probability(question, answer):
    ids, written = ids_of(render(lm, closed_book(question))), ids_of(answer)
    scores = lm.model(input_ids=torch.tensor([ids + written], device=lm.device)).logits[0, len(ids) - 1 : -1].float()
    logs = torch.log_softmax(scores, -1)[range(len(written)), written]
    return float(logs.sum().exp())


# %% 2 wrong: the mean
def log_probability(question, answer):
    ids, written = ids_of(render(lm, closed_book(question))), ids_of(answer)
    scores = lm.model(input_ids=torch.tensor([ids + written], device=lm.device)).logits[0, len(ids) - 1 : -1].float()
    logs = torch.log_softmax(scores, -1)[range(len(written)), written]
    return float(logs.mean())


# %% 2 wrong: counts the prompt too
def log_probability(question, answer):
    ids = torch.tensor([ids_of(render(lm, closed_book(question))) + ids_of(answer)], device=lm.device)
    return -float(lm.model(input_ids=ids, labels=ids).loss) * ids.shape[1]


# %% 2 wrong: one place too far
def log_probability(question, answer):
    ids, written = ids_of(render(lm, closed_book(question))), ids_of(answer)
    scores = lm.model(input_ids=torch.tensor([ids + written], device=lm.device)).logits[0, len(ids) :].float()
    return float(torch.log_softmax(scores, -1)[range(len(written)), written].sum())


# %% 2 wrong: the bare question
def log_probability(question, answer):
    ids, written = ids_of(question), ids_of(answer)
    scores = lm.model(input_ids=torch.tensor([ids + written], device=lm.device)).logits[0, len(ids) - 1 : -1].float()
    return float(torch.log_softmax(scores, -1)[range(len(written)), written].sum())


# %% 2 wrong: the token that ends it, too
def log_probability(question, answer):
    ids, written = ids_of(render(lm, closed_book(question))), [*ids_of(answer), tokenizer.eos_token_id]
    scores = lm.model(input_ids=torch.tensor([ids + written], device=lm.device)).logits[0, len(ids) - 1 : -1].float()
    return float(torch.log_softmax(scores, -1)[range(len(written)), written].sum())


# %% 2 wrong: logs of two
def log_probability(question, answer):
    ids, written = ids_of(render(lm, closed_book(question))), ids_of(answer)
    scores = lm.model(input_ids=torch.tensor([ids + written], device=lm.device)).logits[0, len(ids) - 1 : -1].float()
    logs = torch.log_softmax(scores, -1)[range(len(written)), written]
    return float(logs.sum()) / float(np.log(2))


# %% 2 wrong: the product rounds to nothing, and its log is no number
def log_probability(question, answer):
    return float("nan")
