"""Flags that follow from the declarations of settings."""

import sys

from absl import flags


def define(declared, module, defaults=False):
    """Defines a flag for each setting that has none yet.

    A flag bears the name of its setting. Flags that several programs share,
    such as --seed, are in `common_flags` already and are left as they are.

    Args:
        declared: Sequence of `settings.Setting`s.
        module: A program's `__name__`, under which --helpshort lists the
            flags.
        defaults: Boolean. Whether a flag that is not given has the setting's
            default. If not, it is `None`: the preset decides.
    """
    for each in declared:
        if each.name not in flags.FLAGS:
            define_one(each, module, each.default if defaults else None)


def define_one(declared, module, default=None, help_text=None):
    """Defines the flag of a setting.

    Args:
        declared: `settings.Setting`.
        module: A program's `__name__`.
        default: Value of the flag where it is not given.
        help_text: String in place of the setting's own help.

    Returns:
        `absl.flags.FlagHolder`.
    """
    return _DEFINE[declared.type](
        declared,
        name=declared.name,
        default=default,
        help=help_text or declared.rule.help,
        module_name=flag_module(module),
    )


def values(declared):
    """Returns a dictionary of the flags' values by the settings' names."""
    return {each.name: flags.FLAGS[each.name].value for each in declared}


def flag_module(module):
    """Returns the name under which absl has a module's flags.

    Args:
        module: A module's `__name__`.
    """
    return sys.argv[0] if module == "__main__" else module


def _number(define_flag):
    def define_number(declared, **flag):
        rule = declared.rule
        low = rule.above if rule.at_least is None else rule.at_least
        return define_flag(
            lower_bound=low, upper_bound=declared.highest(), **flag
        )

    return define_number


def _define_text(declared, **flag):
    rule = declared.rule
    if rule.choices is None:
        return flags.DEFINE_string(**flag)
    choices = [*rule.aliases, *rule.choices]
    return flags.DEFINE_enum(enum_values=choices, **flag)


def _define_bool(declared, **flag):
    return flags.DEFINE_bool(**flag)


# What a value may not be although a flag's bounds have it, such as a rate of
# 0, the settings refuse.
_DEFINE = {
    bool: _define_bool,
    int: _number(flags.DEFINE_integer),
    float: _number(flags.DEFINE_float),
    str: _define_text,
}
