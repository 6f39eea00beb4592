"""Which settings there are: what is none, in a file or in the environment, and which name is near it."""

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, get_args, get_origin

from pydantic import BaseModel, SecretStr

from exact_sync.errors import BadConfiguration

Model = type[BaseModel]


def names(model: Model) -> list[str]:
    """The settings of a section as they are written in the file."""
    return [field.alias or name for name, field in model.model_fields.items()]


def check(content: Mapping[str, Any], model: Model, file: str, where: str = "") -> None:
    """Raises BadConfiguration for the first key of a file that is no setting."""
    check_names(content, names(model), where, file)
    for key, value in content.items():
        section, is_named = _inside(model, key)
        if section is None or not isinstance(value, Mapping):
            continue
        for name, each in value.items() if is_named else [("", value)]:
            if isinstance(each, Mapping):
                check(each, section, file, f"{where}{key}.{name}." if is_named else f"{where}{key}.")


def check_names(
    found: Iterable[str], known: Iterable[str], where: str, file: str, otherwise: str = ""
) -> None:
    """Raises BadConfiguration for the first of them that is not known.

    ``otherwise``: a hint where none is near, instead of all that are known.
    """
    known = list(known)
    for key in found:
        if key not in known:
            raise BadConfiguration(
                f"{file}: unknown setting {where}{key}", nearest(key, known, where, otherwise)
            )


def nearest(key: str, known: Sequence[str], where: str, otherwise: str = "") -> str:
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    if near:
        return f"did you mean {where}{near[0]}?"
    return otherwise or f"known are: {', '.join(sorted(known))}"


def depth(path: Sequence[str], model: Model) -> int:
    """How many parts of a path lead to a setting; what follows names nothing (one kind of value, an item).

    0 where it leads to none.
    """
    if not path:
        return 0
    section, is_named = _inside(model, path[0])
    if section is None:
        return int(path[0] in (*names(model), *model.model_fields))
    below = 1 + is_named
    if len(path) <= below:
        return len(path)
    inner = depth(path[below:], section)
    return below + inner if inner else 0


def is_known(path: Sequence[str], model: Model) -> bool:
    """Whether a variable's path means something: a setting, or an entry of one that is a table."""
    found = depth(path, model)
    return found == len(path) or (0 < found == len(path) - 1 and _is_table(path[:found], model))


def nearest_path(path: Sequence[str], model: Model) -> str | None:
    """The setting that a variable's path, which leads to none, was probably to name."""
    near = difflib.get_close_matches("__".join(path), [*_variables(path, model)], n=1, cutoff=0.85)
    return near[0] if near else None


def _variables(path: Sequence[str], model: Model) -> Iterator[str]:
    """The paths of all settings, as variables have them; what the path names is named so in all of them."""
    for key in names(model):
        section, is_named = _inside(model, key)
        if section is None:
            yield key
        elif not is_named:
            yield from (f"{key}__{inner}" for inner in _variables(path[1:], section))
        elif len(path) > 1:
            yield from (f"{key}__{path[1]}__{inner}" for inner in _variables(path[2:], section))


def section_of(path: Sequence[str], model: Model) -> Model:
    """The section in which the last part of the path should be a setting."""
    section, is_named = _inside(model, path[0])
    below = 1 + is_named
    return section_of(path[below:], section) if section is not None and len(path) > below else model


def _inside(model: Model, key: str) -> tuple[Model | None, bool]:
    """The section that a setting is, and whether it has one for each name."""
    field = model.model_fields.get(key)
    if field is None:
        return None, False
    kind, arguments = field.annotation, get_args(field.annotation)
    if get_origin(kind) is dict and isinstance(arguments[1], type) and issubclass(arguments[1], BaseModel):
        return arguments[1], True
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return kind, False
    return None, False


def _is_table(path: Sequence[str], model: Model) -> bool:
    annotation = section_of(path, model).model_fields[path[-1]].annotation if path else None
    return get_args(annotation) == (str, SecretStr)
