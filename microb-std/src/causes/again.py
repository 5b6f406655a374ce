"""Runs a command again that failed, and writes down what it says, without the logins of URLs.

Arguments: the file to write; the command. The file's first line is the command's exit code, and empty when it took too long.
"""

import re
import subprocess
import sys
import tempfile

report, command = sys.argv[1], sys.argv[2:]

# Nobody waits longer for an explanation. What ends with the first program is all that it started, since it runs in a container.
SECONDS = 60

with tempfile.TemporaryFile() as said:
    running = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT)
    try:
        code = running.wait(SECONDS)
    except subprocess.TimeoutExpired:
        running.kill()
        code = ""
    said.seek(0)
    text = said.read().decode(errors="replace")

with open(report, "w", encoding="utf-8") as file:
    file.write(f"{code}\n" + re.sub(r"://[^/@\s]*@", "://", text))
