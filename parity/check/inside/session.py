"""Drive a program through a few training steps and record every array that can be seen on the way."""

from __future__ import annotations

import itertools
import re
from typing import Any

import numpy as np

from parity.check.inside.arrays import Array, Found, find_gradients, look_up, walk
from parity.check.inside.chance import own_rng
from parity.check.inside.data import Form, Step, choose_output, give
from parity.check.inside.masks import same_masks
from parity.check.inside.modes import copies, masks_drawn, others, put_others, set_mode, snapshot
from parity.check.inside.names import fits_role, pairs_parameters, possible_names, required, returned_names, signature
from parity.check.inside.optimizers import call_step, is_rule_of_one, takes_gradients
from parity.check.inside.program import CannotCall, Program, split
from parity.check.inside.results import direct, gradient_container, rest, same_memory, scalar

FORWARD = r"forward|feed|predict_proba|propag|^fwd|infer|activate|^output|compute_out|hypothesis|^net(work)?$|^model$|^run$|logits|scores|__call__|^predict|^query|^loss$|^think$|^f$|vorw|adelante|avant|propaga|salida|saida|sortie"  # noqa: E501
LOSS = r"loss|cost|entropy|criterion|objective|mse|error|nll|bce|xent|likelihood|^ce$|_ce$|fehler|verlust|perte|perdida|perda|cout|costo|custo|^erro"  # noqa: E501
BACKWARD = r"back|grad|bprop|derivativ|bwd|^loss|cost_?f|rueckw|ableit|retro|arriere|atras|prime$"
UPDATE = r"update|^step|_step$|apply|optimi[sz]e|sgd|descen|adjust|learn|improve|correct|move|tune|lern|aktualis|actuali|atualiz|ajust|mise_a_jour|mettre_a_jour|schritt|paso|passo|etape"  # noqa: E501
STEP = r"^training loop|train_?(step|on_batch|batch|one)|^step$|_step$|partial_fit|update_mini_?batch|fit_batch|one_step|train_iter|^update$|^train$|^fit$|^learn$|^SGD$|back|descent|optimi[sz]e|lern|schritt|paso|passo|etape|entren|entrain|trein"  # noqa: E501
TRAIN = r"^train|^entren|^entrain|^trein|^apprend|^aprend|^lern|^fit|descent|^model$|nn_model|learn|optimi[sz]e|^run|SGD|layer_model"  # noqa: E501


def ranked(program: Program, pattern: str) -> list[str]:
    """The functions whose names fit the pattern."""
    return [n for n in program.functions if re.search(pattern, n, re.I)]


class Driver:
    """Finds, by trying, which functions do what; then records a session."""

    def __init__(self, program: Program, form: Form) -> None:
        self.program, self.form = program, form
        assert program.layout is not None
        self.layout = program.layout
        set_mode(program, training=True)
        self.calls: dict[str, str] = {}
        self.backward_updates = False
        updates = [program.functions[n] for n in ranked(program, UPDATE)]
        self.per_sample = form.columns and any(
            fits_role(p, "pairs") or p in pairs_parameters(f) for f in updates for p in signature(f).parameters
        )

    # ---- one place at a time -------------------------------------------------------------------------------------

    def forward(self, name: str, count: int) -> Array:
        """The program's output (N, C)."""
        program = self.program
        before = {id(f.value) for root in program.roots.values() for f in walk(root)}
        result = program.call(name, without=("y", "grad_output"), order=("x",))
        found = program.absorb(name, result)
        inside = [f for f in self.attributes() if id(f.value) not in before]
        program.aliased |= same_memory(direct(found)) or same_memory(inside)
        classes = self.layout.sizes[-1]
        output = choose_output(direct(found), count, classes, self.form.columns)
        if output is None:
            output = choose_output(found, count, classes, self.form.columns)
        if output is None:
            output = choose_output(inside, count, classes, self.form.columns)
        if output is None:
            raise CannotCall(f"{name}() returned no array of shape {(count, classes)}")
        program.roles["cache"] = rest(result)
        program.roles["output"] = output.T.copy() if self.form.columns else output.copy()
        return output

    def _depends_on_weights(self, name: str, count: int) -> None:
        """Raises CannotCall for a function whose output is the same with other weights: an activation, say."""
        before = self.forward(name, count)
        self.program.set_weights(own_rng(9))
        if np.array_equal(before, self.forward(name, count)):
            raise CannotCall(f"{name}() does not depend on the weights")

    def attributes(self) -> list[Found]:
        """Arrays inside the objects of the program that are neither weights nor in them."""
        paths = {p for p in (*self.layout.weights, *self.layout.biases) if p}
        return [f for n, root in self.program.roots.items() for f in walk(root, (n,)) if f.path not in paths]

    def gradients(self, name: str) -> tuple[float | None, list[Any], list[Any]]:
        """(loss if returned, dW as (in, out), db) of a backward function; summed if it takes one sample at a time."""
        if not self.per_sample:
            return self._gradients(name)
        roles = self.program.roles
        whole = {role: roles[role] for role in ("x", "y")}
        total_w: list[Any] = []
        total_b: list[Any] = []
        for x, y in roles["pairs"]:
            roles.update(x=x, y=y)
            _, dw, db = self._gradients(name)
            total_w = [a + b for a, b in zip(total_w, dw, strict=True)] if total_w else dw
            total_b = [None if a is None else a + b for a, b in zip(total_b, db, strict=True)] if total_b else db
        roles.update(whole)
        return None, total_w, total_b

    def _gradients(self, name: str) -> tuple[float | None, list[Any], list[Any]]:
        program = self.program
        needed = required(program.functions[name])
        if (
            needed
            and fits_role(needed[0], "grad_output")
            and not any(fits_role(n, "y") for n in needed)
            and needed[0] not in program.known
        ):
            raise CannotCall(f"{name}() asks for a gradient, not for labels")
        before, _biases = program.weights()
        earlier = {f.path: np.array(f.value, copy=True) for f in self.attributes()}
        result = program.call(name, order=("y", "x"))
        found = program.absorb(name, result)
        program.roles["grads"] = gradient_container(result)
        shapes = [np.shape(look_up(program.roots, path)) for path in self.layout.weights]
        bias_shapes = [None if p is None else np.shape(look_up(program.roots, p)) for p in self.layout.biases]
        held = {id(look_up(program.roots, p)) for p in (*self.layout.weights, *self.layout.biases) if p}
        returned = [f for f in found if id(f.value) not in held]
        inside = [f for f in self.attributes() if f.is_gradient]
        fresh = [f for f in self.attributes() if f.path not in earlier or not np.array_equal(earlier[f.path], f.value)]
        nonzero = [f for f in self.attributes() if np.any(f.value)]
        both = next(
            (b for found in (returned, inside, fresh, nonzero) if (b := find_gradients(found, shapes, bias_shapes))),
            None,
        )
        after, _ = program.weights()
        self.backward_updates = any(not np.array_equal(a, b) for a, b in zip(before, after, strict=True))
        loss = self._loss_in(name, result)
        if both is None:
            if self.backward_updates:
                return loss, [], []
            raise CannotCall(f"{name}() returned no gradients of the weights' shapes")
        if not self.backward_updates and any(fits_role(n, "lr") for n in signature(program.functions[name]).parameters):
            raise CannotCall(f"{name}() takes a learning rate: what it returns are new weights")
        weights = [np.array(w, copy=True) for w in both[0]]
        program.gradients = [*both[0], *(b for b in both[1] if b is not None)]
        if self.layout.transposed:
            weights = [w.T for w in weights]
        if self.layout.joined is not None:
            return loss, *split(weights, self.layout.joined)
        return loss, weights, [None if b is None else np.array(b, copy=True) for b in both[1]]

    def _loss_in(self, name: str, result: Any) -> float | None:
        """A loss among what a backward function returned: by its name, or because it comes first."""
        if not isinstance(result, tuple):
            return None
        names = returned_names(self.program.functions[name], result) or ["r0"] * len(result)
        for position, (word, value) in enumerate(zip(names, result, strict=True)):
            if re.search(r"loss|cost|^j$|^l$|err|total|nll|objective", word, re.I) or (
                position == 0 and re.match(r"r\d+$", word)
            ):
                found = scalar(value)
                if found is not None:
                    return found
        return None

    def loss(self, name: str) -> float:
        """The program's loss."""
        try:
            result = self.program.call(name, order=("output", "y"))
        except CannotCall:
            if not self.per_sample:
                raise
            result = self._loss_of_pairs(name)
        value = scalar(result)
        if value is None or not np.isfinite(value):
            raise CannotCall(f"{name}() returned no finite number")
        self.program.absorb(name, result)
        return value

    def _loss_of_the_weights(self, name: str) -> None:
        """Where no outputs can be seen: raises CannotCall for a loss that took the samples for outputs."""
        before = self.loss(name)
        self.program.set_weights(own_rng(9))
        if self.loss(name) == before:
            raise CannotCall(f"{name}() does not depend on the weights")

    def _loss_of_pairs(self, name: str) -> Any:
        """A loss of a list of (x, y)."""
        roles = self.program.roles
        kept = roles["x"]
        roles["x"] = roles["pairs"]
        try:
            return self.program.call(name)
        finally:
            roles["x"] = kept

    # ---- which function does what --------------------------------------------------------------------------------

    def find_forward(self, count: int) -> None:
        """The function that gives the outputs, if there is one."""
        candidates = ranked(self.program, FORWARD)
        candidates.sort(
            key=lambda n: (n.startswith("predict") or n in ("loss", "think"), "L_" not in n and "model" not in n)
        )
        self._first("forward", candidates, lambda n: self.forward(n, count))
        if "forward" not in self.calls:
            self._first("forward", self._others(candidates, "x", "y"), lambda n: self._depends_on_weights(n, count))

    def find(self, count: int) -> None:
        """Try the functions whose names fit, in order, and keep the first that does its part."""
        program = self.program
        self.find_forward(count)
        losses = [n for n in ranked(program, LOSS) if not re.search("back|grad|deriv|prime|delta|d_", n)]
        losses.sort(key=lambda n: bool(re.search("regular|penalty|decay", n)))
        self._first("loss", losses, self.loss if "forward" in self.calls else self._loss_of_the_weights)
        if "forward" in self.calls:
            self.forward(self.calls["forward"], count)
        backward = ranked(program, BACKWARD)
        backward.sort(key=lambda n: ("L_" not in n and "model" not in n, not self._takes_labels(n)))
        self._first("backward", backward, self.gradients)
        if "backward" in self.calls and not self.backward_updates:
            updates = ranked(program, UPDATE)
            updates += [n for n in program.functions if n not in updates and takes_gradients(program.functions[n])]
            updates += [n for n in program.functions if n not in updates and is_rule_of_one(program.functions[n])]
            updates.sort(key=lambda n: (not takes_gradients(program.functions[n]), not n.lower().startswith("update")))
            self._first("update", updates, self._moves)
            if "update" in self.calls and self._trains(self.calls["update"]):
                self.calls["step"] = self.calls.pop("update")
        if "update" not in self.calls and not ("backward" in self.calls and self.backward_updates):
            steps = [n for n in ranked(program, STEP) + ranked(program, TRAIN) if n != self.calls.get("backward")]
            steps.sort(key=lambda n: n in ("fit", "SGD"))  # a partial_fit or update_mini_batch is a single step
            self._first("step", [*dict.fromkeys(steps), *self._others(steps, "y", "")], self._moves)

    def _trains(self, name: str) -> bool:
        """Whether a function computes gradients of its own: it takes samples and labels, and no gradients."""
        function = self.program.functions[name]
        words = list(signature(function).parameters)
        return not takes_gradients(function) and all(any(fits_role(w, role) for w in words) for role in ("x", "y"))

    def _others(self, known: list[str], role: str, but: str) -> list[str]:
        """Functions of any other name with a required parameter of one role and none of another."""
        found = []
        for name, function in self.program.functions.items():
            parameters = required(function)
            has = [any(fits_role(n, r) for n in parameters) if r else False for r in (role, but)]
            if name not in known and has == [True, False] and not re.search(r"back|grad|deriv|prime|loss|cost", name):
                found.append(name)
        return found

    def _takes_labels(self, name: str) -> bool:
        """Whether a function asks for labels, or for nothing: a layer's own backward asks for a gradient."""
        parameters = signature(self.program.functions[name]).parameters.values()
        needed = [p.name for p in parameters if p.default is p.empty]
        return not needed or any(fits_role(n, "y") for n in needed)

    def _moves(self, name: str) -> None:
        before, _biases = self.program.weights()
        result = call_step(self.program, name)
        self.program.replace_roots(name, result)
        after, _after_biases = self.program.weights()
        if all(np.array_equal(a, b) for a, b in zip(before, after, strict=True)):
            raise CannotCall(f"{name}() did not change the weights")
        if any(np.shape(a) != np.shape(b) for a, b in zip(before, after, strict=True)):
            raise CannotCall(f"{name}() begins with weights of its own, of other shapes")
        if name in ranked(self.program, TRAIN) and len(before) > 0:
            self.program.set_weights(own_rng(8))
            self.program.replace_roots(name, call_step(self.program, name))
            again, _ = self.program.weights()
            if all(np.array_equal(a, b) for a, b in zip(after, again, strict=True)):
                raise CannotCall(f"{name}() begins with weights of its own")

    def _first(self, part: str, candidates: list[str], attempt: Any) -> None:
        for name in candidates:
            try:
                attempt(name)
            except CannotCall as error:
                self.program.failures.append(f"{name}(): {error}")
            else:
                self.calls[part] = name
                return

    # ---- a session -----------------------------------------------------------------------------------------------

    def value(self, count: int) -> float:
        """The loss of the batch with the weights as they are now.

        Raises CannotCall where the network has none.
        """
        if "loss" in self.calls:
            if "forward" in self.calls:
                self.forward(self.calls["forward"], count)
            return self.loss(self.calls["loss"])
        found = self._loss_in(self.calls["backward"], self.program.call(self.calls["backward"], order=("y", "x")))
        if found is None:
            raise CannotCall("no loss")
        return found

    def step(self, x: Array, target: Array) -> Step:
        """One training step with everything that can be seen."""
        program, calls = self.program, self.calls
        give(program, self.form, x, target)
        set_mode(program, training=True)
        weights, biases = program.weights()
        before = program.arrays()
        kept = snapshot(program)
        step = Step(x, target, weights, biases, others=copies(kept))
        by_itself = self._steps_by_itself()
        if not by_itself:
            self._see_outputs(step)
        if "backward" in calls and (calls["backward"] != "step"):
            loss, dw, db = self.gradients(calls["backward"])
            step.draws = masks_drawn(self.form) or step.draws
            step.loss = loss if step.loss is None else step.loss
            if dw:
                step.weight_gradients, step.bias_gradients = dw, db
        if "update" in calls or "step" in calls:
            name = calls.get("update") or calls["step"]
            result = call_step(program, name)
            program.replace_roots(name, result)
            same_masks(program, masks_drawn(self.form), by_itself)
            step.draws = masks_drawn(self.form) or step.draws
            if "step" in calls and step.loss is None:
                step.loss = scalar(result)
        if "update" in calls or "step" in calls or self.backward_updates:
            step.new_weights, step.new_biases = program.weights()
        step.draws = step.draws or program.mask_draws
        step.new_others = copies(others(program))
        if by_itself:
            trained, later = program.arrays(), snapshot(program)
            program.put(before)
            put_others(program, kept)
            self._see_outputs(step)
            program.put(trained)
            put_others(program, later)
        for role, given in (("x", x), ("y", target)):
            now = program.roles[role]
            if self.form.single:
                now = np.reshape(now, (1, -1))
            turned = self.form.columns and np.ndim(now) == 2 and not self.form.single
            same = np.array_equal(now.T if turned else now, given)
            if role == "x" and not same:
                step.changed.append(role)
        return step

    def _steps_by_itself(self) -> bool:
        """Whether a step is given the batch: outputs are then seen after it, or a stale cache would be filled by us."""
        name = self.calls.get("step")
        if name is None or "backward" in self.calls:
            return False
        words = list(signature(self.program.functions[name]).parameters)
        return any(fits_role(w, "x") or fits_role(w, "pairs") for w in words) and not self._takes_outputs(words)

    def _takes_outputs(self, words: list[str]) -> bool:
        """Whether a function asks for what the forward pass returned."""
        if "forward" not in self.calls:
            return False
        names = set(itertools.chain(*possible_names(self.program.functions[self.calls["forward"]])))
        given = [w for w in words if not any(fits_role(w, role) for role in ("x", "y", "lr", "params"))]
        return any(w in names or fits_role(w, "output") or fits_role(w, "cache") for w in given)

    def _see_outputs(self, step: Step) -> None:
        """The outputs and the loss of the batch with the weights as they are."""
        calls, count = self.calls, len(step.x)
        if "forward" in calls:
            step.output = self.forward(calls["forward"], count)
            step.draws = step.draws or masks_drawn(self.form)
        if "loss" in calls:
            step.loss = self.loss(calls["loss"])
            if calls["loss"] == calls.get("forward"):
                self.forward(calls["forward"], count)
