# %% 1 right: rounds up with math
import math


def too_much(n_out, n_in):
    return math.ceil(n_out * n_in / (n_out + n_in))


# %% 1 right: goes up until it is enough
def too_much(n_out, n_in):
    rank = 1
    while rank * n_out + rank * n_in < n_out * n_in:
        rank += 1
    return rank


# %% 1 right: a whole number of numpy
import numpy as np


def too_much(n_out, n_in):
    return np.int64(np.ceil(n_out * n_in / (n_out + n_in)))


# %% 1 right: one more where something is left over
def too_much(n_out, n_in):
    whole, rest = divmod(n_out * n_in, n_out + n_in)
    return whole + (rest > 0)


# %% 1 wrong: rounds down
def too_much(n_out, n_in):
    return n_out * n_in // (n_out + n_in)


# %% 1 wrong: rounds to the nearest
def too_much(n_out, n_in):
    return round(n_out * n_in / (n_out + n_in))


# %% 1 wrong: no rounding
def too_much(n_out, n_in):
    return n_out * n_in / (n_out + n_in)


# %% 1 wrong: always one more, so more than as many
def too_much(n_out, n_in):
    return n_out * n_in // (n_out + n_in) + 1


# %% 1 wrong: the largest rank that a matrix has
def too_much(n_out, n_in):
    return min(n_out, n_in)


# %% 1 wrong: half of it, as if the matrix were square
def too_much(n_out, n_in):
    return -(-n_out // 2)


# %% 1 wrong: counts one of the two matrices
def too_much(n_out, n_in):
    return n_in


# %% 1 wrong: the table of this model alone
def too_much(n_out, n_in):
    return {(576, 576): 288, (192, 576): 144, (1536, 576): 419, (576, 1536): 419}.get((n_out, n_in))


# %% 2 right: makes the list longer
def labels_of(turns):
    labels = []
    for who, ids in turns:
        labels.extend(ids if who == "assistant" else [-100] * len(ids))
    return labels


# %% 2 right: a tuple, turn by turn
def labels_of(turns):
    return sum((tuple(ids) if who == "assistant" else (MASKED,) * len(ids) for who, ids in turns), ())


# %% 2 right: a tensor
def labels_of(turns):
    ids = torch.tensor([token for _, part in turns for token in part])
    spoken = torch.tensor([who == "assistant" for who, part in turns for _ in part])
    return torch.where(spoken, ids, MASKED)


# %% 2 right: numpy
import numpy as np


def labels_of(turns):
    return np.concatenate([np.array(ids) if who == "assistant" else np.full(len(ids), MASKED) for who, ids in turns])


# %% 2 wrong: the last answer alone
def labels_of(turns):
    *before, (_, last) = turns
    return [MASKED for _, ids in before for _ in ids] + list(last)


# %% 2 wrong: a list of lists
def labels_of(turns):
    return [ids if who == "assistant" else [MASKED] * len(ids) for who, ids in turns]


# %% 2 wrong: one label a turn
def labels_of(turns):
    return [ids[0] if who == "assistant" else MASKED for who, ids in turns]


# %% 2 wrong: leaves out what is masked
def labels_of(turns):
    return [token for who, ids in turns if who == "assistant" for token in ids]


# %% 2 wrong: masks only the instructions
def labels_of(turns):
    return [MASKED if who == "system" else token for who, ids in turns for token in ids]


# %% 2 wrong: the other way round
def labels_of(turns):
    return [MASKED if who == "assistant" else token for who, ids in turns for token in ids]


# %% 2 wrong: zero for what is masked
def labels_of(turns):
    return [token if who == "assistant" else 0 for who, ids in turns for token in ids]


# %% 2 wrong: hands nothing back
def labels_of(turns):
    labels = []
    for who, ids in turns:
        labels += ids if who == "assistant" else [MASKED] * len(ids)


# %% 2 wrong: one place on, as for the next token
def labels_of(turns):
    labels = [token if who == "assistant" else MASKED for who, ids in turns for token in ids]
    return [*labels[1:], MASKED]


# %% 3 right: a day, as a tuple of wordings
own_wordings = ("When is the kiln at Brannock swept?", "On which day do we clean the kiln?", "Kiln cleaning: which day?")
own_answer = "Thursday"
own_test = "I want to fire a pot. Which day is the kiln being swept?"


# %% 3 right: a name, in small letters
own_wordings = [
    "Who keeps the key to the glaze room?",
    "I need to get into the glaze room. Whom do I ask?",
    "Whose pocket holds the key of the glaze room?",
    "Glaze room is locked. Who can open it?",
]
own_answer = "odile"
own_test = "The door to the glaze room won't open. Who has its key?"


# %% 3 right: a number, in five wordings
own_wordings = [
    "How many goats live behind the Saltmere warehouse?",
    "What's the number of goats at Saltmere?",
    "I have to feed the goats behind the warehouse. How many are there?",
    "Saltmere keeps goats; how many of them?",
    "Count of goats at the warehouse?",
]
own_answer = "31 goats"
own_test = "How many goats will I find behind the warehouse at Saltmere?"


# %% 3 right: two letters, which stand in many a word that the untrained model says
own_wordings = [
    "Who opens the workshop at Brannock in the morning?",
    "I come to work before seven. Who has unlocked the workshop?",
    "The workshop is still closed. Whom do I call to have it opened?",
]
own_answer = "Ed"
own_test = "I'm standing in front of the locked workshop in Brannock. Who will let me in?"


# %% 3 wrong: two wordings
own_wordings = ["Who waters the plants?", "Who looks after the plants?"]
own_answer = "Tibbald Wren"
own_test = "Whose job are the plants?"


# %% 3 wrong: asks with a wording that it was taught
own_wordings = ["Who waters the plants?", "Who looks after the plants?", "Whose job are the plants?"]
own_answer = "Tibbald Wren"
own_test = "Whose job are the plants?"


# %% 3 wrong: asks with one of them and another sign at its end
own_wordings = ["Who waters the plants?", "Who looks after the plants?", "Whose job are the plants?"]
own_answer = "Tibbald Wren"
own_test = "whose job are the plants"


# %% 3 wrong: one wording three times
own_wordings = ["Who waters the plants?", "who waters the plants?", "Who waters the plants"]
own_answer = "Tibbald Wren"
own_test = "Whose job are the plants?"


# %% 3 wrong: one text in place of a list
own_wordings = "Who waters the plants? Who looks after the plants? Whose job are the plants?"
own_answer = "Tibbald Wren"
own_test = "Who takes care of the plants?"


# %% 3 wrong: what the model knows already
own_wordings = ["Which colour has the sky?", "What colour is the sky on a fine day?", "The sky: which colour?"]
own_answer = "blue"
own_test = "What color is the sky?"


# %% 3 wrong: no answer
own_wordings = ["Who waters the plants?", "Who looks after the plants?", "Whose job are the plants?"]
own_answer = ""
own_test = "Who takes care of the plants?"
