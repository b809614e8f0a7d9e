"""LaTeX of the formulas in the docstrings, which are plain text.

The translation knows the notation of this package and nothing else. A block with anything unknown stays plain text.
"""

import re

GREEK = (
    *("alpha", "beta", "gamma", "delta", "zeta", "eta", "theta", "kappa", "lambda", "mu", "nu", "xi", "pi", "rho"),
    *("sigma", "tau", "phi", "chi", "psi", "omega"),
)
WITH_LIMITS = ("sum", "prod", "min", "max")
OPERATORS = (*WITH_LIMITS, "det", "exp", "int", "log", "tanh")
WORDS = (
    *("KL", "average", "const", "corrected", "decay", "epoch", "epochs", "logits", "loss", "mask", "mis", "nats"),
    *("obs", "out", "parameters", "start", "step", "steps"),
)
NAMES = {name: f"\\{name}" for name in (*GREEK, *OPERATORS)} | {word: rf"\mathrm{{{word}}}" for word in WORDS}
NAMES |= {"E": r"\mathbb{E}", "eps": r"\varepsilon", "df": r"\mathrm{d} f", "dz": r"\mathrm{d} z"}
RELATIONS = {"=": "=", ">=": r"\ge", "<=": r"\le", "~=": r"\approx", "~": r"\sim", "∝": r"\propto"}
SIGNS = RELATIONS | {"+": "+", "-": "-", "*": r"\ast", "/": "/", ",": ",", ";": ";", ".": r"\cdot", "...": r"\ldots"}
SIGNS |= {"in": r"\in", "not in": r"\notin"}
BARS = {"|": (r"\mid", "vert"), "||": (r"\parallel", "Vert")}
CLOSING = {"(": ")", "[": "]", "{": "}"}

INDEX = r"(?:\{[^{}]*\}|[<-]?(?:[A-Za-z]+|\d+)(?![A-Za-z0-9]))"
SHORT = rf"(?:\d+|d?[A-Za-z](?:_{INDEX})?)"  # a part of a fraction without spaces
TOKEN = re.compile(
    rf"""(?P<space>\ +)
    |(?P<over>{SHORT})/(?P<under>{SHORT})(?![\w(\[])
    |(?P<sign>(?:not\ )?in\b|[<>~]=|\.\.\.|[=~∝+\-*/,;]|(?<=[a-z])\.(?=[a-z]))
    |(?P<bar>\|\|?)
    |(?P<open>[(\[{{])
    |(?P<close>[)\]}}])
    |(?P<number>\d+(?:\.\d+)?(?![A-Za-z]))
    |(?P<name>[A-Za-z]+)(?P<index>\d*)(?P<prime>'?)
    """,
    re.VERBOSE,
)
SCRIPTS = re.compile(rf"(?:_(?P<sub>{INDEX}))?(?:\^(?P<sup>{INDEX}))?")
SCRIPTS_OF_LIMITS = re.compile(rf"(?:_(?P<sub>{INDEX}(?:,[a-z]+)*))?(?:\^(?P<sup>{INDEX}))?")
CODE = re.compile(r"``(.*?)``")
TEXT = r"[^()\[\]{}$_^|<>=~+*\\]"
NOTE = re.compile(rf"\(?(?:an? )?[^\W\d_]{{2,}}(?:{TEXT}| \({TEXT}*\))*\)?")


def latex(lines):
    """LaTeX of a block of formulas, aligned at their relations, with the notes on them in a column of their own.

    In a line, two spaces or more stand before a second formula, or a note such as ``eq. 12``.

    Args:
        lines: the lines of the block.

    Returns:
        the LaTeX, or None if anything in the block is unknown.

    Example::

        latex(["p(x, y) = p(y) p(x | y)    eq. 1"])  # with the row p(x, y) &= p(y)\\,p(x \\mid y) && \\text{eq. 1}
    """
    try:
        rows = [_row(line.strip()) for line in lines]
    except ValueError:
        return None
    return "\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}"


def _row(line):
    """A row of an aligned block: what is left of the relation, the relation with the rest, and a note."""
    first, *cells = re.split(r" {2,}", line)
    note = _note(cells[-1]) if cells else None
    if note is not None:
        cells.pop()
    row = r" \qquad ".join([_formula(first, aligned=True), *map(_formula, cells)])
    return row if note is None else rf"{row} && \text{{{note}}}"


def _note(text):
    """A note, with LaTeX for the formulas of one word in it; None if the text is not a note."""
    if _is_formula(text):
        return None
    words = text.split()
    short = [re.match(r"[A-Za-z]+[_(]|[a-z]\d", word) and _is_formula(word) for word in words]
    without = " ".join("word" if formula else word for word, formula in zip(words, short, strict=True))
    if not NOTE.fullmatch(CODE.sub("code", without)):
        return None
    typeset = (f"${_formula(word)}$" if formula else word for word, formula in zip(words, short, strict=True))
    return CODE.sub(r"\1", " ".join(typeset))


def _is_formula(text):
    try:
        return bool(_formula(text))
    except ValueError:
        return False


def _formula(text, aligned=False):
    """The LaTeX of a formula. With ``aligned``, ``&`` stands before its first relation, or at its end.

    Raises:
        ValueError: something in the formula is unknown.
    """
    out, at, space, before = "", 0, "", ""  # the space and the kind of the token before the next one
    closing = []  # of the brackets that are open
    while at < len(text):
        token = TOKEN.match(text, at)
        if token is None:
            raise ValueError(f"unknown: {text[at:]!r}")
        if token["space"]:
            space, at = " ", token.end()
            continue
        if aligned and token["sign"] in RELATIONS and not closing:
            out, space, aligned = f"{out}{space}&", "", False
        piece, kind, at = _piece(token, closing)
        if space and before in ("atom", "close") and kind in ("atom", "open"):
            space = r"\,"
        elif re.search(r"\\[A-Za-z]+$", out) and piece[0].isalpha():
            space = " "
        out, space, before = out + space + piece, "", kind
    if closing:
        raise ValueError(f"{closing[-1]!r} is missing in {text!r}")
    return f"{out} &" if aligned else out


def _piece(token, closing):
    """The LaTeX of a token with its scripts, its kind, and where the next token begins."""
    text, end = token.string, token.end()
    if token["over"]:
        return rf"\tfrac{{{_formula(token['over'])}}}{{{_formula(token['under'])}}}", "atom", end
    if token["sign"]:
        return SIGNS[token["sign"]], "sign", end
    if token["open"]:
        closing.append(CLOSING[token["open"]])
        return token["open"].replace("{", r"\{"), "open", end
    if token["close"]:
        _close(token["close"], closing)
        scripts, end = _scripts(text, end)
        return token["close"].replace("}", r"\}") + scripts, "close", end
    if token["bar"]:
        return _bar(token, closing)
    if token["number"]:
        scripts, end = _scripts(text, end)
        return token["number"] + scripts, "atom", end
    return _name(token)


def _bar(token, closing):
    """A bar before a condition, with a space on both sides or on none, or one side of an absolute value or norm."""
    text, end, bar = token.string, token.end(), token["bar"]
    condition, name = BARS[bar]
    before, after = text[: token.start()][-1:].strip(" ([{-"), text[end:][:1].strip(" )]},^/")
    if bool(before) == bool(after):
        return condition, "sign", end
    if after:
        closing.append(bar)
        return rf"\left\l{name}", "open", end
    _close(bar, closing)
    scripts, end = _scripts(text, end)
    return rf"\right\r{name}{scripts}", "close", end


def _close(bracket, closing):
    if not closing or closing.pop() != bracket:
        raise ValueError(f"{bracket!r} closes nothing")


def _name(token):
    """A letter, the name of one, an operator, a function or a word."""
    text, end, name = token.string, token.end(), token["name"]
    scripts, end = _scripts(text, end, token["index"], token["prime"], name in WITH_LIMITS)
    argument = text[end : end + 1] == "("
    if name == "E" and re.fullmatch(r"_\w", scripts) and argument:  # in E_q(z|x)[...], q(z|x) is the subscript
        inner = text[end : _end_of_brackets(text, end)]
        return rf"\mathbb{{E}}_{{{scripts[1:]}{_formula(inner)}}}", "atom", end + len(inner)
    if name == "sqrt" and argument:
        inner = text[end : _end_of_brackets(text, end)]
        return rf"\sqrt{{{_formula(inner[1:-1])}}}", "atom", end + len(inner)
    return _letters(name, argument) + scripts, "operator" if name in OPERATORS else "atom", end


def _letters(name, argument):
    if name == "N" and argument:
        return r"\mathcal{N}"
    if name in NAMES or len(name) == 1:
        return NAMES.get(name, name)
    if len(name) > 2 and argument:
        return rf"\operatorname{{{name}}}"
    raise ValueError(f"unknown: {name!r}")


def _end_of_brackets(text, start):
    depth = 0
    for at in range(start, len(text)):
        depth += {"(": 1, ")": -1}.get(text[at], 0)
        if depth == 0:
            return at + 1
    raise ValueError(f"')' is missing in {text!r}")


def _scripts(text, at, number="", prime="", limits=False):
    """The scripts at a position, and where they end. A number right after a letter is a subscript."""
    found = (SCRIPTS_OF_LIMITS if limits else SCRIPTS).match(text, at)
    if (found["sub"] and number) or (found["sup"] and prime):
        raise ValueError(f"two scripts in one place in {text!r}")
    sub, sup = _index(found["sub"] or number), r"\prime" if prime else _index(found["sup"] or "")
    scripts = "".join(mark + _group(script) for mark, script in (("_", sub), ("^", sup)) if script)
    return scripts, found.end()


def _index(index):
    """The content of a script: a formula in braces, a name, or letters of one index each."""
    if index.startswith("{"):
        return _formula(index[1:-1])
    if index.startswith("<"):
        return "<" + _formula(index[1:])
    if re.fullmatch("[A-Za-z]{2}", index) and index not in NAMES:
        return index
    return _formula(index)


def _group(script):
    return script if len(script) == 1 else f"{{{script}}}"
