import pathlib

import iniconfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Words(BuildHookInterface):
    """Makes a module of a file."""

    def initialize(self, version, build_data):
        words = iniconfig.IniConfig("words.ini")["words"]["greeting"]
        path = pathlib.Path(self.root, "src/hatch_app/words.py")
        path.write_text(f"GREETING = {words!r}\n")
        build_data["artifacts"].append("src/hatch_app/words.py")
