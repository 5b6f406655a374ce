"""Runs an installer with the logins of secrets, and says with its exit code which index refused it.

Arguments: for each index `PREFIX=URL`, of which the variables PREFIX_USERNAME and PREFIX_PASSWORD are the login; `--`; the
installer. The exit code is the installer's, or 64 + 4 * N for the index with the number N, and 2 more when it answered 403
instead of 401, and 1 more when a login was given.
"""

import os
import re
import subprocess
import sys
import tempfile

end = sys.argv.index("--")
indices, installer = sys.argv[1:end], sys.argv[end + 1 :]

# As uv and pip say it, without white space.
STATUS = r"(40[13])(?:Unauthorized|Forbidden|Error|ClientError|while)"


def refused(text, beginning):
    """The status that the text has beside a URL with this beginning."""
    scheme, _, rest = beginning.partition("://")
    url = scheme + "://(?:[^/@]*@)?" + re.escape(rest.rpartition("@")[2]) + r"(?![\w-])"
    after = re.search(url + "(?:(?!https?://).){0,400}?" + STATUS, text)
    before = re.search(STATUS + "(?:(?!https?://).){0,80}" + url, text)
    found = after or before
    return found and found[1]


def judge(text):
    """The exit code for what the installer said, or nothing."""
    # A line that is too long is broken, and has a line of a box before its rest.
    text = re.sub(r"[\s│]+", "", text)
    known = [(number, *index.split("=", 1)) for number, index in enumerate(indices)]
    known = [(number, prefix, url.rstrip("/")) for number, prefix, url in known]
    known.sort(key=lambda index: -len(index[2]))
    # Files may have another place than the pages that name them.
    hosts = [(number, prefix, "/".join(url.split("/")[:3])) for number, prefix, url in known]
    of_one = [one for one in hosts if sum(one[2] == other[2] for other in hosts) == 1]
    for number, prefix, url in known + of_one:
        status = refused(text, url)
        if status:
            # A secret that may be missing, and is, is an empty variable.
            has_login = any(os.environ.get(prefix + half) for half in ("_USERNAME", "_PASSWORD"))
            return 64 + 4 * number + 2 * (status == "403") + has_login
    return None


def without_line_end(value):
    """A file with a secret in it usually ends its line, and a login does not."""
    return re.sub(r"\r?\n\Z", "", value)


def run(log):
    """Runs the installer, whose words go on, and gives its exit code and all that it said; pip says the rest in its log."""
    said = []
    logins = {name: value for name, value in os.environ.items() if re.fullmatch("UV_INDEX_.*_(USERNAME|PASSWORD)", name)}
    logins = {name: without_line_end(value) for name, value in logins.items()}
    environment = {**os.environ, **logins, "PIP_LOG": log}
    with subprocess.Popen(installer, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment) as running:
        for line in running.stdout:
            sys.stdout.buffer.write(line)
            sys.stdout.buffer.flush()
            said.append(line)
    if os.path.exists(log):
        with open(log, "rb") as file:
            said.append(file.read())
    return running.returncode, b"".join(said).decode(errors="replace")


with tempfile.TemporaryDirectory() as folder:
    code, said = run(os.path.join(folder, "log"))
if code > 0:
    code = judge(said) or code
# The shell's way to say that a signal ended it.
sys.exit(128 - code if code < 0 else code)
