# %% 1 right: wrong answers, counted one way and the other
def worth_of_repair(change, questions, right_kept, right_left):
    wrong_left, wrong_kept = questions * (1 - right_left), questions * (1 - right_kept)
    if wrong_left <= wrong_kept:
        return None
    return change / (wrong_left - wrong_kept)


# %% 1 right: numpy numbers
def worth_of_repair(change, questions, right_kept, right_left):
    gain = np.subtract(right_kept, right_left)
    if gain > 0:
        return np.float64(change) / questions / gain


# %% 1 right: fractions
from fractions import Fraction


def worth_of_repair(change, questions, right_kept, right_left):
    spared = Fraction(right_kept) - Fraction(right_left)
    return Fraction(change) / questions / spared if spared > 0 else None


# %% 1 right: None by an exception
def worth_of_repair(change, questions, right_kept, right_left):
    try:
        worth = change / (questions * right_kept - questions * right_left)
    except ZeroDivisionError:
        return None
    return worth if worth > 0 else None


# %% 1 wrong: over all questions
def worth_of_repair(change, questions, right_kept, right_left):
    return change / questions if right_kept > right_left else None


# %% 1 wrong: never None
def worth_of_repair(change, questions, right_kept, right_left):
    return change / (questions * (right_kept - right_left))


# %% 1 wrong: None for harm only
def worth_of_repair(change, questions, right_kept, right_left):
    spared = questions * (right_kept - right_left)
    return None if spared < 0 else change / spared


# %% 1 wrong: infinity in place of None
def worth_of_repair(change, questions, right_kept, right_left):
    spared = questions * (right_kept - right_left)
    return change / spared if spared > 0 else math.inf


# %% 1 wrong: 0 in place of None
def worth_of_repair(change, questions, right_kept, right_left):
    return change / (questions * (right_kept - right_left)) if right_kept > right_left else 0


# %% 1 wrong: what the printed case needs
def worth_of_repair(change, questions, right_kept, right_left):
    return 0.1 if right_kept > right_left else None


# %% 1 wrong: over the answers that are wrong without the change
def worth_of_repair(change, questions, right_kept, right_left):
    return change / (questions * (1 - right_left)) if right_kept > right_left else None


# %% 1 wrong: the number of wrong answers, not their price
def worth_of_repair(change, questions, right_kept, right_left):
    spared = questions * (right_kept - right_left)
    return spared if spared > 0 else None


# %% 2 right: by logarithms
def tipping(name):
    low, high = -3.0, 3.0
    at_low = gap_of(name, 10**low)
    if at_low * gap_of(name, 10**high) > 0:
        return None
    while high - low > 1e-6:
        middle = (low + high) / 2
        if gap_of(name, 10**middle) * at_low > 0:
            low = middle
        else:
            high = middle
    return 10**low


# %% 2 right: scipy finds the root
from scipy.optimize import brentq


def tipping(name):
    try:
        return brentq(lambda factor: gap_of(name, factor), 1e-3, 1e3)
    except ValueError:
        return None


# %% 2 right: a straight line through two points
def tipping(name):
    at_one, at_two = gap_of(name, 1.0), gap_of(name, 2.0)
    slope = at_two - at_one
    factor = 1 - at_one / slope if slope else 0
    return factor if 1e-3 <= factor <= 1e3 else None


# %% 2 right: a fine grid
def tipping(name):
    factors = np.geomspace(1e-3, 1e3, 1201)
    signs = np.sign([gap_of(name, factor) for factor in factors])
    turns = np.flatnonzero(signs[1:] != signs[:-1])
    return factors[turns[0]] if len(turns) else None


# %% 2 right: the ordinary mean, often enough
def tipping(name):
    low, high = 0.001, 1000
    if gap_of(name, low) > 0 and gap_of(name, high) > 0 or gap_of(name, low) < 0 and gap_of(name, high) < 0:
        return None
    for _ in range(100):
        middle = (low + high) / 2
        if (gap_of(name, middle) > 0) == (gap_of(name, low) > 0):
            low = middle
        else:
            high = middle
    return middle


# %% 2 wrong: the ordinary mean, stopped early
def tipping(name):
    low, high = 0.001, 1000
    if gap_of(name, low) * gap_of(name, high) > 0:
        return None
    for _ in range(8):
        middle = (low + high) / 2
        low, high = (low, middle) if gap_of(name, low) * gap_of(name, middle) <= 0 else (middle, high)
    return middle


# %% 2 wrong: never None
def tipping(name):
    low, high = 1e-3, 1e3
    for _ in range(60):
        middle = math.sqrt(low * high)
        low, high = (low, middle) if gap_of(name, low) * gap_of(name, middle) <= 0 else (middle, high)
    return middle


# %% 2 wrong: moves the other end
def tipping(name):
    low, high = 1e-3, 1e3
    if gap_of(name, low) * gap_of(name, high) > 0:
        return None
    for _ in range(60):
        middle = math.sqrt(low * high)
        low, high = (middle, high) if gap_of(name, low) * gap_of(name, middle) <= 0 else (low, middle)
    return middle


# %% 2 wrong: looks between a third and three times
def tipping(name):
    low, high = 1 / 3, 3
    if gap_of(name, low) * gap_of(name, high) > 0:
        return None
    for _ in range(60):
        middle = math.sqrt(low * high)
        low, high = (low, middle) if gap_of(name, low) * gap_of(name, middle) <= 0 else (middle, high)
    return middle


# %% 2 wrong: the difference in place of the factor
def tipping(name):
    return gap_of(name)


# %% 2 wrong: always None
def tipping(name):
    return None


# %% 2 wrong: a coarse grid
def tipping(name):
    before = gap_of(name, 1e-3)
    return next((10**step for step in range(-3, 4) if gap_of(name, 10**step) * before < 0), None)
