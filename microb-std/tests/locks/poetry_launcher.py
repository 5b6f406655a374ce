"""Poetry, for machines whose mirror of PyPI has no `/pypi/NAME/VERSION/json`: its answers are made from the simple index.

What Poetry asks PyPI for are a release's files and the requirements in its metadata. Both stand in the index and in
the wheels as well, so the lock is the same.
"""

import email
import io
import json
import re
import sys
import urllib.request
import zipfile

from poetry.console.application import main
from poetry.repositories.pypi_repository import PyPiRepository

ORIGINAL = PyPiRepository._get
PAGES = {}
RELEASES = {}


def files_of(name, version):
    from packaging.utils import parse_sdist_filename, parse_wheel_filename

    if name not in PAGES:
        request = urllib.request.Request(
            f"https://pypi.org/simple/{name}/", headers={"Accept": "application/vnd.pypi.simple.v1+json"}
        )
        with urllib.request.urlopen(request) as answer:
            PAGES[name] = json.load(answer)["files"]
    for file in PAGES[name]:
        try:
            if file["filename"].endswith(".whl"):
                found = parse_wheel_filename(file["filename"])[1]
            else:
                found = parse_sdist_filename(file["filename"])[1]
        except ValueError:
            continue
        if str(found) == version:
            yield file


def release(name, version):
    files = list(files_of(name, version))
    wheels = [file for file in files if file["filename"].endswith(".whl")]
    metadata = email.message_from_string("")
    if wheels:
        smallest = min(wheels, key=lambda file: file.get("size") or 0)
        with urllib.request.urlopen(smallest["url"]) as answer:
            archive = zipfile.ZipFile(io.BytesIO(answer.read()))
        path = next(path for path in archive.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", path))
        metadata = email.message_from_bytes(archive.read(path))
    return {
        "info": {
            "name": str(metadata["Name"] or name),
            "version": version,
            "summary": str(metadata["Summary"] or ""),
            "platform": None,
            "requires_dist": [str(one) for one in metadata.get_all("Requires-Dist") or []] if wheels else None,
            "requires_python": metadata["Requires-Python"] and str(metadata["Requires-Python"]),
            "yanked": False,
        },
        "urls": [
            {
                "filename": file["filename"],
                "url": file["url"],
                "packagetype": "bdist_wheel" if file["filename"].endswith(".whl") else "sdist",
                "digests": {"sha256": file["hashes"]["sha256"]},
                "size": file.get("size"),
                "upload_time_iso_8601": file.get("upload-time"),
                "yanked": False,
            }
            for file in files
        ],
    }


def get(self, endpoint, *args, **named):
    match = re.fullmatch(r"pypi/([^/]+)/([^/]+)/json", endpoint)
    if not match:
        return ORIGINAL(self, endpoint, *args, **named)
    if endpoint not in RELEASES:
        RELEASES[endpoint] = release(*match.groups())
    return RELEASES[endpoint]


PyPiRepository._get = get
sys.exit(main())
