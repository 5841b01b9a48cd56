"""Every setting of a training run, in one place.

`TrainConfig` is the single source: the command line's flags, the page's widgets, the parameters of a shared link and a run's
`config.json` are all derived from its fields. No default, bound or help text is written down anywhere else.
"""

from wgan_core.config.data_fields import POINT_SETS
from wgan_core.config.fields import (
    SETTINGS,
    ConfigError,
    TrainConfig,
    check_value,
    in_use,
    live_fields,
    parse_config,
    steered_by,
)
from wgan_core.config.methods import PENALTIES
from wgan_core.config.presets import PRESET_NOTES, PRESETS
from wgan_core.config.roles import (
    OF_SHAPES,
    critic_word,
    guessing_loss,
    has_js_bound,
    has_schedule,
    is_penalised,
    is_scheduled,
    is_wasserstein,
    js_bound,
    main_number,
)
from wgan_core.config.schedule_fields import SCHEDULES
from wgan_core.config.setting_info import Group, SettingInfo, describe_range

__all__ = [
    "OF_SHAPES",
    "PENALTIES",
    "POINT_SETS",
    "PRESETS",
    "PRESET_NOTES",
    "SCHEDULES",
    "SETTINGS",
    "ConfigError",
    "Group",
    "SettingInfo",
    "TrainConfig",
    "check_value",
    "critic_word",
    "describe_range",
    "guessing_loss",
    "has_js_bound",
    "has_schedule",
    "in_use",
    "is_penalised",
    "is_scheduled",
    "is_wasserstein",
    "js_bound",
    "live_fields",
    "main_number",
    "parse_config",
    "steered_by",
]
