"""Flags that follow from the declarations of settings."""

from absl import flags

from ali_keras.command_line import common_flags


def define(declared, module, defaults=False):
    """Defines a flag for each setting that has none yet.

    A flag bears the name of its setting. Flags that several programs share,
    such as --seed, are in `common_flags` already and are left as they are.

    Args:
        declared: Sequence of `settings.Setting`s.
        module: Name of the program's module, under which --helpshort lists
            the flags.
        defaults: Boolean. Whether a flag that is not given has the setting's
            default. If not, it is `None`: the preset decides.
    """
    module = common_flags.flag_module(module)
    for each in declared:
        if each.name not in flags.FLAGS:
            default = each.default if defaults else None
            _DEFINE[each.type](each, default, module)


def values(declared):
    """Returns a dictionary of the flags' values by the settings' names."""
    return {each.name: flags.FLAGS[each.name].value for each in declared}


def _define_number(define_flag):
    def define_one(each, default, module):
        rule = each.rule
        low = rule.above if rule.at_least is None else rule.at_least
        high = rule.below if rule.at_most is None else rule.at_most
        define_flag(
            each.name,
            default,
            _help(each),
            low,
            high,
            module_name=module,
        )

    return define_one


def _define_text(each, default, module):
    if each.rule.choices is None:
        flags.DEFINE_string(each.name, default, _help(each), module_name=module)
        return
    flags.DEFINE_enum(
        each.name,
        default,
        [*each.rule.aliases, *each.rule.choices],
        _help(each),
        module_name=module,
    )


def _define_bool(each, default, module):
    flags.DEFINE_bool(each.name, default, _help(each), module_name=module)


def _help(each):
    return each.rule.help


# What a value may not be although a flag's bounds have it, such as a rate of
# 0, the settings refuse.
_DEFINE = {
    bool: _define_bool,
    int: _define_number(flags.DEFINE_integer),
    float: _define_number(flags.DEFINE_float),
    str: _define_text,
}
