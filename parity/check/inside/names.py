"""What the parameters of other people's functions mean, by their names; and the names that a function returns."""

from __future__ import annotations

import ast
import functools
import inspect
import linecache
import re
import textwrap
from collections.abc import Callable
from types import CodeType
from typing import Any

from parity.check.inside.syntax import parse

ROLES: dict[str, str] = {
    "pairs": r"mini_?batch|minibatch|training_?data|train_?data|pairs",
    "x_other": r"x_?(val|test|dev|valid|validation|eval)|(val|test)_?(x|data|images|inputs)|validation_data",
    "y_other": r"y_?(val|test|dev|valid|validation|eval)|(val|test)_?(y|labels|targets)",
    "x": r"x|x_?(train|training|batch|b|data|in|input|i|mb|mini|one|raw)|inputs?|inp|data|(batch|mini)_?x|a_?0|a|images?|features?"
    r"|eingaben?|daten|entrees?|entradas?|datos|dados|donnees|bilder|imagens?|imagenes|muestras?|lote|lot"
    r"|samples?|input_?(data|list|vector|array|layer|batch)|inputs_list|xs|feature_set|train_?(x|images|inputs)|batch",
    "y": r"y|y_?(train|training|batch|b|true|data|i|mb|mini|label|labels|real|actual|one_?hot|oh|enc|target|gt)|labels?|targets?|t|true"
    r"|truth|expected|actual|(batch|mini)_?y|one_?hot_?y|one_?hot|targets_list|ys|ground_?truth|desired|answers?|gt|tgt|actuals"
    r"|t_?(train|batch)|y_onehot|train_?(y|labels)|label_batch|true_?(labels?|y)|correct|classes|yt|target_?(list|vector|output)"
    r"|ziele?|soll(werte?)?|etiquet(as?|tes?)|cibles?|rotulos?|alvos?|salidas?_esperadas?|objetivos?|verite|clases?",
    "lr": r"lr|learning_?rate|alpha|eta|epsilon|step_?size|l_?rate|rate|learn_?rate|lrate|lr0|lern_?rate|taux(_d_?apprentissage)?|tasa(_de)?(_?aprendizaje)?|taxa(_de)?(_?aprendizado)?|(current|base|initial)_(lr|learning_?rate)|learning_rate_init|pas",
    "epochs": r"epochs?|iterations?|(num|n|max|number_of)_?(iterations?|epochs?|iters?|steps?|passes)|iters?|steps|max_?iter|n_iter|epochen|epocas|epoques|iteraciones|iteracoes|durchlaeufe",
    "batch_size": r"(mini_?)?batch_?size|bs|minibatchsize|size_batch|batchsize|batch|mini_?batch",
    "count": r"m|n|n_?samples|num_?samples|m_train|batch_?n|n_examples|num_examples|n_train",
    "verbose": r"verbose|print_?(cost|every|loss|interval|freq)?|debug|plot|show|log_?(every|interval)|quiet|display",
    "reg": r"reg|lambd|lambda_?|lam|l2|l2_?(reg|lambda|penalty|strength|coef)|reg_?(lambda|strength|param)|regularization|lmbda",
    "seed": r"seed|random_?(state|seed)|rng_?seed",
    "rng": r"rng|generator",
    "sizes": r"sizes?|layers?|layer_?(sizes?|dims?|dimensions?|units?|nodes?)|layers_?(dims?|sizes?)|dims?|dimensions|arch(itecture)?"
    r"|nodes|topology|units|shape|structure|n_units|network_?(shape|structure)|widths|neurons|layout",
    "hidden_list": r"hiddens?_?(sizes|dims|layers|units|widths|layer_sizes)|hiddens",
    "inputs": r"ni|n_?(entradas?|entrees?|eingaben?)|eingaben|entradas|entrees|n_?x|l_in|(n|num|d|size)_?(in|inputs?|features?)|input_?(size|dim|dims|nodes|units|features|n|layer_?size|neurons|shape)"
    r"|in_?(features?|dim|size|d|units|channels)?|nin|d_in|inputnodes|inputs?|nn_input_dim|fan_?in|d|features|n_i|i|n_features|in_|d0",
    "hidden": r"versteckte?|ocult[ao]s?|cachees?|n_?(ocult[ao]s?|cachees?|versteckt)|n_?h\d?|(n|num|size)_?hidden|hidden_?(size|dim|nodes|units|n|layer_?size|neurons|features)?\d?|h\d?|hiddennodes"
    r"|nn_hdim|nn_hidden_dim|n_?hidden_?(units|\d)?|d_?h(idden)?|middle|hid|mid|width|nhid",
    "hidden_2": r"$^",
    "outputs": r"no|ausgaben?|klassen|salidas?|saidas?|sorties?|clases|n_?(clases|classes|salidas?|saidas?|sorties?|klassen|ausgaben?)|n_?y|l_out|(n|num|d|size|no)_?(out|outputs?|classes)|output_?(size|dim|dims|nodes|units|features|n|layer_?size|neurons)"
    r"|out_?(features?|dim|size|d|units|channels)?|nout|d_out|outputnodes|outputs?|nn_output_dim|c|classes|k|n_class|n_o|o|fan_?out|nclass",
    "derivative": r"d_?(act\w*|f|func|phi|sigma|g)|(f|act\w*|phi|sigma|g|func)_?(grad|prime|deriv\w*|back\w*)|deriv\w*|fprime",
    "activation": r"act(ivation)?(_?(f|func|fn|function|name|type))?|f|func|fn|nonlin\w*|phi|sigma|transfer(_function)?",
    "grad_output": r"d_?l_?d_?(o|y|z|a)\w*|d_?out(put)?s?|d_?values?|grad_?outputs?|grads?_?in|upstream(_?grad(ient)?)?|d_?y|delta|error|out_?grad|output_?grad(ient)?"
    r"|grad|dl_?dy|dl_?do|dz|da|gradient|output_error|grad_out|top_diff|up|top|incoming|dvals|eta|g|loss_grad|dloss|err",
    "output": r"al|a_?l|a_?last|outputs?|out|y_?(pred|hat|prob|out|p|predicted)|yhat|y_|pred(s|icted|ictions?)?|prob(s|as?|abilit(y|ies))?"
    r"|logits|scores?|p|o|final_outputs?|y_prediction|estimate|guess|h|a\d|z\d|z|hypothesis",
    "params": r"params?|parameters|weights?|w|ws|wts|model|theta|net|network|nn|layers|p|w_and_b|wb|state|thetas|netz|gewichte|parametres?|parametros?|pesos|poids|red|reseau|rede|rete",
    "cache": r"caches?|memory|forward_?cache|intermediates?|ctx|stored|activations?|values|forward_?(pass|values|out|results?)"
    r"|outs?|context|fwd|hidden|saved|store|layer_?(outputs?|values)|acts?|tape|cached|mem",
    "grads": r"grads?|gradients?|derivatives|deltas?|dparams|d|nablas?|updates|g|ableitungen|gradientes?|gradienten",
    "batch_size_2": r"size|b|chunk|n_batch|per_batch",
    "momentum": r"mu|momentum|beta|gamma|rho|mom",
    "beta1": r"beta_?1",
    "beta2": r"beta_?2",
    "eps": r"eps(ilon)?",
    "step": r"t|step|steps|it|iteration|k|i|timestep|counter",
    "training": r"train(ing)?|is_?train(ing)?|(is_?)?train(ing)?_?(mode|phase|flag|time)|use_?dropout|(do|with|apply)_?dropout",
    "testing": r"(is_?)?(test(ing)?|eval(uation)?|infer(ence)?|predict(ing)?|deterministic)(_?(mode|phase|flag|time))?",
    "mode": r"mode|phase|stage",
    "keep": r"keep_?(prob(ability)?|rate|p)?|p_?keep|dropout_?(rate|p|prob(ability)?)?|drop_?(rate|p|prob(ability)?)|p_?drop(out)?",
    "mask": r"(drop(out)?_?|keep_?)?mask|mask(e|ara|que)|d_?mask",
    "masks": r"(drop(out)?_?|keep_?)?masks|mask(en|aras|ques)|mask_?list",
}  # fmt: skip
COMPILED = {role: re.compile(f"^_?({pattern})_?$", re.I) for role, pattern in ROLES.items()}


@functools.lru_cache(4096)
def signature(function: Callable[..., Any]) -> inspect.Signature:
    """`inspect.signature`, which each function is asked for again at every call."""
    return inspect.signature(function)


def required(function: Callable[..., Any]) -> list[str]:
    """The names of the parameters without a default."""
    return [name for name, parameter in signature(function).parameters.items() if parameter.default is parameter.empty]


@functools.lru_cache(4096)
def fits_role(name: str, role: str) -> bool:
    """Whether a parameter's name says that it has this role."""
    return bool(COMPILED[role].match(name))


@functools.lru_cache(4096)
def roles_of(name: str) -> tuple[str, ...]:
    """The roles that a parameter's name may say, the likeliest first."""
    return tuple(role for role in COMPILED if fits_role(name, role))


ASSIGNED: dict[str, list[str]] = {}
"""The names in `W1, b1 = init()` for each function of the file: what its results are called where it has no names."""


def remember_assignments(tree: ast.AST) -> None:
    """Fill ASSIGNED from a file's assignments of calls to several names."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            called, target = _last_name(node.value.func), node.targets[0]
            if called and isinstance(target, ast.Tuple):
                names = [_last_name(one) for one in target.elts]
                ASSIGNED.setdefault(called, [name.strip("_") or f"r{i}" for i, name in enumerate(names)])


def _has_no_name(name: str) -> bool:
    return bool(re.fullmatch(r"r\d+", name))


def returned_names(function: Callable[..., Any], result: Any) -> list[str] | None:
    """The names in `return W1, b1, ...`, where the source has such a line for a result of this length."""
    if not isinstance(result, tuple):
        return None
    for names in possible_names(function):
        if len(names) == len(result):
            given = ASSIGNED.get(getattr(function, "__name__", ""), names)
            given = given if len(given) == len(names) else names
            return [g if _has_no_name(n) else n for n, g in zip(names, given, strict=True)]
    return None


def returned_name(function: Callable[..., Any]) -> str | None:
    """The name in `return params`."""
    single = [names[0] for names in possible_names(function) if len(names) == 1]
    return single[-1] if single else None


def possible_names(function: Callable[..., Any]) -> list[list[str]]:
    """The names in each `return` line of a function, the last line first; r0, r1, … where there is no name."""
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    return _returns_of(code) if isinstance(code, CodeType) else []


def pairs_parameters(function: Callable[..., Any]) -> tuple[str, ...]:
    """Parameters that a function goes through as `for x, y in batch`: lists of single samples."""
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    return _pairs_in(code) if isinstance(code, CodeType) else ()


@functools.cache
def _source_tree(code: CodeType) -> ast.AST | None:
    """The syntax tree of a function; `inspect.getsource` would look through all modules for its file first."""
    lines = linecache.getlines(code.co_filename)[code.co_firstlineno - 1 :]
    try:
        return parse(textwrap.dedent("".join(inspect.getblock(lines))))
    except (IndexError, SyntaxError, ValueError):
        return None


@functools.cache
def _pairs_in(code: CodeType) -> tuple[str, ...]:
    tree = _source_tree(code)
    if tree is None:
        return ()
    names = code.co_varnames[: code.co_argcount]
    loops = [n for n in ast.walk(tree) if isinstance(n, ast.For | ast.comprehension)]
    found = [n.iter.id for n in loops if isinstance(n.iter, ast.Name) and _is_sample(n.target)]
    return tuple(name for name in names if name in found)


def _is_sample(target: ast.expr) -> bool:
    """Whether a loop's target is (x, y)."""
    if not isinstance(target, ast.Tuple) or len(target.elts) != 2:
        return False
    one, two = (e.id if isinstance(e, ast.Name) else "" for e in target.elts)
    return fits_role(one, "x") and fits_role(two, "y")


@functools.cache
def _returns_of(function: CodeType) -> list[list[str]]:
    tree = _source_tree(function)
    if tree is None:
        return []
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Return) and node.value is not None:
            values = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
            found.append([_last_name(value) or f"r{i}" for i, value in enumerate(values)])
    return found[::-1]


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else ""
