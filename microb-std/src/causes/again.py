"""Runs a command again that failed, and writes down what it says, without logins: of URLs, and of the environment.

Arguments: the file to write; the command. The file's first line is the command's exit code, and empty when it took too long.
"""

import os
import re
import subprocess
import sys
import tempfile
from urllib.parse import quote

report, command = sys.argv[1], sys.argv[2:]

# Nobody waits longer for an explanation. What ends with the first program is all that it started, since it runs in a container.
SECONDS = 60

# Variables with a secret, as those that uv and Poetry read logins from.
SECRET = re.compile(r"USERNAME$|PASSWORD|TOKEN|SECRET|_KEY$|CREDENTIAL")

# What is shorter is a part of other words.
LENGTH = 4

# A password with characters that a URL has to escape, and which it does not, may have a slash and an @ in it.
LOGIN = re.compile(r"://(?=[^/\s]*@|[^/\s:@]*:(?!\d*(?:[/\s]|$))\S*@)\S*@")


def without_logins(text):
    values = {value.rstrip("\r\n") for name, value in os.environ.items() if SECRET.search(name.upper())}
    for value in sorted(values - {"__token__"}, key=len, reverse=True):
        if len(value) >= LENGTH:
            text = text.replace(value, "****").replace(quote(value, safe=""), "****")
    return LOGIN.sub("://", text)


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
    file.write(f"{code}\n" + without_logins(text))
