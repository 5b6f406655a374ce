"""Writes logins that stand in variables into a netrc, and runs a program with it.

Arguments: the netrc to write; for each login `PREFIX=HOST`, of the variables PREFIX_USERNAME and PREFIX_PASSWORD; `--`; the program.
"""

import os
import re
import sys

end = sys.argv.index("--")
output, logins, program = sys.argv[1], sys.argv[2:end], sys.argv[end + 1 :]


def token(text):
    """As netrc has it: in quotes if a reader would take it for something else. Readers before Python 3.11 know no quotes."""
    if sys.version_info < (3, 11):
        if not re.fullmatch(r"\S+", text):
            # They would take the whole file for broken, and send no login at all.
            sys.exit("a user or a password is empty or has white space in it: pip reads that with Python 3.11 or newer only, uv with any")
        return text
    if re.fullmatch(r'[^\s"\\#][^\s\\]*', text):
        return text
    return '"' + re.sub(r'(["\\])', r"\\\1", text) + '"'


lines = []
for login in logins:
    prefix, host = login.split("=", 1)
    user = os.environ.get(prefix + "_USERNAME", "")
    password = os.environ.get(prefix + "_PASSWORD", "")
    # A secret that may be missing, and is, is an empty variable.
    if user or password:
        lines.append(f"machine {host} login {token(user)} password {token(password)}\n")
own = os.environ.get("NETRC")
if own and os.path.exists(own):
    with open(own, encoding="utf-8") as file:
        lines.append(file.read())
with open(output, "w", encoding="utf-8") as file:
    file.writelines(lines)
os.chmod(output, 0o600)
os.environ["NETRC"] = output
os.execvp(program[0], program)
